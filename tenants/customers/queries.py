"""Reads of customers, accounts, supply points and who occupies them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.customers.models import Account, Customer, CustomerLogin, Occupancy, SupplyPoint

CUSTOMER, ACCOUNT, SUPPLY_POINT = gettext_noop("customer"), gettext_noop("account"), gettext_noop("supply point")

CONTACTS = ("billing_address", "customer__name", "customer__email", "customer__phone")
"""What an account and its customer keep sealed: deferred by work on many accounts that shows nobody."""


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """An account with everything it answers for, the latest occupancy first."""

    account: Account
    occupancies: list[Occupancy]


@dataclass(frozen=True, slots=True)
class CustomerDetail:
    """A customer with the accounts and their supply points."""

    customer: Customer
    accounts: list[AccountDetail]
    sign_ins: list[CustomerLogin]


def customers(*, search: str = "", kind: str = "", segment: str = "") -> QuerySet[Customer]:
    """This will list customers with ``account_count``; ``search`` meets what a clerk knows: numbers, parts of name,
    mail and telephone, supply points."""
    found = Customer.objects.annotate(account_count=Count("accounts", distinct=True)).order_by("number")
    if kind:
        found = found.filter(kind=kind)
    if segment:
        found = found.filter(segment=segment)
    return found.filter(pk__in=_customers_matching(search.strip())) if search.strip() else found


def segments() -> list[str]:
    """This will list the segments in use."""
    return list(Customer.objects.exclude(segment="").order_by("segment").values_list("segment", flat=True).distinct())


def customer(*, number: str) -> Customer:
    """This will return the customer with ``number``; raises NotFound."""
    found = Customer.objects.filter(number=number).first()
    if found is None:
        raise NotFound(what=CUSTOMER, name=number)
    return found


def customer_by_id(*, customer_id: int) -> Customer:
    """This will return the customer with that key; raises NotFound."""
    found = Customer.objects.filter(pk=customer_id).first()
    if found is None:
        raise NotFound(what=CUSTOMER, name=customer_id)
    return found


def customer_detail(*, number: str) -> CustomerDetail:
    """This will return a customer with accounts, supply points and sign-in addresses in four queries."""
    found = customer(number=number)
    accounts = list(found.accounts.order_by("number"))
    for each in accounts:
        each.customer = found
    held = _occupancies_by_account(accounts)
    details = [AccountDetail(account=each, occupancies=held.get(each.pk, [])) for each in accounts]
    return CustomerDetail(customer=found, accounts=details, sign_ins=logins_of_customer(customer=found))


def customer_of_user(*, user: Any) -> Customer:
    """This will return the customer a signed-in person acts for; raises NotFound for staff and strangers."""
    login = CustomerLogin.objects.select_related("customer").filter(user_id=user.pk).first()
    if login is None:
        raise NotFound(what=CUSTOMER, name=str(user))
    return login.customer


def customers_known_by(*, number: str, on: dt.date) -> list[Customer]:
    """This will return whom a number stands for: the account's, the customer's, or of a supply point held on a day."""
    if not number:
        return []
    held = Occupancy.objects.filter(supply_point__identifier=number, period__contains=on).values("account__customer_id")
    meant = Q(number=number) | Q(accounts__number=number) | Q(pk__in=held)
    return list(Customer.objects.filter(meant).distinct().order_by("number"))


def logins_of_customer(*, customer: Customer) -> list[CustomerLogin]:
    """This will list who signs in for a customer, with the persons, by address."""
    found = CustomerLogin.objects.select_related("user").filter(customer=customer)
    return list(found.order_by("user__email"))


def accounts(*, search: str = "", open_on: dt.date | None = None) -> QuerySet[Account]:
    """This will list accounts with their customers; ``search`` meets numbers, names and supply points."""
    found = Account.objects.select_related("customer").order_by("number")
    if open_on is not None:
        found = found.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=open_on), opened_on__lte=open_on)
    return found.filter(pk__in=_accounts_matching(search.strip())) if search.strip() else found


def account(*, number: str) -> Account:
    """This will return the account with ``number`` and its customer; raises NotFound."""
    found = Account.objects.select_related("customer").filter(number=number).first()
    if found is None:
        raise NotFound(what=ACCOUNT, name=number)
    return found


def account_by_id(*, account_id: int) -> Account:
    """This will return the account with that key and its customer; raises NotFound."""
    found = Account.objects.select_related("customer").filter(pk=account_id).first()
    if found is None:
        raise NotFound(what=ACCOUNT, name=str(account_id))
    return found


def account_detail(*, number: str) -> AccountDetail:
    """This will return an account with its occupancies, the latest first; raises NotFound."""
    found = account(number=number)
    return AccountDetail(account=found, occupancies=_occupancies_by_account([found]).get(found.pk, []))


def accounts_of_customer(*, customer: Customer) -> QuerySet[Account]:
    """This will list the accounts of one customer."""
    return customer.accounts.select_related("customer").order_by("number")


def account_of_customer(*, customer: Customer, number: str) -> Account:
    """This will return the customer's own account with ``number``; another's is NotFound like one that is not."""
    found = accounts_of_customer(customer=customer).filter(number=number).first()
    if found is None:
        raise NotFound(what=ACCOUNT, name=number)
    return found


def supply_points(*, search: str = "") -> QuerySet[SupplyPoint]:
    """This will list supply points with their premises; ``search`` meets identifier and address."""
    found = SupplyPoint.objects.select_related("premises").order_by("identifier")
    return found.filter(pk__in=_points_matching(search.strip())) if search.strip() else found


def supply_point_by_identifier(*, identifier: str) -> SupplyPoint:
    """This will return the supply point with its premises; raises NotFound."""
    found = SupplyPoint.objects.select_related("premises").filter(identifier=identifier).first()
    if found is None:
        raise NotFound(what=SUPPLY_POINT, name=identifier)
    return found


def supply_points_by_identifier(*, identifiers: Iterable[str]) -> dict[str, SupplyPoint]:
    """This will return those that exist, by identifier, in one query."""
    found = SupplyPoint.objects.select_related("premises").filter(identifier__in=set(identifiers))
    return {each.identifier: each for each in found}


def supply_points_of_account(*, account: Account, on: dt.date) -> list[SupplyPoint]:
    """This will return what the account answers for on that day, in order of identifier."""
    return list(
        SupplyPoint.objects.select_related("premises")
        .filter(occupancies__account=account, occupancies__period__contains=on)
        .order_by("identifier")
    )


def supply_point_of_customer(*, customer: Customer, identifier: str) -> SupplyPoint:
    """This will return a supply point the customer holds or has held; another's is NotFound."""
    found = (
        SupplyPoint.objects.select_related("premises")
        .filter(identifier=identifier, occupancies__account__customer=customer)
        .first()
    )
    if found is None:
        raise NotFound(what=SUPPLY_POINT, name=identifier)
    return found


