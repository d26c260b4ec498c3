"""Acts on corrections: the bills of a chain are credited and billed anew, all in one transaction."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import DataError, IntegrityError, transaction

from billing.charges import operations as charge_operations
from billing.corrections import chains, sentences
from billing.corrections.models import OPEN, Correction, Rebill
from billing.corrections.operations import details, previewing
from billing.corrections.operations.errors import (
    BillsChanged,
    CannotRate,
    PersonNeeded,
    ReasonNeeded,
    SamePerson,
    WrongCorrectionState,
)
from billing.corrections.operations.previewing import Case
from billing.invoices import operations as invoice_operations
from billing.invoices import terms as invoice_terms
from billing.ledger import queries as ledger_queries
from billing.runs import holds
from billing.runs.operations import exchanging, final_bills
from billing.runs.rebilling import Again
from kernel.errors import GridhallError
from tenancy import context

State, Needs = Correction.State, Correction.Needs
CHUNK = 50
FINAL = "final"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision led to: ``done`` bills were corrected; else a second person, or the end of a hold, is awaited."""

    done: bool
    corrections: list[Correction]


def approve(
    *,
    correction_id: int,
    at: dt.datetime,
    by: Any,
    expected: Decimal | None = None,
    seen: Mapping[int, Decimal] | None = None,
) -> Outcome:
    """This will approve a correction with all that follows from it, and act on it.

    ``expected`` is what all bills of the chain come to, as the person saw it, ``seen`` what each of them does. Above
    the market's amount the second person's approval acts. On a held account it is acted when the hold is lifted.
    Raises NotFound, WrongCorrectionState, CannotRate, BillsChanged or SamePerson.
    """
    asked = previewing.preview(correction_id=correction_id, at=at)
    _require_open(asked)
    with transaction.atomic():
        found = previewing.case(invoice_id=asked.invoice_id, at=at, acting=True)
        _require_rated(found, asked)
        total = sum((row.after or Decimal(0) for row in found.rows), Decimal(0))
        otherwise = seen is not None and any(seen.get(row.pk) != row.after for row in found.rows)
        if otherwise or (expected is not None and total != expected):
            raise BillsChanged(number=asked.invoice.number)
        if not _approved(found.rows, by):
            return Outcome(False, found.rows)
        if _held(found, at):
            return Outcome(False, found.rows)
        _execute(found, at, by)
        return Outcome(True, found.rows)


@transaction.atomic
def act(*, correction_id: int, at: dt.datetime) -> Outcome:
    """This will act on a correction that is approved or goes by itself; what is done already is left alone.

    Raises NotFound, CannotRate or PersonNeeded; then nothing was changed.
    """
    row = details.correction(correction_id=correction_id)
    if row.state not in OPEN:
        return Outcome(row.state == State.DONE, [row])
    found = previewing.case(invoice_id=row.invoice_id, at=at, acting=True)
    row.refresh_from_db()
    if row.state not in OPEN:
        return Outcome(row.state == State.DONE, [row])
    _require_rated(found, row)
    if any(each.needs != Needs.NOBODY and each.state != State.APPROVED for each in found.rows):
        raise PersonNeeded(number=row.invoice.number)
    if _held(found, at):
        return Outcome(False, found.rows)
    _execute(found, at, None)
    return Outcome(True, found.rows)


def act_due(*, at: dt.datetime, limit: int = CHUNK) -> int:
    """This will act on up to ``limit`` corrections that are approved or go by themselves; returns how many it tried.

    Each chain is a transaction: what is refused is set back to be rated again in an hour, the others go on.
    """
    due = Correction.objects.filter(state=State.APPROVED) | Correction.objects.filter(
        state=State.RATED, needs=Needs.NOBODY
    )
    keys = list(due.exclude(account_id__in=_held_accounts(at)).order_by("pk").values_list("pk", flat=True)[:limit])
    for key in keys:
        try:
            act(correction_id=key, at=at)
        except PersonNeeded:
            previewing.preview(correction_id=key, at=at)
        except (GridhallError, IntegrityError, DataError) as refusal:
            logger.warning("Correction %s was refused: %s", key, refusal)
            _set_back(key, refusal, at)
    return len(keys)


@transaction.atomic
def dismiss(*, correction_id: int, note: str, at: dt.datetime, by: Any = None) -> Correction:
    """This will leave a bill as it is, for a reason; only another change brings it back.

    What follows from it alone is dropped too. Raises NotFound, ReasonNeeded or WrongCorrectionState.
    """
    if not note.strip():
        raise ReasonNeeded(where="note")
    row = details.correction(correction_id=correction_id)
    locked = Correction.objects.select_for_update(of=("self",)).filter(pk=row.pk).get()
    _require_open(locked)
    _close(locked, State.DISMISSED, at, by, note=note.strip())
    for follower in Correction.objects.select_for_update(of=("self",)).filter(follows=locked, state__in=OPEN):
        _close(follower, State.OVERTAKEN, at, by)
    accounts, _since = chains.reach(invoice_ids=[row.invoice_id])
    others = Correction.objects.filter(account_id__in=accounts, state__in=OPEN)
    others.update(state=State.FOUND, rated_at=None, approved_by=None, seconded_by=None)
    return locked


