"""What a customer used lately, over all places: the last days, and this month beside the same days of the last one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kernel.energy import to_kwh, to_wh
from kernel.periods import Period
from portal.customer.places import Place
from tenants.metering import queries as metering_queries

CONSUMPTION = "consumption"
DAYS_SHOWN = 30
ONE_DAY = dt.timedelta(days=1)

Totals = dict[int, dict[dt.date, int]]


@dataclass(frozen=True, slots=True)
class Recent:
    """Use up to and with ``until``; ``last_month`` is that of the same days a month before, None with gaps."""

    until: dt.date
    days: Sequence[Decimal | None]
    month: Period
    this_month: int
    last_month: int | None
    is_late: bool

    @property
    def change(self) -> Decimal | None:
        """This month's use against the same days of the last, as a share: 0.12 is 12 % more."""
        if not self.last_month:
            return None
        return Decimal(self.this_month) / Decimal(self.last_month) - 1

    @property
    def less(self) -> Decimal | None:
        """The change the other way round: 0.12 is 12 % less."""
        return None if self.change is None else -self.change

    @property
    def mean(self) -> int:
        """Wh a day over the days shown that have readings."""
        known = [kwh for kwh in self.days if kwh is not None]
        return to_wh(sum(known, Decimal(0))) // len(known)


def totals(places: Sequence[Place], channels: Sequence[Any], period: Period) -> Totals:
    """Return Wh by place and day, as far as the days are the customer's; one query for each time zone."""
    place_of = {place.point.pk: place for place in places}
    found: Totals = {}
    for zone in sorted({place.zone.key for place in places}):
        ids = {c.pk: c.supply_point_id for c in channels if place_of[c.supply_point_id].zone.key == zone}
        for (channel_id, day), wh in metering_queries.day_totals(
            channel_ids=list(ids), period=period, zone=zone
        ).items():
            place = place_of[ids[channel_id]]
            if place.is_held(day):
                days = found.setdefault(place.point.pk, {})
                days[day] = days.get(day, 0) + wh
    return found


def use_channels(places: Sequence[Place]) -> list[Any]:
    """Return the channels that measure use."""
    ids = [place.point.pk for place in places]
    return list(metering_queries.channels_of(supply_point_ids=ids, kinds=[CONSUMPTION]))


def window(channels: Sequence[Any]) -> Period | None:
    """Return the days to read: the month before the last reading, or the last days where those are more."""
    span = metering_queries.span_of(channel_ids=[channel.pk for channel in channels]) if channels else None
    if span is None:
        return None
    last = span.end - ONE_DAY
    month_before = (last.replace(day=1) - ONE_DAY).replace(day=1)
    return Period(min(month_before, span.end - dt.timedelta(days=DAYS_SHOWN)), span.end)


def recent(by_place: Totals, today: dt.date) -> Recent | None:
    """Return what was used lately; up to the day until which every place has readings."""
    if not by_place:
        return None
    until = min(max(days) for days in by_place.values())
    sums = _summed(by_place)
    shown = [sums.get(until - n * ONE_DAY) for n in reversed(range(DAYS_SHOWN))]
    first = until.replace(day=1)
    return Recent(
        until=until,
        days=[None if wh is None else to_kwh(wh) for wh in shown],
        month=Period(first, until + ONE_DAY),
        this_month=sum(wh for day, wh in sums.items() if first <= day <= until),
        last_month=_same_days_before(sums, until),
        is_late=until < today - ONE_DAY,
    )


def _summed(by_place: Totals) -> Mapping[dt.date, int]:
    sums: dict[dt.date, int] = {}
    for days in by_place.values():
        for day, wh in days.items():
            sums[day] = sums.get(day, 0) + wh
    return sums


def _same_days_before(sums: Mapping[dt.date, int], until: dt.date) -> int | None:
    last = until.replace(day=1) - ONE_DAY
    wanted = [last.replace(day=number) for number in range(1, min(until.day, last.day) + 1)]
    return sum(sums[day] for day in wanted) if all(day in sums for day in wanted) else None
