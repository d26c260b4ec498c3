"""An account that is finished: with its final bill deposits are set off or given back, and what is left is refunded."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from billing.arrears import covers, locks
from billing.arrears.models import Deposit
from billing.arrears.operations import securities
from billing.invoices import queries as invoice_queries
from billing.payments import operations as payment_operations
from billing.payments import queries as payment_queries
from billing.payments.operations.refunding import Method
from billing.runs import queries as run_queries

REQUESTED_BY = "final bill"
"""Who asks for the refund of what is left: nobody in person, so that anybody who may can approve it."""
OPEN_STATES = (Deposit.State.ASKED, Deposit.State.HELD)


@transaction.atomic
def settle_final_bill(*, account_id: int, invoice_id: int, on: dt.date, at: dt.datetime) -> list[Deposit]:
    """This will end the deposits of an account whose final bill is out, and ask for what is left to be refunded.

    A deposit is set off against what is open, with its interest; a bank guarantee is handed back once nothing is open.
    Where a bank account is known from which the account was paid, the credit is put up for approval as a refund.
    Asked again, for a bill of days before the last, or for a deposit that was asked for after it, it does nothing.
    """
    locks.hold_accounts([account_id])
    final = invoice_queries.invoice_by_id(invoice_id=invoice_id).invoice
    if not final.final:
        return []
    mine = Deposit.objects.filter(account_id=account_id, state__in=OPEN_STATES, asked_on__lte=final.issued_on)
    payment_operations.settle_accounts(account_ids=[account_id], at=at)
    ended = [
        securities.end_deposit(deposit_id=found.pk, set_off=_owes(account_id), on=on, at=at, by=REQUESTED_BY)
        for found in mine.order_by("kind", "pk")
        if found.kind == Deposit.Kind.CASH or found.state == Deposit.State.ASKED or not _owes(account_id)
    ]
    if any(found.kind == Deposit.Kind.CASH and found.held_since for found in ended):
        _refund(account_id, final, at)
    return ended


def finished_accounts() -> list[tuple[int, int]]:
    """This will list (account, final bill) where deposits stand still: what a lost message left behind."""
    waiting = set(Deposit.objects.filter(state__in=OPEN_STATES).values_list("account_id", flat=True))
    return [(account, bill) for account, bill in run_queries.final_invoices() if account in waiting] if waiting else []


def _owes(account_id: int) -> bool:
    return account_id in covers.owed(account_ids=[account_id])


def _refund(account_id: int, final: Any, at: dt.datetime) -> None:
    """Ask for the account's whole credit; a person adds the bank account where none is known."""
    credit = payment_queries.account_credit(account_ids=[account_id]).get(account_id)
    payee = payment_queries.known_payee(account_id=account_id)
    waiting = payment_queries.refunds(state="requested", account_id=account_id).exists()
    if credit is None or payee is None or waiting:
        return
    payment_operations.request_refund(
        account_id=account_id,
        money=credit,
        method=Method.BANK_TRANSFER,
        reason=str(final.number),
        requested_by=REQUESTED_BY,
        at=at,
        payee=payee,
    )
