"""The parts of a draft: what was rated by supply point, then the charges."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from billing.charges import queries as charge_queries
from billing.invoices.drafts import DraftPart, NewDraft
from billing.runs.models import BillRunItem
from billing.runs.rated import RatedPart
from tenants.customers import date_ranges

CHARGES = {"en": "Charges and credits", "zh-hans": "费用与抵扣"}


def draft_of(
    item: BillRunItem, parts: Sequence[RatedPart], charges: Sequence[Any], *, total: Decimal, run_item: int | None
) -> NewDraft:
    """This will put the bill of an item together; parts or charges may be missing, not both."""
    found = [_part(part) for part in parts]
    if charges:
        found.append(_charges(item, charges))
    versions: dict[str, Any] = {"parts": [dict(part.used) for part in parts]}
    return NewDraft(
        account_id=item.account_id,
        supply_period=date_ranges.to_period(item.period),
        currency=currency_of(parts, charges),
        total=total,
        parts=found,
        versions=versions | ({"charges": [charge.pk for charge in charges]} if charges else {}),
        run_item=run_item,
    )


def currency_of(parts: Sequence[RatedPart], charges: Sequence[Any]) -> str:
    """This will return the currency of a bill, which is that of each of its parts and charges."""
    return str(parts[0].bill.currency if parts else charges[0].currency)


def _part(part: RatedPart) -> DraftPart:
    section = part.section
    return DraftPart(
        supply_point_id=section.supply_point.pk,
        identifier=section.supply_point.identifier,
        address=section.supply_point.premises.address,
        period=section.period,
        product_titles=section.version.product.titles,
        product_version_id=section.version.pk,
        bill=part.bill.as_document(),
        slices=[each.period for each in section.slices],
        usage=part.usage,
        estimated_days=part.estimated_days,
    )


def _charges(item: BillRunItem, charges: Sequence[Any]) -> DraftPart:
    return DraftPart(
        supply_point_id=None,
        identifier="",
        address="",
        period=date_ranges.to_period(item.period),
        product_titles=CHARGES,
        product_version_id=None,
        bill={"currency": charges[0].currency, "lines": charge_queries.lines(charges=charges)},
    )
