"""Sums of intervals against what registers counted between two reads (V3), and what a gap between them must hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Sum

from kernel.periods import Period
from tenants.metering import queries
from tenants.metering.models import Channel, IntervalDay, RegisterRead
from tenants.metering.operations import beside, findings
from tenants.metering.operations.findings import Found
from tenants.metering.operations.staged_days import Place
from tenants.metering.registers import units
from tenants.metering.validation import comparing
from tenants.metering.validation.codes import Check
from tenants.metering.validation.limits import Limits

ONE_DAY = dt.timedelta(days=1)
Looked = tuple[int, dt.date, str]


@dataclass(frozen=True, slots=True)
class Bracket:
    """Days between two reads of the registers of one kind, what they counted (Wh, varh), and one step of theirs."""

    period: Period
    quantity: int
    resolution: int


def differing(*, stored: beside.Stored) -> tuple[list[Found], list[Looked]]:
    """This will compare the stretches that stored days lie in; return findings, and what was looked at."""
    if not stored.days.size:
        return [], []
    first, last = (dt.date.fromordinal(int(bound(stored.days))) for bound in (np.min, np.max))
    changed = set(stored.channel_ids.tolist())
    points = {stored.places[channel_id].supply_point_id for channel_id in changed}
    period = Period(first, last + ONE_DAY)
    return compare(supply_point_ids=points, period=period, places=stored.places, limits=stored.limits)


def compare(
    *, supply_point_ids: Collection[int], period: Period, places: Mapping[int, Place], limits: Mapping[str, Limits]
) -> tuple[list[Found], list[Looked]]:
    """This will compare intervals with registers in every stretch that shares a day with ``period``."""
    points = _closed_points(supply_point_ids, period)
    if not points:
        return [], []
    brackets = brackets_in(supply_point_ids=points, period=period)
    found: list[Found] = []
    looked: list[Looked] = []
    for (point, kind), stretches in brackets.items():
        channels = [place for place in places.values() if place.supply_point_id == point and place.kind == kind]
        share = limits[kind].sum_tolerance
        if not channels or share is None or any(place.is_power for place in channels):
            continue
        for bracket in stretches:
            judged = min(channels, key=lambda place: place.register_code)
            day = bracket.period.end - ONE_DAY
            looked.append((judged.id, day, str(Check.SUM)))
            total = _sum_of(channels, bracket.period)
            if total is None or not comparing.sums_differ(
                intervals=total, register_energy=bracket.quantity, resolution=bracket.resolution, share=share
            ):
                continue
            allowed = comparing.sum_tolerance(
                register_energy=bracket.quantity, resolution=bracket.resolution, share=share
            )
            params = {"intervals": total, "register": bracket.quantity, "allowed": allowed, "unit": judged.unit,
                      "start": bracket.period.start.isoformat(), "end": bracket.period.end.isoformat()}  # fmt: skip
            found.append(
                findings.found_on(limits=limits[kind], channel_id=judged.id, day=day, check=Check.SUM, **params)
            )
    return found, looked


def brackets_in(*, supply_point_ids: Collection[int], period: Period) -> dict[tuple[int, str], list[Bracket]]:
    """This will return, by supply point and kind, the stretches between reads that share a day with ``period``.

    Only stretches that were read at both ends count, not estimated ones; and only at supply points whose days are those
    of their channels' recording zone: a register is read at local midnight.
    """
    found: dict[tuple[int, str], list[Bracket]] = {}
    for point, kinds in queries.register_uses(supply_point_ids=supply_point_ids, period=period).items():
        if not _same_days(point, period):
            continue
        for kind, use in kinds.items():
            if kind == Channel.Kind.DEMAND or use.troubles:
                continue
            found[point, kind] = list(_brackets(use.uses))
    return found


def bracket_of(*, channel: Channel, day: dt.date) -> Bracket | None:
    """This will return the stretch between two reads that holds ``day`` of a channel that is alone of its kind."""
    alone = Channel.objects.filter(supply_point_id=channel.supply_point_id, kind=channel.kind).count() == 1
    period = Period(day, day + ONE_DAY)
    if not alone or not _closed_points([channel.supply_point_id], period):
        return None
    found = brackets_in(supply_point_ids=[channel.supply_point_id], period=period)
    return next((each for each in found.get((channel.supply_point_id, channel.kind), ()) if day in each.period), None)


def _brackets(uses: Iterable[Any]) -> Iterable[Bracket]:
    """Stretches that every register hanging then was read over; of two meters at once both have to be read."""
    known = [use for use in uses if not use.stretch.estimated]
    for period in sorted({use.period for use in known}):
        group = [use for use in known if use.period == period]
        here = {use.register.pk for use in uses if use.period.overlaps(period)}
        if {use.register.pk for use in group} == here:
            yield Bracket(period, sum(use.quantity for use in group), sum(_step(use) for use in group))


def _step(use: Any) -> int:
    multiplier = max(part.multiplier for part in use.stretch.parts)
    scale = units.unit(name=use.register.unit).scale
    return int(scale * multiplier / 10**use.register.decimals)


def _closed_points(points: Collection[int], period: Period) -> list[int]:
    """Supply points with a read after the first of the days: without one no stretch is closed."""
    found = RegisterRead.objects.filter(
        register__meter__supply_point_id__in=points, day__gt=period.start, ended_at=None
    )
    return sorted(set(found.values_list("register__meter__supply_point_id", flat=True)))


def _same_days(point: int, period: Period) -> bool:
    rows = Channel.objects.filter(supply_point_id=point).values_list(
        "recording_zone", "supply_point__premises__time_zone"
    )
    return all(
        recorded == local or period.instants(ZoneInfo(recorded)) == period.instants(ZoneInfo(local))
        for recorded, local in rows
    )


def _sum_of(channels: Iterable[Place], period: Period) -> int | None:
    """The sum of all days of a stretch, None where one is not whole."""
    ids = [place.id for place in channels]
    whole = IntervalDay.objects.filter(channel_id__in=ids, day__gte=period.start, day__lt=period.end, missing=0)
    if whole.count() != len(ids) * period.days:
        return None
    return int(whole.aggregate(total=Sum("total"))["total"])
