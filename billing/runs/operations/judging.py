"""Holds a rated bill against the brakes, and says of one that is set aside what it waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.charges.models import AccountCharge
from billing.runs import brakes, drafting_parts, exceptions, history, holds, limits, rated, reasons, register_readings
from billing.runs.gathering import Plan
from billing.runs.models import BillRunItem
from billing.runs.rated import RatedPart
from billing.runs.readings import Readings

ItemState = BillRunItem.State
NOT_READY = "rating_not_ready"
OF_REGISTERS = {
    "read_backward",
    "factor_missing",
    "registers_differ",
    register_readings.ShapeUnknown.code,
    register_readings.LabelsDiffer.code,
}
"""What a read, a factor or readings by interval can heal."""
PARKED_CODES = {rated.ReadingsMissing.code, history.EarlierBillOpen.code, NOT_READY, *OF_REGISTERS}
"""What time or an import can heal: a person sees it beside the implausible bills; the rest is refused."""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """What a chunk of bills is judged by, read once: limits by kind of customer, holds, open doubts of readings."""

    made: Plan
    read: Mapping[int, Readings]
    rules: limits.Rules
    held: Mapping[int, str]
    doubted: Mapping[int, int]

    @classmethod
    def over(cls, *, items: Sequence[BillRunItem], made: Plan, read: Mapping[int, Readings], on: dt.date) -> Judge:
        """This will read them for the items of a plan, in a fixed number of queries."""
        return cls(
            made=made,
            read=read,
            rules=limits.of_retailer(),
            held=holds.of_accounts(account_ids=[item.account_id for item in items], on=on),
            doubted=exceptions.open_by_supply_point(read=read, period=made.period),
        )

    def judge(self, item: BillRunItem, parts: Sequence[RatedPart], charges: Sequence[AccountCharge]) -> None:
        """This will set state, reason and figures of a rated item."""
        energy_total = sum((part.bill.total for part in parts), Decimal(0))
        item.total = energy_total + sum((charge.amount for charge in charges), Decimal(0))
        item.energy_wh = sum(part.past.energy_wh for part in parts)
        rules = self.rules.of_kind(item.account.customer.kind)
        doubts = brakes.doubts_about(
            total=energy_total,
            supplies=self._supplies(parts),
            period_days=self.made.period.days,
            limits=rules,
            currency=drafting_parts.currency_of(parts, charges),
            billed=item.total,
        )
        item.brakes = [{"code": doubt.code, "params": dict(doubt.params)} for doubt in doubts]
        item.state = ItemState.PARKED if doubts else ItemState.DRAFTED
        item.reason, item.reason_params = (doubts[0].code, dict(doubts[0].params)) if doubts else ("", {})
        item.watch = self.watched(item) if any(doubt.code == brakes.DOUBTED for doubt in doubts) else {}
        note = self.held.get(item.account_id)
        if note is not None:
            item.state, item.reason, item.reason_params = ItemState.HELD, reasons.ACCOUNT_HELD, {"note": note}

    def watched(self, item: BillRunItem) -> dict[str, Any]:
        """This will say which readings the item was judged by, so that a change of them wakes it."""
        points = sorted({each.supply_point.pk for each in self.made.sections if each.item_id == item.pk})
        versions = {str(key): value for point in points if point in self.read for key, value in self._of(point)}
        return {"points": points, "readings": dict(sorted(versions.items()))} if points else {}

    def _of(self, point: int) -> Sequence[tuple[int, str]]:
        return list(self.read[point].versions.items())

    def _supplies(self, parts: Sequence[RatedPart]) -> list[brakes.Supply]:
        by_point: dict[int, list[RatedPart]] = {}
        for part in parts:
            by_point.setdefault(part.section.supply_point.pk, []).append(part)
        return [self._supply(point, held) for point, held in by_point.items()]

    def _supply(self, point: int, held: Sequence[RatedPart]) -> brakes.Supply:
        days, energy = self.made.history.usual(held[0].section)
        return brakes.Supply(
            identifier=held[0].section.supply_point.identifier,
            days=sum(part.section.period.days for part in held),
            energy_wh=sum(part.past.energy_wh for part in held),
            feed_in_wh=sum(part.feed_in_wh for part in held),
            history_days=days,
            history_wh=energy,
            metered=any(part.metered for part in held),
            first_bill=days == 0,
            slots=sum(part.slots for part in held),
            estimated_slots=sum(part.estimated_slots for part in held),
            doubted_readings=self.doubted.get(point, 0),
        )


def set_aside(item: BillRunItem, refusal: Exception) -> None:
    """This will park what time or an import can heal and refuse the rest, without a draft."""
    item.reason, item.reason_params = reasons.of_error(refusal)
    item.state = ItemState.PARKED if item.reason in PARKED_CODES else ItemState.REFUSED
    item.brakes = [{"code": item.reason, "params": dict(item.reason_params)}]
    item.draft_id, item.total, item.energy_wh, item.watch = None, None, None, {}
