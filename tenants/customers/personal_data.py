"""What the register holds of a person, and what of it goes when he is erased."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q

from kernel.errors import gettext_noop
from tenancy import subjects
from tenancy.subjects import Deed, Holding, Objection, Subject
from tenants.customers.models import (
    Account,
    Customer,
    CustomerLogin,
    Occupancy,
    PersonalAccess,
    Premises,
    SupplyPoint,
)

LAST = 90
"""The customer himself is blanked after all that hangs on him."""
OPEN_ACCOUNT = gettext_noop("The account {number} is open: close it first.")
STILL_THERE = gettext_noop("The account {number} answers for the supply point {point}: move out first.")


def subject_of(*, customer: Customer) -> Subject:
    """This will gather the keys under which the rooms find a customer's rows, and the words he is known by."""
    accounts = list(Account.objects.filter(customer=customer))
    logins = list(CustomerLogin.objects.select_related("user").filter(customer=customer))
    held = Occupancy.objects.filter(account__in=accounts)
    supply = [(point, period.lower, period.upper) for point, period in held.values_list("supply_point_id", "period")]
    emails = {str(customer.email), *(login.user.email for login in logins)} - {""}
    words = {str(customer.name), str(customer.phone), *emails, *(str(each.billing_address) for each in accounts)}
    return Subject(
        customer_id=customer.pk,
        number=customer.number,
        account_ids=tuple(each.pk for each in accounts),
        user_ids=tuple(login.user_id for login in logins),
        emails=tuple(sorted(emails)),
        words=tuple(sorted(words - {"", subjects.MARK})),
        supply=tuple(supply),
    )


def objections(subject: Subject, on: dt.date) -> Iterator[Objection]:
    """This will name accounts that are open and supply points that are still occupied."""
    for account in Account.objects.filter(pk__in=subject.account_ids).order_by("number"):
        if account.closed_on is None or account.closed_on > on:
            yield Objection("account_open", OPEN_ACCOUNT, {"number": account.number})
    there = Occupancy.objects.select_related("account", "supply_point").filter(account_id__in=subject.account_ids)
    for each in there.filter(Q(period__endswith__isnull=True) | Q(period__endswith__gt=on)):
        params = {"number": each.account.number, "point": each.supply_point.identifier}
        yield Objection("still_supplied", STILL_THERE, params)


def _customer(row: Any) -> Mapping[str, Any]:
    return {"name": subjects.MARK, "email": "", "phone": "", "segment": "", "language": ""}


def _points(subject: Subject) -> Any:
    return SupplyPoint.objects.filter(pk__in=[point for point, _, _ in subject.supply])


subjects.object_with("customers", objections)
subjects.hold_many(
    Holding(
        "customers_customerlogin", {"en": "Sign-in for the customer", "zh-hans": "客户登录关系"},
        lambda subject: CustomerLogin.objects.filter(customer_id=subject.customer_id), Deed.REMOVE,
    ),
    Holding(
        "customers_occupancy", {"en": "Supply points held", "zh-hans": "用电关系"},
        lambda subject: Occupancy.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE, place=LAST,
    ),
    Holding(
        "customers_personalaccess",
        {"en": "Who looked at personal fields", "zh-hans": "个人信息查看记录"},
        lambda subject: PersonalAccess.objects.filter(customers__contains=[subject.customer_id]),
        Deed.KEEP,
        why="audit",
        words=subjects.texts_marked("reason"),
        guarded=True,
    ),
    Holding(
        "customers_supplypoint", {"en": "Supply points", "zh-hans": "户号与用电点"}, _points, Deed.KEEP, why="place",
    ),
    Holding(
        "customers_premises", {"en": "Supply addresses", "zh-hans": "用电地址"},
        lambda subject: Premises.objects.filter(supply_points__in=_points(subject)).distinct(), Deed.KEEP, why="place",
        hidden=frozenset({"marks"}),
    ),
    Holding(
        "customers_account", {"en": "Accounts", "zh-hans": "账户"},
        lambda subject: Account.objects.filter(pk__in=subject.account_ids), Deed.BLANK,
        blank=lambda row: {"billing_address": ""}, place=LAST,
    ),
    Holding(
        "customers_customer", {"en": "Customer", "zh-hans": "客户资料"},
        lambda subject: Customer.objects.filter(pk=subject.customer_id), Deed.BLANK, blank=_customer, place=LAST + 1,
        hidden=frozenset({"marks"}),
    ),
)  # fmt: skip