def _approved(rows: Sequence[Correction], by: Any) -> bool:
    """Write the approval down; False while a second person is awaited."""
    first = next((row.approved_by_id for row in rows if row.approved_by_id), None)
    two = any(row.needs == Needs.TWO for row in rows)
    if two and first == by.pk:
        raise SamePerson(number=rows[0].invoice.number)
    waits = two and first is None
    for row in rows:
        if two and first is not None:
            row.approved_by_id, row.seconded_by = first, by
        else:
            row.approved_by = by
        row.state = State.RATED if waits else State.APPROVED
        row.save(update_fields=["approved_by", "seconded_by", "state"])
    return not waits


def _execute(found: Case, at: dt.datetime, by: Any) -> None:
    touched = {each.invoice.pk: each for each in found.chain.touched}
    agains = [again for each in touched.values() for again in each.agains]
    invoices = {again.item.pk: again.item.invoice_id or 0 for again in agains}
    exchanging.lock_items(item_ids=list(invoices), invoice_ids=invoices)
    exchanging.take_out(item_ids=list(invoices), at=at)
    drafts = {int(item): draft for row in found.rows for item, draft in row.drafts.items()}
    by_item = {again.item.pk: again for again in agains}
    reasons = {row.invoice_id: row for row in found.rows}
    replaced = invoice_operations.replace(
        invoice_ids=sorted(key for key, each in touched.items() if each.credit_note is None),
        draft_ids=sorted(drafts.values()),
        terms=_terms(at),
        credit_reasons={key: sentences.on_credit_note(row) for key, row in reasons.items()},
        draft_reasons={
            draft: sentences.on_new_bill(reasons[by_item[item].item.invoice_id or 0]) for item, draft in drafts.items()
        },
    )
    new = [(by_item[item], draft, replaced.invoices[draft]) for item, draft in drafts.items()]
    _mark_charges(new)
    exchanging.put_in(bills=new, at=at)
    earlier = {key: each.credit_note for key, each in touched.items() if each.credit_note is not None}
    _trace(found.rows, {**replaced.credit_notes, **earlier}, new, at, by)
    for again, _draft, invoice_id in new:
        if again.item.run.kind == FINAL:
            final_bills.tell(account_id=again.item.account_id, invoice_id=invoice_id)


def _terms(at: dt.datetime) -> Any:
    retailer = context.current_retailer()
    today = at.astimezone(ZoneInfo(retailer.time_zone)).date()
    day = ledger_queries.booking_day(on=today)
    return invoice_terms.of_retailer(retailer=retailer, issued_on=day, posted_at=at)


def _mark_charges(new: Sequence[tuple[Again, int, int]]) -> None:
    carried: dict[int, list[int]] = {}
    for again, _draft, invoice_id in new:
        carried.setdefault(invoice_id, []).extend(charge.pk for charge in again.charges)
    charge_operations.mark_billed(charges=carried)


def _trace(
    rows: Sequence[Correction], notes: Any, new: Sequence[tuple[Again, int, int]], at: dt.datetime, by: Any
) -> None:
    earlier = {
        each.invoice_id: each.correction
        for each in Rebill.objects.filter(invoice_id__in=[row.invoice_id for row in rows]).select_related("correction")
    }
    links = []
    for row in rows:
        before = earlier.get(row.invoice_id)
        row.root_id = before.root_id if before else row.invoice_id
        row.position = (before.position or 0) + 1 if before else 1
        row.credit_note_id = notes[row.invoice_id]
        row.state, row.closed_at, row.closed_by = State.DONE, at, by
        row.save()
        made = {invoice for again, _draft, invoice in new if again.item.invoice_id == row.invoice_id}
        links += [Rebill(correction=row, invoice_id=invoice) for invoice in sorted(made)]
    Rebill.objects.bulk_create(links)


def _require_open(row: Correction) -> None:
    if row.state not in OPEN:
        raise WrongCorrectionState(number=row.invoice.number, state=row.get_state_display())


def _require_rated(found: Case, row: Correction) -> None:
    row.refresh_from_db()
    _require_open(row)
    troubled = next((each for each in found.rows if each.state == State.FOUND), None)
    if troubled is not None:
        raise CannotRate(why=sentences.of_trouble(troubled))
    if row.pk not in {each.pk for each in found.rows}:
        raise BillsChanged(number=row.invoice.number)


def _held(found: Case, at: dt.datetime) -> bool:
    accounts = {again.item.account_id for each in found.chain.touched for again in each.agains}
    accounts |= {row.account_id for row in found.rows}
    return bool(holds.of_accounts(account_ids=accounts, on=at.date()))


def _held_accounts(at: dt.datetime) -> list[int]:
    return list(holds.active(on=at.date()).values_list("account_id", flat=True))


@transaction.atomic
def _set_back(correction_id: int, refusal: Exception, at: dt.datetime) -> None:
    row = Correction.objects.select_for_update(of=("self",)).filter(pk=correction_id, state__in=OPEN).first()
    if row is not None:
        row.state, row.rated_at, row.trouble = State.FOUND, at, sentences.trouble_of(refusal)
        row.save(update_fields=["state", "rated_at", "trouble"])


def _close(row: Correction, state: str, at: dt.datetime, by: Any, note: str = "") -> None:
    if row.drafts:
        invoice_operations.discard_drafts(draft_ids=list(row.drafts.values()))
    row.state, row.closed_at, row.closed_by, row.note, row.drafts = state, at, by, note, {}
    row.save(update_fields=["state", "closed_at", "closed_by", "note", "drafts"])
