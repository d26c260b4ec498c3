"""Rates what was found: each bill of the chain becomes a draft beside the bill it would take the place of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from billing.corrections import causes, chains, checked_versions, locks, policy
from billing.corrections.chains import Chain, Touched
from billing.corrections.models import OPEN, Correction
from billing.corrections.operations import details
from billing.invoices import billed_days
from billing.invoices import operations as invoice_operations
from billing.runs import queries as run_queries
from billing.runs import reasons as run_reasons

State = Correction.State
CHUNK = 50
RETRY = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Case:
    """The corrections of a chain that belong together, and the chain as it is rated now."""

    chain: Chain
    rows: list[Correction]

    @property
    def is_rated(self) -> bool:
        return bool(self.rows) and all(row.state != State.FOUND for row in self.rows)


def preview_found(*, at: dt.datetime, limit: int = CHUNK) -> int:
    """This will rate up to ``limit`` found corrections, each chain in a transaction of its own; returns how many.

    One that could not be rated is tried again after an hour.
    """
    waiting = Correction.objects.filter(state=State.FOUND).exclude(rated_at__gt=at - RETRY)
    keys = list(waiting.order_by("rated_at", "pk").values_list("pk", flat=True)[:limit])
    for key in keys:
        preview(correction_id=key, at=at)
    return len(keys)


@transaction.atomic
def preview(*, correction_id: int, at: dt.datetime) -> Correction:
    """This will rate a correction and all that follows from it, and store drafts, differences and who decides."""
    row = details.correction(correction_id=correction_id)
    if row.state in OPEN:
        case(invoice_id=row.invoice_id, at=at)
    row.refresh_from_db()
    return row


def case(*, invoice_id: int, at: dt.datetime, acting: bool = False) -> Case:
    """This will lock the accounts that a correction reaches, rate its chain and store what was found.

    Called in a transaction. Corrections of bills that come out the same are closed, new ones follow from the first.
    What was approved stays so only where bills, lines and amounts are what they were. ``acting`` keeps what later bills
    were held against that come out the same; before that it may still become otherwise.
    """
    accounts = _held_accounts(invoice_id)
    invoices = _invoices(accounts, invoice_id)
    before = {row.invoice_id: row for row in _open_rows([*invoices, invoice_id])}
    chain = chains.rate(
        invoice_ids=set(before),
        left_alone=checked_versions.left_alone(invoice_ids=invoices),
        checked=checked_versions.of_invoices(invoice_ids=invoices, waiting=False),
        asked={key for key, row in before.items() if causes.credited(row.reasons)},
    )
    _close_same(chain, before, at, acting=acting)
    rows = _write(chain, before, at)
    return Case(chain, rows)


def _held_accounts(invoice_id: int) -> set[int]:
    """The accounts in reach, locked; asked again until the answer stands while they are."""
    held: set[int] = set()
    accounts, _since = chains.reach(invoice_ids=[invoice_id])
    while accounts - held:
        locks.hold_accounts(accounts)
        held |= accounts
        accounts, _since = chains.reach(invoice_ids=[invoice_id])
    return accounts


def _invoices(accounts: Collection[int], invoice_id: int) -> list[int]:
    """All bills in force of the accounts in reach: an earlier one that waits in the queue belongs to the chain."""
    if not accounts:
        return [invoice_id]
    return run_queries.invoices_of_accounts(account_ids=accounts, since=dt.date.min)


def _open_rows(invoice_ids: Collection[int]) -> list[Correction]:
    found = Correction.objects.select_for_update(of=("self",)).filter(invoice_id__in=invoice_ids, state__in=OPEN)
    return list(found.select_related("invoice", "account__customer").order_by("pk"))


def _close_same(chain: Chain, before: Mapping[int, Correction], at: dt.datetime, *, acting: bool) -> None:
    """Close what turned out the same, and keep what it was held against; refresh what later bills build on."""
    real = acting or not chain.touched
    for touched in chain.same:
        if not real:
            _keep_same(before.get(touched.invoice.pk), touched, at)
            continue
        row = before.get(touched.invoice.pk) or details.new_row(touched, at)
        row.state, row.closed_at, row.rated_at, row.checked = State.UNCHANGED, at, at, touched.checked
        row.after, row.after_wh, row.reasons = touched.after, touched.energy[1], touched.reasons
        _discard(row)
        row.save()
    if real:
        details.refresh([again for touched in chain.same for again in touched.agains])
    gone = [row for key, row in before.items() if key in chain.untouched or not _is_in_force(row)]
    for row in gone:
        row.state, row.closed_at = State.OVERTAKEN, at
        _discard(row)
        row.save()


def _keep_same(row: Correction | None, touched: Touched, at: dt.datetime) -> None:
    """One that comes out the same once earlier bills are corrected waits with them."""
    if row is not None:
        _discard(row)
        _fill(row, touched, Correction.Needs.PERSON, [], at)
        row.state, row.approved_by, row.seconded_by = State.RATED, None, None
        row.save()


def _is_in_force(row: Correction) -> bool:
    return run_queries.issued_items(invoice_ids=[row.invoice_id]).exists()


def _write(chain: Chain, before: Mapping[int, Correction], at: dt.datetime) -> list[Correction]:
    if not chain.touched:
        return []
    needs, because = _needs(chain, at)
    rows: dict[int, Correction] = {}
    for touched in chain.touched:
        row = before.get(touched.invoice.pk) or details.new_row(touched, at)
        same = _same_as_before(row, touched, needs)
        _fill(row, touched, needs, because, at)
        row.follows = None if causes.own(touched.reasons) else rows.get(touched.follows or 0)
        row.state = State.FOUND if touched.refusal else (row.state if same else State.RATED)
        if not same:
            row.approved_by = row.seconded_by = None
            _discard(row)
            row.drafts = {} if touched.refusal else _drafts(touched, at)
        row.save()
        rows[touched.invoice.pk] = row
    _require_alike(list(rows.values()))
    return list(rows.values())


def _require_alike(rows: Sequence[Correction]) -> None:
    """A chain is decided as one: a bill that joined it takes the approval of the others back."""
    if len({row.state for row in rows}) > 1:
        for row in rows:
            row.approved_by = row.seconded_by = None
            row.state = State.FOUND if row.state == State.FOUND else State.RATED
            row.save(update_fields=["state", "approved_by", "seconded_by"])


def _needs(chain: Chain, at: dt.datetime) -> tuple[str, list[str]]:
    rules = policy.of_retailer()
    parted = billed_days.credited_in_part(invoice_ids=[touched.invoice.pk for touched in chain.touched])
    bills = [
        policy.Bill(
            touched.period,
            touched.before,
            touched.after,
            touched.invoice.pk in parted,
            touched.credit_note is not None,
            details.wrong_meter_periods(touched.reasons),
        )
        for touched in chain.touched
    ]
    kinds = {again.item.account.customer.kind for touched in chain.touched for again in touched.agains}
    answers = [rules[kind].needs(bills=bills, on=at.date()) for kind in sorted(kinds)]
    strictest = max(answers, key=lambda each: (policy.NOBODY, policy.PERSON, policy.TWO).index(each[0]))
    return strictest[0], sorted({code for _needs, codes in answers for code in codes})


def _same_as_before(row: Correction, touched: Touched, needs: str) -> bool:
    rated = row.state in {State.RATED, State.APPROVED} and row.needs == needs
    return rated and row.after == touched.after and row.lines == touched.rows and bool(row.drafts)


def _fill(row: Correction, touched: Touched, needs: str, because: list[str], at: dt.datetime) -> None:
    row.needs, row.needs_because, row.rated_at = needs, because, at
    row.reasons = details.explained(touched)
    row.checked, row.lines = touched.checked, touched.rows
    row.before, row.after = touched.before, None if touched.refusal else touched.after
    row.before_wh, row.after_wh = touched.energy[0], None if touched.refusal else touched.energy[1]
    row.trouble = {}
    if touched.refusal is not None:
        code, params = run_reasons.of_error(touched.refusal)
        row.trouble = {"code": code, "params": params}


def _drafts(touched: Touched, at: dt.datetime) -> dict[str, int]:
    bills = [again for again in touched.agains if not again.is_empty]
    keys = invoice_operations.store_drafts(drafts=[again.draft() for again in bills], created_at=at) if bills else []
    return {str(again.item.pk): key for again, key in zip(bills, keys, strict=True)}


def _discard(row: Correction) -> None:
    """Throw the drafts away that nobody will issue."""
    if row.drafts:
        invoice_operations.discard_drafts(draft_ids=list(row.drafts.values()))
        row.drafts = {}