def occupancies_of_customer(*, customer: Customer) -> list[Occupancy]:
    """This will return all occupancies of the customer with supply point, premises and account, the latest first."""
    return list(_with_places(Occupancy.objects.filter(account__customer=customer)).order_by("-period", "supply_point"))


def zones_of(*, supply_point_ids: Collection[int]) -> dict[int, str]:
    """This will return the time zone of each supply point, in one query."""
    found = SupplyPoint.objects.filter(pk__in=supply_point_ids)
    return dict(found.values_list("pk", "premises__time_zone"))


def occupancies_in(*, period: Period, account_ids: Collection[int] | None = None) -> list[Occupancy]:
    """This will return the occupancies that touch ``period``, with supply points and premises, by account."""
    found = Occupancy.objects.filter(period__overlap=date_ranges.of_period(period))
    if account_ids is not None:
        found = found.filter(account_id__in=account_ids)
    placed = found.select_related("supply_point__premises")
    return list(placed.order_by("account_id", "supply_point__identifier", "period"))


def occupancy_ends(*, period: Period, account_ids: Collection[int]) -> list[tuple[int, dt.date | None]]:
    """This will return, for each occupancy of the accounts that touches ``period``, the account and its end if any."""
    found = Occupancy.objects.filter(period__overlap=date_ranges.of_period(period), account_id__in=account_ids)
    return [(account_id, held.upper) for account_id, held in found.values_list("account_id", "period")]


def accounts_occupied_in(*, period: Period) -> QuerySet[Account]:
    """This will list the accounts that answer for a supply point on some day of ``period``."""
    held = Occupancy.objects.filter(period__overlap=date_ranges.of_period(period)).values("account_id")
    return Account.objects.filter(pk__in=held).order_by("pk")


def supplied_days(
    *, period: Period, kind: str = "", segment: str = "", region: str = ""
) -> list[tuple[int, dt.date, dt.date | None]]:
    """This will list the days of ``period`` on which supply points are held by customers of a kind and segment.

    Rows of (supply point id, first day, day after the last or None), only those in ``region`` where one is named.
    """
    found = Occupancy.objects.filter(period__overlap=date_ranges.of_period(period))
    wanted = {"account__customer__kind": kind, "account__customer__segment": segment}
    wanted["supply_point__premises__region"] = region
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    return [(point, held.lower, held.upper) for point, held in found.values_list("supply_point_id", "period")]


def _with_places(found: QuerySet[Occupancy]) -> QuerySet[Occupancy]:
    return found.select_related("account", "supply_point__premises")


def _occupancies_by_account(accounts: list[Account]) -> dict[int, list[Occupancy]]:
    grouped: dict[int, list[Occupancy]] = {}
    found = _with_places(Occupancy.objects.filter(account__in=accounts)).order_by("-period", "supply_point")
    for each in found:
        grouped.setdefault(each.account_id, []).append(each)
    return grouped


def _customers_matching(words: str) -> QuerySet[Any]:
    """The keys of customers that what was typed meets: one search along an index for each thing it may be."""
    people = Customer.objects.order_by()
    return (
        people.filter(number__istartswith=words)
        .values("pk")
        .union(
            people.filter(Q(name__holds=words) | Q(email__holds=words) | Q(phone__holds=words)).values("pk"),
            Account.objects.order_by().filter(number__istartswith=words).values("customer_id"),
            _held(words).values("account__customer_id"),
        )
    )


def _accounts_matching(words: str) -> QuerySet[Any]:
    found = Account.objects.order_by()
    return (
        found.filter(number__istartswith=words)
        .values("pk")
        .union(
            found.filter(customer__number__istartswith=words).values("pk"),
            found.filter(customer__name__holds=words).values("pk"),
            _held(words).values("account_id"),
        )
    )


def _points_matching(words: str) -> QuerySet[Any]:
    found = SupplyPoint.objects.order_by()
    return (
        found.filter(identifier__istartswith=words)
        .values("pk")
        .union(found.filter(premises__address__holds=words).values("pk"))
    )


def _held(words: str) -> QuerySet[Occupancy]:
    return Occupancy.objects.order_by().filter(supply_point__identifier__istartswith=words)
