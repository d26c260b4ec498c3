"""Settling: reversed items first with what reversed them, then credits with debits as the policy orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Abs

from billing.invoices import queries as invoice_queries
from billing.payments import locks, settlement, terms
from billing.payments.models import Allocation, OpenItem, Payment
from billing.payments.settlement import Match, Side

ROWS_AT_ONCE = 2000


def settle_accounts(*, account_ids: Sequence[int], at: dt.datetime) -> int:
    """This will settle what is open on the accounts as far as their credit goes; return how many rows were added."""
    with transaction.atomic():
        locks.hold_accounts(account_ids)
        return sum(settle_held(account_id=account_id, at=at) for account_id in sorted(set(account_ids)))


def settle_held(
    *,
    account_id: int,
    at: dt.datetime,
    entry_id: int | None = None,
    invoice_ids: Sequence[int] = (),
    first: Sequence[int] = (),
) -> int:
    """This will settle one account whose lock is held.

    The credit of ``entry_id`` settles the debits of the entries ``first``, then ``invoice_ids``, before any other.
    """
    added = _settle_reversals(account_id, at)
    by_currency: dict[str, list[OpenItem]] = {}
    for item in _open(account_id):
        by_currency.setdefault(item.currency, []).append(item)
    for items in by_currency.values():
        added += _store(_matches(items, entry_id, invoice_ids, first), items, at)
    return added


def settle_all_held(*, account_ids: Collection[int], at: dt.datetime) -> int:
    """This will settle accounts whose locks are held, in sets; those with something reversed one by one."""
    waiting = OpenItem.objects.filter(account__in=account_ids, settled__lt=Abs(F("amount")))
    items = list(waiting.order_by("pk"))
    reversed_in = {item.account_id for item in items if item.reverses_id is not None}
    added = sum(settle_held(account_id=account_id, at=at) for account_id in sorted(reversed_in))
    sides: dict[tuple[int, str], list[OpenItem]] = {}
    for item in items:
        if item.account_id not in reversed_in:
            sides.setdefault((item.account_id, item.currency), []).append(item)
    matches = [match for group in sides.values() for match in _matches(group, None, (), ())]
    return added + _store(matches, [item for group in sides.values() for item in group], at)


def _matches(
    items: Sequence[OpenItem], entry_id: int | None, invoice_ids: Sequence[int], first: Sequence[int]
) -> list[Match]:
    """Credit notes lower their own bill, a payment the chosen bills; what is left follows the policy."""
    order = terms.of_retailer()
    debits = sorted(
        (item for item in items if item.amount > 0),
        key=lambda item: order.place(kind=item.kind, due_on=item.due_on, item_id=item.pk),
    )
    credits = sorted((item for item in items if item.amount < 0), key=lambda item: (item.business_date, item.pk))
    sides = {item.pk: Side(item.pk, abs(item.amount) - item.settled) for item in items}
    named = [sides[debit.pk] for debit in debits if debit.entry_id in first]
    chosen = [sides[debit.pk] for invoice_id in invoice_ids for debit in debits if debit.invoice_id == invoice_id]
    new = [sides[credit.pk] for credit in credits if credit.entry_id == entry_id]
    own = [
        match
        for credit, invoice_id in _credited(credits).items()
        for debit in debits
        if debit.invoice_id == invoice_id
        for match in settlement.settle(debits=[sides[debit.pk]], credits=[sides[credit]])
    ]
    return [
        *own,
        *settlement.settle(debits=[*named, *chosen], credits=new),
        *settlement.settle(debits=[sides[one.pk] for one in debits], credits=[sides[one.pk] for one in credits]),
    ]


def _credited(credits: Sequence[OpenItem]) -> dict[int, int]:
    """The invoice that each credit note among the credits takes back in part, by open item."""
    notes = {credit.invoice_id: credit.pk for credit in credits if credit.invoice_id is not None}
    if not notes:
        return {}
    found = invoice_queries.reversed_by(invoice_ids=list(notes))
    return {notes[note]: invoice_id for note, invoice_id in found.items()}


def _settle_reversals(account_id: int, at: dt.datetime) -> int:
    """Give back what settled an item that was reversed, and settle it with its reversal instead."""
    pending = list(_open(account_id).filter(reverses__isnull=False).select_related("reverses").order_by("pk"))
    added = 0
    for reversal in pending:
        if reversal.reverses is None:
            continue
        added += _release(reversal.reverses, reversal.business_date, at)
        target = OpenItem.objects.get(pk=reversal.reverses.pk)
        debit, credit = (target, reversal) if target.amount > 0 else (reversal, target)
        sides = [Side(item.pk, abs(item.amount) - item.settled) for item in (debit, credit)]
        added += _store(settlement.settle(debits=sides[:1], credits=sides[1:]), [debit, credit], at)
    return added


def _release(item: OpenItem, on: dt.date, at: dt.datetime) -> int:
    side = Q(debit=item) if item.amount > 0 else Q(credit=item)
    taken_back = Allocation.objects.filter(reverses__isnull=False).values("reverses")
    standing = Allocation.objects.filter(side, reverses__isnull=True).exclude(pk__in=taken_back.filter(side))
    rows = [
        Allocation(
            debit_id=row.debit_id,
            credit_id=row.credit_id,
            amount=-row.amount,
            effective_on=max(on, row.effective_on),
            reverses=row,
            made_at=at,
        )
        for row in standing.order_by("pk")
    ]
    return len(Allocation.objects.bulk_create(rows))


def _store(matches: Sequence[Match], items: Sequence[OpenItem], at: dt.datetime) -> int:
    counts = _counts_from(items) if matches else {}
    rows = [
        Allocation(
            debit_id=match.debit_id,
            credit_id=match.credit_id,
            amount=match.amount,
            effective_on=max(counts[match.debit_id], counts[match.credit_id]),
            made_at=at,
        )
        for match in matches
    ]
    return len(Allocation.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE))


def _counts_from(items: Sequence[OpenItem]) -> dict[int, dt.date]:
    """The day from which each item counts: a payment when it was received, a bill when it was issued.

    That of the ledger may be later: what happened on a day that is closed is posted on the first open one. Nobody is
    late because the books were shut before his payment was read.
    """
    entries = [item.entry_id for item in items]
    received = dict(Payment.objects.filter(entry__in=entries).values_list("entry_id", "received_on"))
    issued = invoice_queries.issue_days(invoice_ids=[item.invoice_id for item in items if item.invoice_id is not None])
    return {
        item.pk: received.get(item.entry_id) or issued.get(item.invoice_id or 0) or item.business_date for item in items
    }


def _open(account_id: int) -> QuerySet[OpenItem]:
    return OpenItem.objects.filter(account=account_id, settled__lt=Abs(F("amount")))
