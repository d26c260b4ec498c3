"""Write-offs: asked for, approved by another, posted to bad debt; what comes in later takes them back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from billing.arrears import covers, locks, policies
from billing.arrears.models import WriteOff, WriteOffRecovery
from billing.arrears.operations import approvals
from billing.ledger import chart, entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.payments import operations as payment_operations
from billing.payments import queries as payment_queries
from identity.capabilities import Role
from kernel.errors import Conflict, NotFound, gettext_noop
from kernel.money import Money
from tenants.customers import refusals

WRITE_OFF = gettext_noop("write-off")
State = WriteOff.State


class WriteOffAsked(Conflict):
    """One request at a time."""

    code = "write_off_asked"
    template = gettext_noop("A write-off of this account waits for approval already.")


class NotSoMuchOverdue(Conflict):
    """Only what is overdue long enough is written off."""

    code = "write_off_not_overdue"
    template = gettext_noop("Up to {most} of this account has been overdue for {days} days.")


class FinanceDecides(Conflict):
    """Large amounts need a person of finance."""

    code = "write_off_needs_finance"
    template = gettext_noop("From {amount} on a person of finance decides.")


@transaction.atomic
def ask_write_off(*, account_id: int, amount: Money, reason: str, by: Any, on: dt.date, at: dt.datetime) -> WriteOff:
    """This will ask that ``amount`` be written off; amounts below the rule's are written off at once.

    Raises NotSoMuchOverdue, WriteOffAsked.
    """
    locks.hold_accounts([account_id])
    rule = policies.write_offs()
    found = covers.overdue(on=on - dt.timedelta(days=rule.overdue_days), account_ids=[account_id]).get(account_id)
    most = found.amount if found else Decimal(0)
    if not 0 < amount.amount <= most:
        raise NotSoMuchOverdue(where="amount", most=Money.rounded(most, amount.currency), days=rule.overdue_days)
    with refusals.named({"arrears_write_off_asked_once": WriteOffAsked()}):
        asked = WriteOff.objects.create(
            account_id=account_id,
            amount=amount.amount,
            currency=amount.currency,
            covers=dict(found.items) if found else {},
            reason=reason,
            asked_by=approvals.user_of(by),
            asked_at=at,
        )
    if amount.amount < rule.four_eyes_from:
        _post(asked, by, on, at)
    return asked


@transaction.atomic
def decide_write_off(*, write_off_id: int, approved: bool, by: Any, on: dt.date, at: dt.datetime) -> WriteOff:
    """This will approve a write-off, which posts it to bad debt, or refuse it.

    Raises SamePerson, AlreadyDecided, FinanceDecides, NotFound.
    """
    asked = WriteOff.objects.select_for_update().filter(pk=write_off_id).first()
    if asked is None:
        raise NotFound(what=WRITE_OFF, name=str(write_off_id))
    if asked.state != State.ASKED:
        raise approvals.AlreadyDecided()
    approvals.require_other(asked_by_id=asked.asked_by_id, by=by)
    if approved:
        _require_still_owed(asked)
    else:
        asked.state, asked.decided_by, asked.decided_at = State.REFUSED, approvals.user_of(by), at
        asked.save(update_fields=["state", "decided_by", "decided_at"])
        return asked
    _require_finance(asked, by)
    _post(asked, by, on, at)
    return asked


@transaction.atomic
def recover(*, account_id: int, on: dt.date, at: dt.datetime) -> Decimal:
    """This will take write-offs back by what the account has in credit, the oldest first; return how much.

    A payment for a debt that is no longer in the books is credit; the recovery puts the debt back under it.
    """
    written_off = list(
        WriteOff.objects.select_for_update()
        .filter(account_id=account_id, state=State.APPROVED, recovered__lt=F("amount"))
        .order_by("decided_at", "pk")
    )
    credit = payment_queries.account_credit(account_ids=[account_id]).get(account_id) if written_off else None
    left = credit.amount if credit else Decimal(0)
    total = Decimal(0)
    for each in written_off:
        share = min(left - total, each.amount - each.recovered)
        if share > 0:
            _take_back(each, share, on, at)
            total += share
    if total:
        payment_operations.settle_accounts(account_ids=[account_id], at=at)
    return total


def _post(asked: WriteOff, by: Any, on: dt.date, at: dt.datetime) -> None:
    money = Money.rounded(asked.amount, asked.currency)
    sides = [
        entries.debit(chart.BAD_DEBT, money),
        entries.credit(chart.RECEIVABLE, money, account_id=asked.account_id),
    ]
    entry = entries.NewEntry(
        ledger_queries.booking_day(on=on), entries.EntryKind.WRITE_OFF, f"write-off {asked.pk}", sides
    )
    [asked.entry_id] = ledger_operations.post(entries=[entry], posted_at=at)
    asked.state, asked.decided_by, asked.decided_at = State.APPROVED, approvals.user_of(by), at
    asked.save(update_fields=["entry", "state", "decided_by", "decided_at"])
    payment_operations.settle_accounts(account_ids=[asked.account_id], at=at)


def _take_back(each: WriteOff, share: Decimal, on: dt.date, at: dt.datetime) -> None:
    money = Money.rounded(share, each.currency)
    sides = [
        entries.debit(chart.RECEIVABLE, money, account_id=each.account_id),
        entries.credit(chart.BAD_DEBT, money),
    ]
    entry = entries.NewEntry(
        ledger_queries.booking_day(on=on), entries.EntryKind.ADJUSTMENT, f"recovery of write-off {each.pk}", sides
    )
    [entry_id] = ledger_operations.post(entries=[entry], posted_at=at)
    WriteOffRecovery.objects.create(write_off=each, amount=share, on=on, at=at, entry_id=entry_id)
    each.recovered += share
    each.save(update_fields=["recovered"])


def _require_still_owed(asked: WriteOff) -> None:
    """What was paid meanwhile is not written off, nor newer bills in its place."""
    locks.hold_accounts([asked.account_id])
    found = covers.owed(account_ids=[asked.account_id]).get(asked.account_id)
    most = covers.still_open(covers=asked.covers, left=found)
    if most < asked.amount:
        raise NotSoMuchOverdue(most=Money.rounded(most, asked.currency), days=policies.write_offs().overdue_days)


def _require_finance(asked: WriteOff, by: Any) -> None:
    limit = policies.write_offs().two_posts_from
    if asked.amount >= limit and not {Role.FINANCE, Role.ADMINISTRATOR} & set(by.roles):
        raise FinanceDecides(amount=Money.rounded(limit, asked.currency))
