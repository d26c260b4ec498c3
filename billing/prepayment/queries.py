"""Reads of prepaid accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Q, QuerySet

from billing.payments import queries as payment_queries
from billing.prepayment import positions
from billing.prepayment.models import PrepaidAccount, PrepaymentEvent, State
from billing.prepayment.positions import Position
from markets import packs
from tenancy import context

ONE_MINUTE = dt.timedelta(minutes=1)


def prepaid_accounts(*, state: str = "", search: str = "") -> QuerySet[PrepaidAccount]:
    """This will list the accounts that pay or paid ahead, those with the least left first."""
    found = PrepaidAccount.objects.select_related("account__customer").order_by("available", "account_id")
    found = found.filter(state=state) if state else found.exclude(state=State.ENDED)
    if search:
        found = found.filter(Q(account__number__istartswith=search) | Q(account__customer__name__holds=search))
    return found


def prepaid(*, account_id: int) -> PrepaidAccount | None:
    """This will return the account where it pays ahead, or None."""
    return prepaid_accounts().filter(account_id=account_id).first()


def prepaid_of(*, account_id: int) -> PrepaidAccount | None:
    """This will return the account where it pays ahead or once did, or None."""
    return PrepaidAccount.objects.select_related("account__customer").filter(pk=account_id).first()


def events(*, account_id: int) -> QuerySet[PrepaymentEvent]:
    """This will list what happened to a prepaid account, the latest first."""
    return PrepaymentEvent.objects.filter(prepaid=account_id).order_by("-id")


def position(*, row: PrepaidAccount) -> Position:
    """This will return how the account stood at its last assessment; waiting charges count as used there."""
    return Position(row.credit, row.credit_limit, row.estimated_use, Decimal(0), row.daily_use)


def rules() -> positions.Rules:
    """This will return what the company's market says about paying ahead."""
    return positions.rules_of(packs.pack(context.current_retailer().market).policies["prepayment"])


def to_assess(*, today: dt.datetime, after: int, limit: int) -> list[int]:
    """This will list accounts that were not assessed since ``today``, by key, those after ``after``."""
    found = PrepaidAccount.objects.exclude(state=State.ENDED).filter(pk__gt=after)
    found = found.filter(Q(assessed_at__isnull=True) | Q(assessed_at__lt=today))
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


def paid_since_assessed(*, at: dt.datetime, within: dt.timedelta) -> list[int]:
    """This will list prepaid accounts with a payment or reversal recorded ``within`` a while, assessed before it."""
    changed = payment_queries.accounts_changed_since(since=at - within)
    return _older_than(changed, at - ONE_MINUTE)


def _older_than(account_ids: Sequence[int], moment: dt.datetime) -> list[int]:
    found = PrepaidAccount.objects.exclude(state=State.ENDED).filter(pk__in=account_ids)
    return list(found.filter(Q(assessed_at__isnull=True) | Q(assessed_at__lt=moment)).values_list("pk", flat=True))
