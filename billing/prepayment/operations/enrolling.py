"""Who pays ahead, since when, and on what terms."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from billing.payments import operations as payment_operations
from billing.prepayment import queries
from billing.prepayment.models import PrepaidAccount, PrepaymentEvent, State, What
from billing.prepayment.operations import assessing
from kernel.errors import Conflict, Invalid, gettext_noop
from kernel.money import Money
from tenants.customers import queries as customer_queries
from tenants.service import operations as service_operations
from tenants.service.kinds import OrderReason


class AlreadyPrepaid(Conflict):
    """The account pays ahead already."""

    code = "already_prepaid"
    template = gettext_noop("Account {account} pays ahead already.")


class NotPrepaid(Conflict):
    """The account does not pay ahead."""

    code = "not_prepaid"
    template = gettext_noop("Account {account} does not pay ahead.")


class LimitNegative(Invalid):
    """A credit limit tells how far below zero a balance may go."""

    code = "prepayment_limit_negative"
    template = gettext_noop("The credit limit is an amount of zero or more in {currency}.")


@transaction.atomic
def enrol(
    *,
    account_id: int,
    on: dt.date,
    at: dt.datetime,
    by: str = "",
    limit: Money | None = None,
    stops: bool | None = None,
) -> PrepaidAccount:
    """This will let an account pay ahead from ``on``; terms that are not given are the market's.

    Raises NotFound, AlreadyPrepaid or LimitNegative.
    """
    account = customer_queries.account_by_id(account_id=account_id)
    rules = queries.rules()
    row = PrepaidAccount.objects.select_for_update().filter(account_id=account_id).first()
    if row is not None and row.state != State.ENDED:
        raise AlreadyPrepaid(account=account.number)
    made = row or PrepaidAccount(account_id=account_id)
    made.since, made.until, made.state, made.currency = on, None, State.OK, account.currency
    made.credit_limit = rules.credit_limit if limit is None else _checked(limit, account.currency)
    made.stops = rules.stops if stops is None else stops
    made.warned_days, made.assessed_at = None, None
    made.save()
    _note(made, What.ENROLLED, at, by, {"credit_limit": f"{made.credit_limit:f}", "stops": made.stops})
    return made


@transaction.atomic
def change(*, account_id: int, limit: Money, stops: bool, at: dt.datetime, by: str = "") -> PrepaidAccount:
    """This will change how far the balance may fall and whether supply is stopped, and act on it at once.

    Stops that the new terms no longer ask for are taken back. Raises NotPrepaid or LimitNegative.
    """
    row = _locked(account_id)
    row.credit_limit, row.stops = _checked(limit, row.currency), stops
    row.save(update_fields=["credit_limit", "stops"])
    _note(row, What.CHANGED, at, by, {"credit_limit": f"{row.credit_limit:f}", "stops": stops})
    if not stops:
        service_operations.lift(account_id=account_id, reason=OrderReason.PREPAYMENT, at=at, since=at, by=by)
    if row.assessed_at is not None:
        assessing.assess(account_ids=[account_id], on=payment_operations.day_of(at), at=at)
    return _locked(account_id)


@transaction.atomic
def end(*, account_id: int, on: dt.date, at: dt.datetime, by: str = "") -> PrepaidAccount:
    """This will let the account pay afterwards again and resume what its balance stopped; raises NotPrepaid."""
    row = _locked(account_id)
    row.state, row.until = State.ENDED, max(on, row.since)
    row.save(update_fields=["state", "until"])
    service_operations.lift(account_id=account_id, reason=OrderReason.PREPAYMENT, at=at, since=at, by=by)
    _note(row, What.ENDED, at, by, {})
    return row


def _locked(account_id: int) -> PrepaidAccount:
    row = PrepaidAccount.objects.select_for_update().filter(account_id=account_id).exclude(state=State.ENDED).first()
    if row is None:
        raise NotPrepaid(account=customer_queries.account_by_id(account_id=account_id).number)
    return row


def _checked(limit: Money, currency: str) -> Any:
    if limit.amount < 0 or limit.currency != currency:
        raise LimitNegative(currency=currency, where="credit_limit")
    return limit.amount


def _note(row: PrepaidAccount, what: What, at: dt.datetime, by: str, figures: dict[str, Any]) -> None:
    PrepaymentEvent.objects.create(prepaid=row, at=at, what=what, by=by, figures=figures)
