"""The trace of a bill: what it replaces and why, and what took its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing.corrections import sentences
from billing.corrections.models import Correction, Rebill


@dataclass(frozen=True, slots=True)
class Step:
    """A bill of a chain that was corrected: its number, the credit note, the bills in its place, and what changed."""

    number: str
    credit_note: str
    rebills: tuple[str, ...]
    because: tuple[str, ...]
    on: Any


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a bill stands in its chain; ``replaces`` and ``replaced_by`` are the steps before and after it."""

    replaces: Step | None
    replaced_by: Step | None
    steps: tuple[Step, ...]

    def __bool__(self) -> bool:
        return bool(self.steps)


def trace_of(*, invoice_id: int) -> Trace:
    """This will return the chain of corrections that an invoice or credit note belongs to; three queries."""
    link = Rebill.objects.filter(invoice_id=invoice_id).select_related("correction").first()
    own = Correction.objects.filter(state=Correction.State.DONE, invoice_id=invoice_id).first()
    noted = own or Correction.objects.filter(state=Correction.State.DONE, credit_note_id=invoice_id).first()
    known = link.correction if link else noted
    if known is None:
        return Trace(None, None, ())
    rows = (
        Correction.objects.filter(state=Correction.State.DONE, root_id=known.root_id)
        .select_related("invoice", "credit_note")
        .prefetch_related("rebills__invoice")
        .order_by("position", "pk")
    )
    steps = {row.pk: _step(row) for row in rows}
    return Trace(
        steps.get(link.correction_id) if link else None,
        steps.get(noted.pk) if noted else None,
        tuple(steps.values()),
    )


def _step(row: Correction) -> Step:
    return Step(
        number=row.invoice.number,
        credit_note=row.credit_note.number if row.credit_note else "",
        rebills=tuple(each.invoice.number for each in row.rebills.all()),
        because=tuple(sentences.of_cause(cause) for cause in row.reasons),
        on=row.closed_at,
    )
