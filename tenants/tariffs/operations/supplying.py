"""At the counter: a customer, an account, a place and a product at once; moving in and out; another product.

Each is one transaction: refused, it leaves nothing. Refusals name the field in ``where`` as the arguments are called.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from kernel.errors import Conflict, GridhallError, gettext_noop
from tenants.customers import date_ranges, values
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.customers.models import Account, Occupancy, SupplyPoint
from tenants.customers.operations import register
from tenants.tariffs import in_force, queries
from tenants.tariffs.models import Agreement
from tenants.tariffs.operations import agreeing


class NobodyThere(Conflict):
    """A product is agreed with whoever answers for the supply point."""

    code = "nobody_there"
    template = gettext_noop("Nobody answers for {identifier} on {date}; move somebody in first.")


class SameTerms(Conflict):
    """A change that changes nothing."""

    code = "same_terms"
    template = gettext_noop("{identifier} has this product with these parameters on {date} already.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody moves in: a supply point that stands (``address`` is None), or a new one."""

    identifier: str
    address: str | None = None
    region: str = ""
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """What is agreed: the code of a product and its parameters; without a code nothing is."""

    code: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def faults(*, customer: Mapping[str, str], account_number: str = "", place: Place | None = None) -> list[GridhallError]:
    """This will return all that is malformed or taken of a new customer, each with its field, asking nobody twice.

    The database's constraints stay the judge: what another clerk enters meanwhile is refused by them.
    """
    found: list[GridhallError] = []
    checks = [
        (values.number, customer.get("number", ""), "number"),
        (values.required, customer.get("name", ""), "name"),
        (values.email, customer.get("email", ""), "email"),
        (values.phone, customer.get("phone", ""), "phone"),
    ]
    checks += [(values.number, account_number, "account_number")] if account_number else []
    if place is not None:
        checks.append((values.number, place.identifier, "identifier"))
        if place.address is not None:
            checks += [(values.required, place.address, "address"), (values.time_zone, place.time_zone, "time_zone")]
    for check, value, where in checks:
        try:
            check(value, where=where)
        except GridhallError as refusal:
            found.append(refusal)
    return found + _taken({each.where for each in found}, customer, account_number, place)


@transaction.atomic
def enter(
    *,
    customer: Mapping[str, str],
    currency: str,
    account_number: str,
    on: dt.date,
    billing_address: str = "",
    place: Place | None = None,
    product: Product | None = None,
) -> Account:
    """This will add a customer with an account opened ``on`` that day and, with ``place``, move it in and agree.

    ``customer`` as ``create_customer`` takes it. Bills go to the supply address where no other is given. Raises what
    ``create_customer``, ``open_account`` (its number as ``account_number``) and ``supply`` raise.
    """
    made = customer_operations.create_customer(**customer)
    address = billing_address.strip() or (place.address or "" if place else "")
    with _named(number="account_number"):
        account = customer_operations.open_account(
            customer=made, number=account_number, currency=currency, opened_on=on, billing_address=address
        )
    if place is not None:
        supply(account=account, place=place, on=on, product=product)
    return account


@transaction.atomic
def supply(
    *, account: Account, place: Place, on: dt.date, until: dt.date | None = None, product: Product | None = None
) -> Occupancy:
    """This will move an account in at a place ``on`` a day, and agree the product from then on.

    Raises NotFound or NumberTaken (``identifier``), Occupied (``on``), AccountClosed (``account``), SupplyPointLimit,
    and of the product what ``agree`` raises, at ``product`` or ``parameters``.
    """
    point = _point(place)
    occupancy = customer_operations.move_in(account=account, supply_point=point, on=on, until=until)
    _trim(point, on)
    if product is not None and product.code:
        _agree(account, point, product, on, until)
    return occupancy


@transaction.atomic
def move_out(*, supply_point: SupplyPoint, on: dt.date) -> Occupancy:
    """This will end who answers for a supply point ``on`` the first day without, and what was agreed beyond it.

    An agreement that was to begin later never does. Raises NotOccupied.
    """
    occupancy = customer_operations.move_out(supply_point=supply_point, on=on)
    _trim(supply_point, on)
    return occupancy


