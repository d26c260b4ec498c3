"""Puts a bill that was rated anew in the place of the one it corrects, in the same run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from billing.runs import gathering, reasons
from billing.runs.models import BillRunItem, RatedSection
from billing.runs.rated import RatedPart
from billing.runs.rebilling import Again
from kernel.errors import Conflict, gettext_noop
from tenants.customers import date_ranges

ItemState = BillRunItem.State


class BillMoved(Conflict):
    """Somebody credited or billed anew what is being corrected."""

    code = "bill_moved"
    template = gettext_noop("A bill of this correction was credited or billed anew in the meantime; look at it again.")


def lock_items(*, item_ids: Collection[int], invoice_ids: Mapping[int, int]) -> list[BillRunItem]:
    """This will lock bills in force in the order of their keys; raises BillMoved unless each still has its invoice."""
    wanted = sorted(set(item_ids))
    found = list(BillRunItem.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"))
    stands = [item for item in found if item.state == ItemState.ISSUED and item.invoice_id == invoice_ids[item.pk]]
    if len(stands) != len(wanted):
        raise BillMoved
    return found


def take_out(*, item_ids: Collection[int], at: dt.datetime) -> None:
    """This will cancel bills whose invoices were just credited: their days, quantities and values count no more."""
    BillRunItem.objects.filter(pk__in=item_ids).update(
        state=ItemState.CANCELLED, reason=reasons.CORRECTED, reason_params={}, changed_at=at
    )


def put_in(*, bills: Sequence[tuple[Again, int, int]], at: dt.datetime) -> None:
    """This will write (bill, draft, invoice) as bills in force of the runs that issued their forerunners."""
    items = [
        BillRunItem(
            run_id=again.item.run_id,
            account_id=again.item.account_id,
            period=again.item.period,
            state=ItemState.ISSUED,
            total=again.total,
            energy_wh=again.energy_wh,
            draft_id=draft_id,
            invoice_id=invoice_id,
            attempts=1,
            changed_at=at,
        )
        for again, draft_id, invoice_id in bills
    ]
    BillRunItem.objects.bulk_create(items)
    _write_sections([(item.pk, again) for item, (again, _draft, _invoice) in zip(items, bills, strict=True)])


def refresh_sections(*, bills: Sequence[Again]) -> None:
    """This will write anew what later bills need to know of bills that stay as they are but rest on other inputs."""
    RatedSection.objects.filter(item_id__in=[again.item.pk for again in bills]).delete()
    _write_sections([(again.item.pk, again) for again in bills])


def _write_sections(bills: Sequence[tuple[int, Again]]) -> None:
    rows = [_section(item_id, part) for item_id, again in bills for part in again.parts]
    RatedSection.objects.bulk_create(rows)


def _section(item_id: int, part: RatedPart) -> RatedSection:
    return RatedSection(
        item_id=item_id,
        supply_point_id=part.section.supply_point.pk,
        period=date_ranges.of_period(part.section.period),
        used=gathering.as_text(part.past.used),
        carried=gathering.as_text(part.past.carried),
        energy_wh=part.past.energy_wh,
    )
