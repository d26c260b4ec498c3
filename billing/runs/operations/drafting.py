"""Writes what was rated as a draft, its parts by supply point and its charges after them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from billing.charges.models import AccountCharge
from billing.invoices.drafts import NewDraft
from billing.runs import drafting_parts, gathering
from billing.runs.models import BillRunItem, RatedSection
from billing.runs.rated import RatedPart
from tenants.customers import date_ranges


def draft_of(item: BillRunItem, parts: Sequence[RatedPart], charges: Sequence[AccountCharge]) -> NewDraft:
    """This will put a bill together: what was rated, then the charges; either may be missing."""
    total = item.total if item.total is not None else Decimal(0)
    return drafting_parts.draft_of(item, parts, charges, total=total, run_item=item.pk)


def kept(part: RatedPart) -> RatedSection:
    """This will write down what later bills need to know of a section."""
    used: Any = gathering.as_text(part.past.used)
    return RatedSection(
        item_id=part.section.item_id,
        supply_point_id=part.section.supply_point.pk,
        period=date_ranges.of_period(part.section.period),
        used=used,
        carried=gathering.as_text(part.past.carried),
        energy_wh=part.past.energy_wh,
    )