@transaction.atomic
def change_product(*, supply_point: SupplyPoint, product: Product, on: dt.date) -> Agreement:
    """This will agree another product, or other parameters, from a day on, for as long as the present one was to run.

    An agreement that begins that very day is replaced. Raises NobodyThere, SameTerms, and what ``agree`` raises, at
    ``product`` or ``parameters``.
    """
    holding = list(Occupancy.objects.select_for_update(of=("self",)).select_related("account").filter(
        supply_point=supply_point, period__contains=on
    ))  # fmt: skip
    if not holding:
        raise NobodyThere(identifier=supply_point.identifier, date=on.isoformat(), where="on")
    agreed = list(Agreement.objects.select_for_update().filter(supply_point=supply_point).order_by("period"))
    present = next((each for each in agreed if _holds(each.period, on)), None)
    ends = [holding[0].period.upper, present.period.upper if present else None]
    ends += [each.period.lower for each in agreed if each.period.lower > on][:1]
    before = (present.product_id, present.parameters) if present else None
    if present is not None:
        _end(present, on)
    made = _agree(holding[0].account, supply_point, product, on, min(filter(None, ends), default=None))
    if before == (made.product_id, made.parameters):
        raise SameTerms(identifier=supply_point.identifier, date=on.isoformat(), where="product")
    return made


def _agree(account: Account, point: SupplyPoint, product: Product, on: dt.date, until: dt.date | None) -> Agreement:
    with _named(code="product"):
        found = queries.product(code=product.code)
    given = dict(product.parameters)
    try:
        return agreeing.agree(account=account, supply_point=point, product=found, start=on, end=until, parameters=given)
    except (in_force.NoVersionInForce, agreeing.CurrencyDiffers) as refusal:
        refusal.where = "product"
        raise
    except agreeing.AgreedAlready as refusal:
        refusal.where = "on"
        raise
    except agreeing.NotTheOccupant:
        raise
    except GridhallError as refusal:
        refusal.where = "parameters"
        raise


def _point(place: Place) -> SupplyPoint:
    if place.address is not None:
        return customer_operations.add_supply_point(
            identifier=place.identifier, address=place.address, region=place.region, time_zone=place.time_zone
        )
    try:
        return customer_queries.supply_point_by_identifier(identifier=place.identifier.strip())
    except GridhallError as refusal:
        refusal.where = "identifier"
        raise


def _trim(point: SupplyPoint, on: dt.date) -> None:
    """End what was agreed where its account stopped answering; what would begin later than that goes."""
    held = list(Occupancy.objects.filter(supply_point=point))
    for agreement in Agreement.objects.select_for_update().filter(supply_point=point):
        first, end = agreement.period.lower, agreement.period.upper
        own = [each for each in held if each.account_id == agreement.account_id and _holds(each.period, first)]
        if not own and first >= on:
            agreement.delete()
        elif own and own[0].period.upper is not None and (end is None or end > own[0].period.upper):
            _end(agreement, own[0].period.upper)


def _end(agreement: Agreement, on: dt.date) -> None:
    """End an agreement; one that would have no day left goes."""
    if agreement.period.lower >= on:
        agreement.delete()
        return
    agreement.period = date_ranges.to_range(agreement.period.lower, on)
    agreement.save(update_fields=["period"])


def _holds(period: Any, day: dt.date) -> bool:
    return period.lower <= day and (period.upper is None or day < period.upper)


def _taken(
    wrong: set[Any], customer: Mapping[str, str], account_number: str, place: Place | None
) -> list[GridhallError]:
    """The numbers that another one bears, of those that are well formed."""
    lookups: list[tuple[str, str, Callable[..., Any], str]] = [
        ("number", customer.get("number", ""), customer_queries.customer, "number"),
        ("account_number", account_number, customer_queries.account, "number"),
    ]
    if place is not None and place.address is not None:
        lookups.append(("identifier", place.identifier, customer_queries.supply_point_by_identifier, "identifier"))
    return [
        register.NumberTaken(number=number.strip(), where=where)
        for where, number, lookup, name in lookups
        if number.strip() and where not in wrong and _stands(lookup, name, number.strip())
    ]


def _stands(lookup: Callable[..., Any], name: str, number: str) -> bool:
    try:
        lookup(**{name: number})
    except GridhallError:
        return False
    return True


@contextmanager
def _named(**fields: str) -> Iterator[None]:
    """Name the field of a refusal as the caller calls it."""
    try:
        yield
    except GridhallError as refusal:
        refusal.where = fields.get(str(refusal.where or ""), next(iter(fields.values())))
        raise
