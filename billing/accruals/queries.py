"""Reads of unbilled amounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext

from billing.accruals.models import Unbilled
from billing.runs import reasons
from kernel import sentences
from tenants.customers import queries as customer_queries


@dataclass(frozen=True, slots=True)
class Total:
    """All unbilled amounts of a company in one currency."""

    currency: str
    accounts: int
    refused: int
    net: Decimal
    gross: Decimal
    income: Decimal
    energy_wh: int
    estimated: Decimal


def unbilled() -> QuerySet[Unbilled]:
    """This will list the unbilled amounts with their accounts and customers, the largest first."""
    return Unbilled.objects.select_related("account__customer").order_by("-gross", "account_id")


def unbilled_of(*, account_ids: Collection[int]) -> dict[int, Unbilled]:
    """This will return the unbilled amount of each account that has been looked at."""
    return {row.account_id: row for row in Unbilled.objects.filter(account_id__in=account_ids)}


def totals() -> list[Total]:
    """This will sum the unbilled amounts by currency; ``estimated`` is the part that readings do not cover yet."""
    rows = (
        Unbilled.objects.values("currency")
        .annotate(
            accounts=Count("account_id", filter=~Q(state=Unbilled.State.NOTHING)),
            refused=Count("account_id", filter=Q(state=Unbilled.State.REFUSED)),
            sum_net=Sum("net"),
            sum_gross=Sum("gross"),
            sum_income=Sum("income"),
            sum_energy=Sum("energy_wh"),
            sum_estimated=Sum(F("gross") - F("rated")),
        )
        .order_by("currency")
    )
    return [
        Total(
            currency=row["currency"],
            accounts=row["accounts"],
            refused=row["refused"],
            net=row["sum_net"],
            gross=row["sum_gross"],
            income=row["sum_income"],
            energy_wh=row["sum_energy"],
            estimated=row["sum_estimated"],
        )
        for row in rows
    ]


def refusal_sentence(*, row: Unbilled) -> str:
    """This will say in the present language why an account could not be rated; nothing when it was."""
    template = reasons.template_of(row.reason, row.reason_params)
    return sentences.fill(gettext(template), reasons.Text(row.reason_params)) if template else ""


def stale_accounts(*, until: dt.date, after: int, limit: int) -> list[int]:
    """This will list accounts, by key, from the one after ``after``, that were not looked at up to ``until`` yet."""
    done = Unbilled.objects.filter(until__gte=until).values("account_id")
    found: QuerySet[Any] = customer_queries.accounts(open_on=until).exclude(pk__in=done).filter(pk__gt=after)
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])
