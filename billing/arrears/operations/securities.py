"""Deposits and guarantees: asked for by rule, held in the ledger, given back with interest or set off."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.arrears import locks, policies, schedules, words
from billing.arrears.models import AccountStanding, Deposit, DepositMovement
from billing.invoices import queries as invoice_queries
from billing.ledger import chart, entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.payments import operations as payment_operations
from billing.payments import queries as payment_queries
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.money import Money, minor_places, round_to_minor
from tenants.customers import queries as customer_queries

DEPOSIT = gettext_noop("deposit")
DAYS_TO_PAY, BILLS_LOOKED_AT = 14, 12
Kind, State, Moved = Deposit.Kind, Deposit.State, DepositMovement.Kind


class NotHeld(Conflict):
    """The deposit is not where this step starts."""

    code = "deposit_wrong_state"
    template = gettext_noop("The deposit is in state “{state}”; this cannot be done now.")


class NotTheAmount(Invalid):
    """A deposit comes in whole."""

    code = "deposit_amount_differs"
    template = gettext_noop("The deposit asked for is {asked}; it comes in whole.")


class NoLonger(Invalid):
    """A guarantee takes the place of another only when it lasts longer."""

    code = "guarantee_no_longer"
    template = gettext_noop("The guarantee that is here is valid to {day}; another must be valid longer.")


def expect_deposit(*, account_id: int) -> Decimal:
    """This will compute by the market's rule what deposit an account owes: months of its average bill; 0 for none."""
    rule = policies.deposits()
    account = customer_queries.account_by_id(account_id=account_id)
    standing = AccountStanding.objects.filter(account_id=account_id).first()
    credit_class = standing.credit_class if standing else policies.USUAL
    if not rule.asked.get(account.customer.kind) or credit_class not in rule.credit_classes:
        return Decimal(0)
    bills = list(invoice_queries.invoices(account_ids=[account_id], kind="invoice")[:BILLS_LOOKED_AT])
    amounts = [bill.gross for bill in bills if not getattr(bill, "is_credited", False)]
    if not amounts:
        return Decimal(0)
    return round_to_minor(rule.months_of_use * sum(amounts) / len(amounts), account.currency)


@transaction.atomic
def ask_deposit(*, account_id: int, kind: str, amount: Money, on: dt.date, at: dt.datetime, by: Any = None) -> Deposit:
    """This will ask for a deposit or a bank guarantee of ``amount`` and write to the customer."""
    if kind not in Kind.values or amount.amount <= 0:
        raise Invalid(reason=gettext_noop("Give a kind of security and an amount."), where="amount")
    made = Deposit.objects.create(
        account_id=account_id,
        kind=kind,
        amount=amount.amount,
        currency=amount.currency,
        asked_on=on,
        due_on=on + dt.timedelta(days=DAYS_TO_PAY),
        calculation={"expected": f"{expect_deposit(account_id=account_id):f}"},
        by=words.name_of(by),
        at=at,
    )
    words.send(
        account_id=account_id,
        template="deposit_asked",
        reference=f"deposit {made.pk}",
        at=at,
        amount=amount,
        due_on=made.due_on,
    )
    return made


@transaction.atomic
def receive_deposit(
    *, deposit_id: int, money: Money, method: str, reference: str, received_on: dt.date, at: dt.datetime, by: Any = None
) -> Deposit:
    """This will book a deposit that came in: owed by the account to the deposits held, and paid by this payment.

    The payment settles the deposit, not the bills that are open. Raises NotTheAmount, NotHeld, NotFound.
    """
    found = _locked(deposit_id, State.ASKED)
    if money != Money.rounded(found.amount, found.currency) or found.kind != Kind.CASH:
        raise NotTheAmount(where="amount", asked=f"{found.amount:f} {found.currency}")
    entry_id = _move(found, Moved.RECEIVED, money, received_on, at=at, by=by)
    payment_operations.receive(
        account_id=found.account_id,
        money=money,
        method=method,
        source="deposit",
        reference=reference,
        received_on=received_on,
        at=at,
        settles=[entry_id],
    )
    found.state, found.held_since = State.HELD, received_on
    found.save(update_fields=["state", "held_since"])
    return found


@transaction.atomic
def take_guarantee(
    *, deposit_id: int, guarantor: str, document: str, expires_on: dt.date, on: dt.date, by: Any = None
) -> Deposit:
    """This will note a bank guarantee that came in, or one that takes the place of one held or expired.

    Raises NotHeld, NotFound, Invalid when it has expired or ends no later than the one it replaces.
    """
    found = _locked(deposit_id, State.ASKED, State.HELD, State.EXPIRED)
    if found.kind != Kind.GUARANTEE or expires_on <= on:
        raise Invalid(reason=gettext_noop("The guarantee must be valid for some time yet."), where="expires_on")
    if found.expires_on is not None and expires_on <= found.expires_on:
        raise NoLonger(where="expires_on", day=found.expires_on.isoformat())
    if found.state != State.HELD:
        found.held_since = on
    found.state, found.ended_on, found.reminded_on, found.expires_on = State.HELD, None, None, expires_on
    found.guarantor, found.document, found.by = guarantor, document, words.name_of(by)
    found.save()
    return found


