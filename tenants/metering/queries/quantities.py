"""What was recorded at a supply point, by intervals and by registers, and how far the two are apart (V3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from kernel.periods import Period
from markets import packs
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.metering.models import Channel
from tenants.metering.queries import readings, register_uses
from tenants.metering.queries.register_uses import RegisterUse
from tenants.metering.registers import checks
from tenants.metering.registers.policy import Policy


@dataclass(frozen=True, slots=True, eq=False)
class SumCheck:
    """The intervals of a supply point against its registers between two reads.

    ``missing`` counts the days of the stretch without whole intervals: with any of them the sums say nothing.
    """

    supply_point_id: int
    kind: str
    use: RegisterUse
    sums: checks.Sums
    missing: int

    @property
    def period(self) -> Period:
        return self.use.period

    @property
    def passes(self) -> bool:
        return self.missing > 0 or self.sums.passes


def recorded(*, supply_point_id: int, kind: str, period: Period) -> int | None:
    """This will return the Wh (varh) recorded over ``period``, by intervals where there are any, else by registers.

    None when neither recorded anything. Where bills follow the registers always, these come first.
    """
    used = register_uses.register_uses(supply_point_ids=[supply_point_id], period=period).get(supply_point_id, {})
    of_kind = used.get(kind)
    if of_kind is not None and of_kind.always and of_kind.uses:
        return int(of_kind.wh.sum())
    channels = _channels([supply_point_id], {kind})
    zone = _zones([supply_point_id]).get(supply_point_id, "")
    totals = readings.day_totals(channel_ids=[each.pk for each in channels], period=period, zone=zone)
    if totals:
        return sum(totals.values())
    return int(of_kind.wh.sum()) if of_kind is not None and of_kind.uses else None


def sum_checks(*, supply_point_ids: Collection[int], period: Period) -> list[SumCheck]:
    """This will compare, for each stretch between register reads inside ``period``, the sum of the intervals with it.

    Only registers that count all day are compared, and only where their kind has channels at the supply point.
    """
    uses = register_uses.register_uses(supply_point_ids=supply_point_ids, period=period)
    limits = Policy.of(policies=packs.pack(context.current_retailer().market).policies).limits
    channels: dict[tuple[int, str], list[Any]] = {}
    for channel in _channels(supply_point_ids, None):
        channels.setdefault((channel.supply_point_id, channel.kind), []).append(channel)
    zones = _zones(supply_point_ids)
    found = []
    for point, kinds in sorted(uses.items()):
        for kind, used in kinds.items():
            held = channels.get((point, kind), [])
            if not held or kind == Channel.Kind.DEMAND:
                continue
            for use in used.uses:
                if not use.register.label and use.period.start >= period.start and use.period.end <= period.end:
                    found.append(_compared(point, use, [each.pk for each in held], zones[point], limits))
    return found


def _compared(point: int, use: RegisterUse, channel_ids: list[int], zone: str, limits: checks.Limits) -> SumCheck:
    totals = readings.day_totals(channel_ids=channel_ids, period=use.period, zone=zone)
    gaps = readings.missing_days(channel_ids=channel_ids, period=use.period)
    missing: set[dt.date] = {day for days in gaps.values() for day in days}
    allowed = checks.tolerance(
        quantity=use.quantity,
        decimals=use.register.decimals,
        unit=use.register.unit,
        multiplier=max(part.multiplier for part in use.stretch.parts),
        limits=limits,
    )
    sums = checks.Sums(intervals=sum(totals.values()), register=use.quantity, tolerance=allowed)
    return SumCheck(point, use.register.kind, use, sums, len(missing))


def _channels(supply_point_ids: Collection[int], kinds: Collection[str] | None) -> list[Any]:
    return list(readings.channels_of(supply_point_ids=supply_point_ids, kinds=kinds))


def _zones(supply_point_ids: Collection[int]) -> dict[int, str]:
    rows = customer_queries.supply_points().filter(pk__in=supply_point_ids).values_list("pk", "premises__time_zone")
    return dict(rows)
