"""Lines are booked without asking where what they say leaves no doubt; the rest waits in the queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Abs, Upper

from billing.payments import ledger_sides, matching, queries
from billing.payments.models import BankLine, CashMovement, LineBooking, Payment, Refund
from billing.payments.operations import booking
from billing.payments.operations.booking import Part
from kernel.errors import GridhallError

MATCHED_AT_ONCE = 200
SAME_REFERENCE, PAYOUT = "reference", "payout"


def match_lines(*, at: dt.datetime, statement_id: int | None = None, limit: int = MATCHED_AT_ONCE) -> int:
    """This will look at the next lines that were not looked at yet and book the certain ones; return how many it saw.

    Each line is booked in a transaction of its own; called again it goes on where it stopped.
    """
    waiting = BankLine.objects.filter(tried_at__isnull=True, used__lt=Abs(F("amount")))
    if statement_id is not None:
        waiting = waiting.filter(statement=statement_id)
    lines = list(waiting.order_by("booked_on", "pk")[:limit])
    suggested = queries.suggestions(lines=lines)
    weights = queries.weights()
    for line in lines:
        certain = matching.certain(suggested.get(line.pk, []), weights)
        _match(line, certain, at)
    return len(lines)


def _match(line: BankLine, certain: matching.Suggestion | None, at: dt.datetime) -> None:
    with transaction.atomic():
        held = BankLine.objects.select_for_update().get(pk=line.pk)
        if held.tried_at is not None:
            return
        held.tried_at = at
        held.save(update_fields=["tried_at"])
    parts, reasons = _parts(held, certain)
    if parts:
        try:
            booking.book_line(line_id=line.pk, parts=parts, booked_by="", at=at, reasons=reasons)
        except GridhallError:
            return


def _parts(line: BankLine, certain: matching.Suggestion | None) -> tuple[Sequence[Part], list[str]]:
    amount = abs(line.amount) - line.used
    known = _by_reference(line)
    if known is not None:
        return [known], [PAYOUT if known.kind == PAYOUT else SAME_REFERENCE]
    if certain is not None and line.amount > 0:
        part = Part("payment", amount, account_id=certain.account_id, invoice_ids=certain.invoice_ids)
        return [part], certain.reasons
    return [], []


def _by_reference(line: BankLine) -> Part | None:
    """A refund we ordered, a payment that came back, cash we brought: our own reference and amount stand on it."""
    amount = abs(line.amount) - line.used
    words = matching.tokens([line.end_to_end, line.structured, line.text])
    payout = queries.certain_payout(line=line, words=words)
    if payout is not None:
        return Part("payout", amount, payout_id=payout.pk)
    if line.amount > 0:
        return _awaited(line, amount, words)
    refund = Refund.objects.filter(
        reference__in=words, amount=amount, currency=line.currency, state__in=["approved", "sent"]
    ).first()
    if refund is not None:
        return Part("refund", amount, refund_id=refund.pk)
    if not line.is_return or not line.end_to_end:
        return None
    came = LineBooking.objects.filter(
        kind="payment", undone_at__isnull=True, amount=amount, line__end_to_end=line.end_to_end,
        line__bank_account=line.bank_account_id, payment__reversal__isnull=True,
    ).first()  # fmt: skip
    return None if came is None else Part("reversal", amount, payment_id=came.payment_id)


def _awaited(line: BankLine, amount: Decimal, words: Sequence[str]) -> Part | None:
    """Money we know of already: cash brought to the bank, a transfer that was told before its statement came."""
    if CashMovement.objects.filter(kind="deposit", amount=-amount, reference__in=words).exists():
        return Part("clearing", amount)
    read = LineBooking.objects.filter(payment__isnull=False, undone_at__isnull=True).values("payment")
    told = Payment.objects.annotate(capitals=Upper("reference")).filter(
        capitals__in=words, amount=amount, currency=line.currency, method__in=ledger_sides.BY_BANK,
        reversal__isnull=True,
    )  # fmt: skip
    found = told.exclude(pk__in=read).first()
    if found is None or ledger_sides.of_payment(found) != ledger_sides.CLEARING:
        return None
    return Part("clearing", amount, payment_id=found.pk)