@transaction.atomic
def end_deposit(*, deposit_id: int, set_off: bool, on: dt.date, at: dt.datetime, by: Any = None) -> Deposit:
    """This will give a deposit back with its interest, or set it off against what is open.

    Both credit the account: open bills are settled at once, and what is left is refunded like any credit. A
    guarantee is handed back; one that was only asked for is no longer asked. Raises NotHeld, NotFound.
    """
    found = _locked(deposit_id, State.ASKED, State.HELD)
    if found.kind == Kind.CASH and found.state == State.HELD:
        earned = interest(deposit=found, until=on)
        if earned.amount > 0:
            _move(found, Moved.INTEREST, earned, on, at=at, by=by)
        whole = Money.rounded(found.amount, found.currency) + earned
        _move(found, Moved.SET_OFF if set_off else Moved.RETURNED, -whole, on, at=at, by=by)
    found.state, found.ended_on = State.ENDED, on
    found.save(update_fields=["state", "ended_on"])
    return found


def interest(*, deposit: Deposit, until: dt.date) -> Money:
    """This will compute the interest a held deposit has earned up to a day: none while its payment is not there.

    A payment that came back leaves what the account owes for the deposit open.
    """
    if _is_unpaid(deposit):
        return Money.zero(deposit.currency)
    rule = policies.deposits()
    since = deposit.held_since or until
    earned = schedules.interest(
        held=[(since, deposit.amount)],
        until=until,
        per_year=rule.per_year,
        days_in_year=rule.days_in_year,
        places=minor_places(deposit.currency),
    )
    return Money.rounded(earned, deposit.currency)


def _is_unpaid(deposit: Deposit) -> bool:
    name = _reference(deposit)
    owed = payment_queries.open_debits(account_ids=[deposit.account_id])
    return any((row.kind, row.reference) == (entries.EntryKind.DEPOSIT, name) for row in owed)


def _reference(deposit: Deposit) -> str:
    return f"deposit {deposit.pk}"


@transaction.atomic
def remind_guarantees(*, on: dt.date, at: dt.datetime) -> int:
    """This will write to customers whose guarantee expires soon, once a guarantee; return how many."""
    soon = on + dt.timedelta(days=policies.deposits().guarantee_reminder_days)
    waiting = Deposit.objects.select_for_update().filter(
        kind=Kind.GUARANTEE, state=State.HELD, expires_on__lte=soon, reminded_on__isnull=True
    )
    for found in waiting:
        words.send(
            account_id=found.account_id,
            template="guarantee_expires",
            reference=f"guarantee {found.pk} expires",
            at=at,
            document=found.document,
            expires_on=found.expires_on,
        )
        found.reminded_on = on
        found.save(update_fields=["reminded_on"])
    return len(waiting)


def expire_guarantees(*, on: dt.date) -> int:
    """This will end what guarantees held past their last day secure: ``expires_on`` is the last day they can be drawn.

    Returns how many. A later guarantee may still take the place of one that expired.
    """
    past = Deposit.objects.filter(kind=Kind.GUARANTEE, state=State.HELD, expires_on__lt=on)
    return past.update(state=State.EXPIRED, ended_on=on)


def _move(found: Deposit, kind: str, money: Money, on: dt.date, *, at: dt.datetime, by: Any) -> int:
    """Post a movement: from the account to the deposits, from the company's expenses, or back to the account."""
    other = (
        entries.debit(chart.CUSTOMER_CREDITS, money)
        if kind == Moved.INTEREST
        else entries.debit(chart.RECEIVABLE, money, account_id=found.account_id)
    )
    day = ledger_queries.booking_day(on=on)
    entry = entries.NewEntry(
        day, entries.EntryKind.DEPOSIT, _reference(found), [other, entries.credit(chart.DEPOSITS, money)]
    )
    [entry_id] = ledger_operations.post(entries=[entry], posted_at=at)
    DepositMovement.objects.create(
        deposit=found, kind=kind, amount=money.amount, on=on, at=at, by=words.name_of(by), entry_id=entry_id
    )
    if kind != Moved.RECEIVED:
        payment_operations.settle_accounts(account_ids=[found.account_id], at=at)
    return entry_id


def _locked(deposit_id: int, *states: str) -> Deposit:
    found = Deposit.objects.select_for_update().filter(pk=deposit_id).first()
    if found is None:
        raise NotFound(what=DEPOSIT, name=str(deposit_id))
    locks.hold_accounts([found.account_id])
    if found.state not in states:
        raise NotHeld(state=found.get_state_display())
    return found
