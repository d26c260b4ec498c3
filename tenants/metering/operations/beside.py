"""The checks of stored days that look beside them: earlier weeks, days before, other registers, former versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from tenants.metering.models import Channel
from tenants.metering.operations import findings, staged_days
from tenants.metering.operations.findings import Found
from tenants.metering.operations.staged_days import Place
from tenants.metering.validation import comparing, states
from tenants.metering.validation.codes import Check
from tenants.metering.validation.limits import MINUTES_PER_HOUR, Limits

Int64s = npt.NDArray[np.int64]
Key = tuple[int, int]
DAYS_OF_A_WEEK = 7
SCATTERED = 16
_SPAN = 10**7
"""More than there are days, so that channel × _SPAN + day is one sorted key."""


@dataclass(slots=True, eq=False)
class Stored:
    """What was stored: the channels around, their limits, and the days' columns."""

    places: Mapping[int, Place]
    limits: Mapping[str, Limits]
    channel_ids: Int64s
    days: Int64s
    totals: Int64s
    whole: npt.NDArray[np.bool_]
    nothing: npt.NDArray[np.bool_]
    estimated: npt.NDArray[np.bool_]
    looked_at: list[tuple[int, dt.date, str]] = field(default_factory=list)

    def limits_at(self, row: int) -> Limits:
        return self.limits[self.places[int(self.channel_ids[row])].kind]

    def found(self, row: int, check: Check, slots: Any = None, **params: Any) -> Found:
        """Build a finding on one of the rows."""
        channel_id, day = int(self.channel_ids[row]), dt.date.fromordinal(int(self.days[row]))
        limits = self.limits_at(row)
        return findings.found_on(limits=limits, channel_id=channel_id, day=day, check=check, slots=slots, **params)


def earlier_weeks(stored: Stored) -> list[Found]:
    """This will compare each whole day with the same weekday of the weeks before (V5)."""
    found: list[Found] = []
    for kind, limits in stored.limits.items():
        if limits.history_above is None and limits.history_below is None:
            continue
        of_kind = [place.id for place in stored.places.values() if place.kind == kind]
        rows = np.flatnonzero(np.isin(stored.channel_ids, of_kind) & stored.whole)
        if rows.size:
            found += _against_history(stored, rows, limits)
    return found


