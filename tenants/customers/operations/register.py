"""Customers, their accounts and the supply points of the retailer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from hosting import plans
from kernel import masking
from kernel.errors import Conflict, NotFound, gettext_noop
from tenants.customers import refusals, values
from tenants.customers.models import Account, Customer, CustomerLogin, Occupancy, Premises, SupplyPoint


class NumberTaken(Conflict):
    """Another one already bears this number."""

    code = "number_taken"
    template = gettext_noop("The number “{number}” is already in use.")


class ShownMasked(Conflict):
    """Who sees only a masked text would write the mask over it."""

    code = "shown_masked"
    template = gettext_noop("You see this masked, so you cannot change it: that takes the right customers:personal.")


class AlreadySignedUp(Conflict):
    """A person signs in for one customer only."""

    code = "already_signed_up"
    template = gettext_noop("This person already signs in for a customer.")


class StillOccupied(Conflict):
    """An account is closed only when it answers for nothing any more."""

    code = "still_occupied"
    template = gettext_noop("The account {number} still answers for a supply point on {date}; move out first.")


def create_customer(
    *,
    number: str,
    name: str,
    kind: str = "household",
    segment: str = "",
    email: str = "",
    phone: str = "",
    language: str = "",
) -> Customer:
    """This will add a customer; e-mail and telephone may be left empty. Raises Invalid or NumberTaken."""
    customer = Customer(
        number=values.number(number, where="number"),
        name=values.required(name, where="name"),
        kind=values.kind(kind, where="kind"),
        segment=segment.strip(),
        email=values.email(email, where="email"),
        phone=values.phone(phone, where="phone"),
        language=language,
    )
    with refusals.named({"customers_customer_number_unique": NumberTaken(number=number, where="number")}):
        customer.save()
    return customer


def update_customer(
    *,
    number: str,
    name: str | None = None,
    kind: str | None = None,
    segment: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    language: str | None = None,
) -> Customer:
    """This will change what is given and leave the rest; raises NotFound or Invalid."""
    given = {
        "name": None if name is None else values.required(name, where="name"),
        "kind": None if kind is None else values.kind(kind, where="kind"),
        "segment": segment,
        "email": None if email is None else values.email(email, where="email"),
        "phone": None if phone is None else values.phone(phone, where="phone"),
        "language": language,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    hidden = {"name", "email", "phone"} & set(changes)
    if hidden and masking.is_on():
        raise ShownMasked(where=min(hidden))
    with transaction.atomic():
        customer = _locked_customer(number)
        for field, value in changes.items():
            setattr(customer, field, value)
        customer.save(update_fields=list(changes) or None)
    return customer


def link_sign_in(*, customer: Customer, user: Any) -> CustomerLogin:
    """This will let ``user`` sign in for ``customer``; again is the same. Raises AlreadySignedUp for another one."""
    login, created = CustomerLogin.objects.get_or_create(user=user, defaults={"customer": customer})
    if not created and login.customer_id != customer.pk:
        raise AlreadySignedUp(where="user")
    return login


def open_account(
    *, customer: Customer, number: str, currency: str, opened_on: dt.date, billing_address: str = ""
) -> Account:
    """This will open a billing account; raises Invalid or NumberTaken."""
    account = Account(
        customer=customer,
        number=values.number(number, where="number"),
        currency=currency,
        opened_on=opened_on,
        billing_address=billing_address,
    )
    with refusals.named({"customers_account_number_unique": NumberTaken(number=number, where="number")}):
        account.save()
    return account


@transaction.atomic
def update_account(*, number: str, billing_address: str) -> Account:
    """This will change where an account's bills go; raises NotFound, or ShownMasked where the caller sees a mask."""
    if masking.is_on():
        raise ShownMasked(where="billing_address")
    account = Account.objects.select_for_update().filter(number=number).first()
    if account is None:
        raise NotFound(what=gettext_noop("account"), name=number)
    account.billing_address = billing_address.strip()
    account.save(update_fields=["billing_address"])
    return account


@transaction.atomic
def close_account(*, account: Account, on: dt.date) -> Account:
    """This will close an account from ``on``; raises StillOccupied while it answers for a supply point."""
    account = Account.objects.select_for_update().get(pk=account.pk)
    if Occupancy.objects.filter(account=account, period__contains=on).exists():
        raise StillOccupied(number=account.number, date=on.isoformat(), where="on")
    account.closed_on = on
    account.save(update_fields=["closed_on"])
    return account


def add_supply_point(
    *,
    identifier: str,
    address: str,
    time_zone: str,
    region: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> SupplyPoint:
    """This will add a supply point at new premises; raises Invalid, NumberTaken or SupplyPointLimit."""
    plans.require_room("supply_points", in_use=SupplyPoint.objects.count)
    premises = Premises(
        address=values.required(address, where="address"),
        region=region,
        time_zone=values.time_zone(time_zone, where="time_zone"),
    )
    supply_point = SupplyPoint(
        identifier=values.number(identifier, where="identifier"), premises=premises, attributes=dict(attributes or {})
    )
    taken = NumberTaken(number=identifier, where="identifier")
    with refusals.named({"customers_supplypoint_identifier_unique": taken}):
        premises.save()
        supply_point.premises = premises
        supply_point.save()
    return supply_point


@transaction.atomic
def update_supply_point(*, supply_point: SupplyPoint, attributes: Mapping[str, Any]) -> SupplyPoint:
    """This will set the named attributes and keep the others."""
    supply_point = SupplyPoint.objects.select_for_update().get(pk=supply_point.pk)
    supply_point.attributes = {**supply_point.attributes, **attributes}
    supply_point.save(update_fields=["attributes"])
    return supply_point


def _locked_customer(number: str) -> Customer:
    found = Customer.objects.select_for_update().filter(number=number).first()
    if found is None:
        raise NotFound(what=gettext_noop("customer"), name=number)
    return found
