"""Writes what was rated as a draft, its parts by supply point and its charges after them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billing.charges.models import AccountCharge
from billing.invoices import stored_json
from billing.invoices.drafts import NewDraft
from billing.runs import drafting_parts, gathering
from billing.runs.models import BillRunItem
from billing.runs.rated import RatedPart

KEPT = ("item", "supply_point", "period", "used", "carried", "energy_wh")


def draft_of(item: BillRunItem, parts: Sequence[RatedPart], charges: Sequence[AccountCharge]) -> NewDraft:
    """This will put a bill together: what was rated, then the charges; either may be missing."""
    total = item.total if item.total is not None else Decimal(0)
    return drafting_parts.draft_of(item, parts, charges, total=total, run_item=item.pk)


def kept(part: RatedPart) -> tuple[object, ...]:
    """This will write down what later bills need to know of a section, as a row of ``KEPT`` for COPY."""
    period = part.section.period
    used, carried = (stored_json.as_text(gathering.as_text(each)) for each in (part.past.used, part.past.carried))
    return (
        *(part.section.item_id, part.section.supply_point.pk, f"[{period.start},{period.end})"),
        *(used, carried, part.past.energy_wh),
    )
