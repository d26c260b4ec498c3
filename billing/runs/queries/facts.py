"""Reads of the dated facts of accounts."""

from __future__ import annotations

from django.db.models import QuerySet

from billing.runs.models import AccountFact


def fact_rows(*, account_id: int | None = None) -> QuerySet[AccountFact]:
    """This will list what is stated of accounts, with account and supply point, the latest first."""
    found = AccountFact.objects.select_related("account", "supply_point").order_by("account__number", "name", "-period")
    return found if account_id is None else found.filter(account_id=account_id)