def _against_history(stored: Stored, rows: Int64s, limits: Limits) -> list[Found]:
    back = [DAYS_OF_A_WEEK * week for week in range(1, limits.history_weeks + 1)]
    keys, totals = _known_totals(stored.channel_ids[rows], stored.days[rows], back)
    wanted = (stored.channel_ids[rows] * _SPAN + stored.days[rows])[:, None] - np.array(back)
    at = np.minimum(np.searchsorted(keys, wanted), max(keys.size - 1, 0))
    there = (keys[at] == wanted) if keys.size else np.zeros(wanted.shape, dtype=np.bool_)
    counts = there.sum(axis=1)
    sums = np.where(there, totals[at], 0).sum(axis=1) if keys.size else np.zeros(rows.size, dtype=np.int64)
    mine = stored.totals[rows]
    enough = (counts >= limits.history_least) & (np.abs(mine * counts - sums) > limits.history_floor_wh * counts)
    found: list[Found] = []
    for check, ratio, over in (
        (Check.HIGH_USE, limits.history_above, True),
        (Check.LOW_USE, limits.history_below, False),
    ):
        if ratio is None:
            continue
        left, right = mine * counts * ratio.denominator, sums * ratio.numerator
        for place in np.flatnonzero(enough & ((left > right) if over else (left < right))).tolist():
            params = {
                "total": int(mine[place]),
                "usual": int(sums[place] // counts[place]),
                "weeks": int(counts[place]),
            }
            unit = stored.places[int(stored.channel_ids[rows[place]])].unit
            found.append(stored.found(int(rows[place]), check, **params, unit=unit))
    return found


def _known_totals(channel_ids: Int64s, days: Int64s, back: Sequence[int]) -> tuple[Int64s, Int64s]:
    """Keys and totals, sorted, of the whole days that lie ``back`` before ``days`` (and of others nearby)."""
    first, last = int(days.min()) - max(back), int(days.max()) - min(back)
    wanted = sorted({day - each for day in np.unique(days).tolist() for each in back})
    ids = np.unique(channel_ids).tolist()
    condition, bounds = "d.day BETWEEN %s AND %s", [dt.date.fromordinal(first), dt.date.fromordinal(last)]
    if len(wanted) <= SCATTERED:
        condition, bounds = "d.day = ANY(%s)", [[dt.date.fromordinal(day) for day in wanted]]  # type: ignore[list-item]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT array_agg(found.key), array_agg(found.total) FROM (
                SELECT c.id * {_SPAN} + (d.day - '0001-01-01'::date + 1) AS key, d.total
                FROM unnest(%s::bigint[]) c(id)
                JOIN LATERAL (SELECT day, total FROM metering_intervalday d
                              WHERE d.channel_id = c.id AND d.missing = 0 AND {condition}) d ON true
                ORDER BY 1) found""",
            [ids, *bounds],
        )
        keys, totals = cursor.fetchone()
    return np.array(keys or [], dtype=np.int64), np.array(totals or [], dtype=np.int64)


def zero_days(stored: Stored) -> list[Found]:
    """This will find runs of nothing that reach over several days at points somebody occupies (V6)."""
    rows = [row for row in np.flatnonzero(stored.nothing).tolist() if _zero_matters(stored.limits_at(row))]
    if not rows:
        return []
    longest = max(stored.limits_at(row).zero_minutes or 0 for row in rows)
    reach = longest // (24 * MINUTES_PER_HOUR) + 1
    before = days_before(pairs=_pairs(stored, rows), reach=reach)
    occupied = _occupied(stored, rows)
    found = []
    for row in rows:
        channel_id, day = int(stored.channel_ids[row]), int(stored.days[row])
        limits = stored.limits_at(row)
        minutes = _zero_minutes(stored.places[channel_id], day, before, reach)
        if minutes > (limits.zero_minutes or 0) and channel_id in occupied:
            hours = {"hours": minutes // MINUTES_PER_HOUR, "allowed": (limits.zero_minutes or 0) // MINUTES_PER_HOUR}
            found.append(stored.found(row, Check.ZERO, **hours))
    return found


def _zero_matters(limits: Limits) -> bool:
    return limits.zero_minutes is not None


def _zero_minutes(place: Place, day: int, before: Mapping[Key, tuple[bytes, bytes]], reach: int) -> int:
    """How long nothing was used up to the end of a day that has nothing itself."""
    minutes = staged_days.day_minutes(dt.date.fromordinal(day), place.zone)
    for back in range(1, reach + 1):
        packed = before.get((place.id, day - back))
        if packed is None:
            return minutes
        lasting = staged_days.day_minutes(dt.date.fromordinal(day - back), place.zone)
        values = np.frombuffer(packed[0], dtype="<i4")
        quality = np.frombuffer(packed[1], dtype=np.uint8)
        used = np.flatnonzero(
            (values != 0) | np.broadcast_to(states.in_state(quality, states.State.MISSING), values.shape)
        )
        if used.size:
            behind = values.size - 1 - int(used[-1])
            return minutes + behind * lasting // values.size
        minutes += lasting
    return minutes


def _occupied(stored: Stored, rows: Iterable[int]) -> set[int]:
    """Channels whose supply point an account answers for on the days in question."""
    rows = list(rows)
    ids = {int(stored.channel_ids[row]) for row in rows}
    first, last = (dt.date.fromordinal(int(bound(stored.days[rows]))) for bound in (np.min, np.max))
    found = Channel.objects.filter(
        pk__in=ids,
        supply_point__occupancies__period__overlap=(first, last + dt.timedelta(days=1)),
    )
    return set(found.values_list("pk", flat=True))


def estimates_in_a_row(stored: Stored) -> list[Found]:
    """This will find channels that have been estimated on more days in a row than is allowed."""
    rows = [row for row in np.flatnonzero(stored.estimated).tolist() if stored.limits_at(row).estimated_days]
    if not rows:
        return []
    reach = max(stored.limits_at(row).estimated_days or 0 for row in rows)
    before = days_before(pairs=_pairs(stored, rows), reach=reach)
    found = []
    for row in rows:
        channel_id, day = int(stored.channel_ids[row]), int(stored.days[row])
        allowed, count = stored.limits_at(row).estimated_days or 0, 1
        while count <= allowed and _is_estimated(before.get((channel_id, day - count))):
            count += 1
        if count > allowed:
            found.append(stored.found(row, Check.ESTIMATES, days=count, allowed=allowed))
    return found


def _is_estimated(packed: tuple[bytes, bytes] | None) -> bool:
    if packed is None:
        return False
    return bool(states.in_state(np.frombuffer(packed[1], dtype=np.uint8), states.State.ESTIMATED).any())


def other_registers(stored: Stored) -> list[Found]:
    """This will compare check registers with main ones (V11) and reactive with active energy (V7)."""
    by_point: dict[int, list[Place]] = {}
    for place in stored.places.values():
        by_point.setdefault(place.supply_point_id, []).append(place)
    watched = [pair for group in by_point.values() if len(group) > 1 for pair in _pairs_of(group)]
    if not watched or not stored.days.size:
        return []
    ids = sorted({place.id for pair in watched for place in (pair.judged, pair.beside)})
    totals = _totals(ids, stored)
    changed = {(int(c), int(d)) for c, d in zip(stored.channel_ids, stored.days, strict=True) if c in set(ids)}
    found: list[Found] = []
    for pair in watched:
        for day in sorted({day for channel_id, day in changed if channel_id in (pair.judged.id, pair.beside.id)}):
            found += _beside(stored, pair, day, totals)
    return found


@dataclass(frozen=True, slots=True)
class _Pair:
    """A register that is judged by the one beside it."""

    judged: Place
    beside: Place
    check: Check


def _pairs_of(group: Sequence[Place]) -> Iterable[_Pair]:
    """The main register is judged by its check, reactive energy by active."""
    mains = [place for place in group if place.kind != Channel.Kind.CHECK]
    for place in group:
        alike = {each.register_code: each for each in mains if each.unit == place.unit}
        if place.kind == Channel.Kind.CHECK and alike:
            code = comparing.main_register(check_code=place.register_code, mains=alike)
            if code is not None:
                yield _Pair(alike[code], place, Check.CHECK_METER)
        if place.kind == Channel.Kind.REACTIVE:
            active = [each for each in mains if each.kind == Channel.Kind.CONSUMPTION]
            if len(active) == 1:
                yield _Pair(place, active[0], Check.REACTIVE)


def _beside(stored: Stored, pair: _Pair, day: int, totals: Mapping[Key, int]) -> Iterable[Found]:
    date, judged = dt.date.fromordinal(day), pair.judged
    stored.looked_at.append((judged.id, date, str(pair.check)))
    mine, other = totals.get((judged.id, day)), totals.get((pair.beside.id, day))
    if mine is None or other is None:
        return
    limits = stored.limits[judged.kind]
    params: dict[str, Any] | None = None
    if pair.check is Check.REACTIVE:
        ratio = limits.kvarh_ratio
        if ratio is not None and comparing.too_reactive(reactive=mine, active=other, ratio=ratio):
            params = {"reactive": mine, "active": other, "allowed": int(other * ratio)}
    else:
        share = limits.check_meter_backup if pair.beside.check_share == "backup" else limits.check_meter_main
        if share is not None and comparing.meters_differ(main=mine, check=other, share=share):
            params = {"main": mine, "second": other, "allowed": _percent(share), "unit": judged.unit}
    if params is not None:
        yield findings.found_on(limits=limits, channel_id=judged.id, day=date, check=pair.check, **params)


def _percent(share: Fraction) -> str:
    return f"{Decimal((share * 100).numerator) / (share * 100).denominator:f}"


def _totals(ids: Sequence[int], stored: Stored) -> dict[Key, int]:
    """Totals of the whole days of channels within the span of what was stored."""
    days = [dt.date.fromordinal(int(bound(stored.days))) for bound in (np.min, np.max)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.channel_id, d.day, d.total FROM metering_intervalday d"
            " WHERE d.channel_id = ANY(%s) AND d.missing = 0 AND d.day BETWEEN %s AND %s",
            [list(ids), *days],
        )
        return {(channel_id, day.toordinal()): total for channel_id, day, total in cursor.fetchall()}


def days_before(*, pairs: Sequence[Key], reach: int) -> dict[Key, tuple[bytes, bytes]]:
    """This will return values and quality, packed, of the ``reach`` days before each (channel, day ordinal)."""
    if not pairs:
        return {}
    wanted = {(channel_id, day - back) for channel_id, day in pairs for back in range(1, reach + 1)}
    return packed_days(keys=wanted)


def packed_days(*, keys: Iterable[Key]) -> dict[Key, tuple[bytes, bytes]]:
    """This will return values and quality, packed, of days by (channel, day ordinal)."""
    wanted = list(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT d.channel_id, d.day, d."values", d.quality
            FROM unnest(%s::bigint[], %s::date[]) w(channel_id, day)
            JOIN metering_intervalday d ON d.channel_id = w.channel_id AND d.day = w.day""",
            [[channel for channel, _ in wanted], [dt.date.fromordinal(day) for _, day in wanted]],
        )
        return {(row[0], row[1].toordinal()): (bytes(row[2]), bytes(row[3])) for row in cursor.fetchall()}


def _pairs(stored: Stored, rows: Iterable[int]) -> list[Key]:
    return [(int(stored.channel_ids[row]), int(stored.days[row])) for row in rows]
