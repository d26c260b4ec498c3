"""Payouts: what the provider sent to the bank, with its fees, against what we knew it to hold.

Dr payouts in transit (the transfer; the bank itself where no statements are kept), Dr provider fees, Cr payment
providers (gross of what is ours), Cr receipts to be matched (gross of what is not). The four add up because a payout is
the sum of its parts. The line of a statement that shows the payout moves it from transit to the bank.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from billing.ledger import chart
from billing.ledger import entries as ledger_entries
from billing.ledger.entries import NewPosting
from billing.payments import ledger_sides, locks, operations
from billing.payments.models import Payment, ProviderMovement
from billing.payments.operations import posting
from billing.payments.providers import choosing
from billing.payments.providers.base import PayoutFound, PayoutPart
from kernel.money import Money

Kind = ProviderMovement.Kind
LOCK = "payouts"
RETURNED = ("payout_failure", "payout_cancel")
"""Parts that bring an earlier payout back: what that took from clearing stands there again."""
CHARGES = ("stripe_fee", "stripe_fx_fee", "application_fee", "network_cost", "tax_fee")
"""Parts that belong to no payment: what the provider charges for itself."""


def book_payout(*, provider: str, reference: str, at: dt.datetime) -> ProviderMovement | None:
    """This will book a payout that was paid, once, and take it back when it failed; return its movement.

    A payout that is under way is not booked. Raises ProviderSilent.
    """
    found = choosing.by_name(provider).payout(reference=reference)
    with transaction.atomic():
        locks.hold(LOCK, 0)
        booked = ProviderMovement.objects.filter(provider=provider, reference=reference, kind=Kind.PAYOUT).first()
        if booked is None and found.paid:
            booked = _book(provider, found, at)
        if booked is not None and found.failed:
            _take_back(booked, at)
    return booked


def _book(provider: str, found: PayoutFound, at: dt.datetime) -> ProviderMovement:
    currency = found.money.currency
    none = Money.zero(currency)
    parts = [part for part in found.parts if part.kind not in CHARGES]
    fee = sum((part.fee for part in found.parts), none)
    fee -= sum((part.gross for part in found.parts if part.kind in CHARGES), none)
    ours = _ours(provider, parts)
    known = sum((part.gross for part in parts if part.reference in ours), none)
    gross = sum((part.gross for part in parts), none) if found.parts else found.money
    unknown = gross - known if found.parts else Money.zero(currency)
    sides = _sides(found.money, fee, gross - unknown, unknown)
    on = min(operations.day_of(found.on), operations.day_of(at))
    entry = posting.post(kind=posting.EntryKind.TRANSFER, on=on, reference=found.reference, sides=sides, at=at)
    return ProviderMovement.objects.create(
        provider=provider, reference=found.reference, kind=Kind.PAYOUT, amount=found.money.amount, fee=fee.amount,
        unknown=unknown.amount, currency=currency, moved_on=on, recorded_at=at, entry_id=entry,
    )  # fmt: skip


def _sides(net: Money, fee: Money, known: Money, unknown: Money) -> list[NewPosting]:
    sides = [
        (ledger_entries.debit, ledger_sides.of_payout(net.currency), net),
        (ledger_entries.debit, chart.PROVIDER_FEES, fee),
        (ledger_entries.credit, chart.CLEARING, known),
        (ledger_entries.credit, chart.SUSPENSE, unknown),
    ]
    return [side(code, money) for side, code, money in sides if money.amount != Decimal(0)]


def _ours(provider: str, parts: Sequence[PayoutPart]) -> set[str]:
    """The parts that belong to payments, refunds and disputes that stand in our books."""
    references = {part.payment for part in parts if part.payment}
    known = set(Payment.objects.filter(source=provider, reference__in=references).values_list("reference", flat=True))
    return {part.reference for part in parts if part.payment in known or part.kind in RETURNED}


def _take_back(booked: ProviderMovement, at: dt.datetime) -> None:
    if ProviderMovement.objects.filter(reference=booked.reference, kind=Kind.PAYOUT_FAILED).exists():
        return
    money = Money.rounded(booked.amount, booked.currency)
    on = operations.day_of(at)
    side = chart.IN_TRANSIT if ledger_sides.is_in_transit(booked) else chart.BANK
    entry = posting.move(debit=chart.CLEARING, credit=side, money=money, on=on, reference=booked.reference, at=at)
    ProviderMovement.objects.create(
        provider=booked.provider, reference=booked.reference, kind=Kind.PAYOUT_FAILED, amount=booked.amount,
        currency=booked.currency, moved_on=on, recorded_at=at, entry_id=entry,
    )  # fmt: skip
