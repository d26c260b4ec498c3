"""The days a delivery has just stored, read back from its stage in blocks of channels alike, for the checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import QuerySet

from kernel import market_time
from markets import packs
from tenancy import context
from tenants.metering.formats.base import ACCEPTED_MINUTES
from tenants.metering.models import Channel
from tenants.metering.packing import VALUE_BYTES
from tenants.metering.validation import checks, limits, states

Int64s = npt.NDArray[np.int64]
PAGES_AT_ONCE = 1024
POWER_UNITS = frozenset({Channel.Unit.WATT, Channel.Unit.VAR, Channel.Unit.VOLT_AMPERE})
CAPACITY_NAMES = ("contract_kva", "capacity_kva")
SECONDS_PER_MINUTE = 60

_CHANGED = "outcome IN ('accepted', 'corrected')"
_ESTIMATED = np.array([states.state_of(byte) == states.State.ESTIMATED for byte in range(states.BYTES)])


@dataclass(frozen=True, slots=True)
class Place:
    """What the checks know of a channel."""

    id: int
    supply_point_id: int
    register_code: str
    kind: str
    unit: str
    zone: str
    capacity_va: int
    check_share: str

    @property
    def is_power(self) -> bool:
        return self.unit in POWER_UNITS


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The days of a page in blocks: which rows (channel, day) stand in a block, and the block."""

    channel_ids: Int64s
    days: Int64s
    kind: str
    block: checks.Block


@dataclass(slots=True)
class Totals:
    """What the stage told of days: channel, day (ordinal), total, and whether it is whole, nothing, estimated."""

    channel_ids: list[Int64s] = field(default_factory=list)
    days: list[Int64s] = field(default_factory=list)
    totals: list[Int64s] = field(default_factory=list)
    whole: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    nothing: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    estimated: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def joined(self, name: str) -> npt.NDArray:
        """Return one of the columns whole."""
        parts = getattr(self, name)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def market_policy() -> Mapping:
    """This will return the ``validation`` policy of the company's market."""
    return packs.pack(context.current_retailer().market).policies["validation"]


def limits_by_kind() -> dict[str, limits.Limits]:
    """This will return the limits of each kind of channel in the company's market."""
    policy = market_policy()
    return {kind: limits.limits_of(policy=policy, kind=kind) for kind in Channel.Kind.values}


def places_of(*, stage_table: str) -> dict[int, Place]:
    """This will return the channels of the supply points whose days changed, by id."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT channel_id FROM {stage_table} WHERE {_CHANGED}")
        ids = [channel_id for (channel_id,) in cursor.fetchall()]
    points = Channel.objects.filter(pk__in=ids).values("supply_point_id")
    return {place.id: place for place in _places(Channel.objects.filter(supply_point_id__in=points))}


def places(*, channel_ids: list[int]) -> dict[int, Place]:
    """This will return channels by id."""
    return {place.id: place for place in _places(Channel.objects.filter(pk__in=channel_ids))}


def read(*, stage_table: str, places: Mapping[int, Place], totals: Totals) -> Iterator[Rows]:
    """This will hand out the changed days in blocks and note each day's total.

    A page is a stretch of the table on disk, put together by the database: one row for all days of as many slots.
    """
    index = _Index.of(places)
    for first in range(0, _pages(stage_table), PAGES_AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(_PAGE.format(stage=stage_table), [f"({first},0)", f"({first + PAGES_AT_ONCE},0)"])
            found = cursor.fetchall()
        for row in found:
            yield from _blocks(_Packed.of(row), index, totals)


@lru_cache(maxsize=65536)
def day_minutes(day: dt.date, zone: str) -> int:
    """Return how many minutes a day of a zone has: 1380, 1440 or 1500."""
    start, end = market_time.day_bounds(day, ZoneInfo(zone))
    return int((end - start).total_seconds()) // SECONDS_PER_MINUTE


def minutes_of(*, slots: int, lasting: int) -> int:
    """Return the length of a day's slots; of a number that fits no length, that which is nearest."""
    exact = lasting // slots if slots and lasting % slots == 0 else 0
    if exact in ACCEPTED_MINUTES:
        return exact
    return min(ACCEPTED_MINUTES, key=lambda minutes: abs(lasting - slots * minutes))


def _places(found: QuerySet[Channel]) -> Iterator[Place]:
    rows = found.values_list(
        "pk", "supply_point_id", "register_code", "kind", "unit", "recording_zone", "supply_point__attributes"
    )
    for pk, point, code, kind, unit, zone, attributes in rows:
        capacity = next((attributes[name] for name in CAPACITY_NAMES if attributes.get(name)), 0)
        share = str(attributes.get("check_meter") or "main")
        yield Place(pk, point, code, kind, unit, zone, _capacity(str(capacity)), share)


def _capacity(said: str) -> int:
    try:
        found = int(Fraction(said) * 1000)
    except (ValueError, ZeroDivisionError):
        found = 0
    return found if 0 < found < checks.NO_CAPACITY else checks.NO_CAPACITY


def _pages(stage_table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(%s) / current_setting('block_size')::int + 1", [stage_table])
        return int(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """The channels in order of their ids, with what makes them alike."""

    ids: Int64s
    group: Int64s
    groups: tuple[tuple[str, str, str], ...]
    capacity: Int64s

    @classmethod
    def of(cls, places: Mapping[int, Place]) -> _Index:
        """Index ``places``."""
        ordered = [places[channel_id] for channel_id in sorted(places)]
        names = {(place.kind, place.unit, place.zone): 0 for place in ordered}
        numbers = {name: number for number, name in enumerate(names)}
        group = [numbers[place.kind, place.unit, place.zone] for place in ordered]
        capacity = [place.capacity_va for place in ordered]
        columns = [np.array(column, dtype=np.int64) for column in ([p.id for p in ordered], group, capacity)]
        return cls(columns[0], columns[1], tuple(names), columns[2])


@dataclass(frozen=True, slots=True, eq=False)
class _Packed:
    """Days of as many slots, as columns."""

    channel_ids: Int64s
    days: Int64s
    values: npt.NDArray[np.int32]
    quality: npt.NDArray[np.uint8]
    totals: Int64s
    missing: Int64s

    @classmethod
    def of(cls, row: tuple) -> _Packed:
        """Unpack what the database has put together."""
        size, quality_size, *packed = row
        channel_ids, days, values, quality, totals, missing = (bytes(column) for column in packed)
        return cls(
            np.frombuffer(channel_ids, dtype=">i8").astype(np.int64),
            np.frombuffer(days, dtype=">i4").astype(np.int64),
            np.frombuffer(values, dtype="<i4").reshape(-1, size // VALUE_BYTES),
            np.frombuffer(quality, dtype=np.uint8).reshape(-1, quality_size),
            np.frombuffer(totals, dtype=">i8").astype(np.int64),
            np.frombuffer(missing, dtype=">i2").astype(np.int64),
        )

    def only(self, rows: npt.NDArray[np.bool_]) -> _Packed:
        """Take some of the days."""
        if rows.all():
            return self
        return _Packed(
            self.channel_ids[rows],
            self.days[rows],
            self.values[rows],
            self.quality[rows],
            self.totals[rows],
            self.missing[rows],
        )


def _blocks(page: _Packed, index: _Index, totals: Totals) -> Iterator[Rows]:
    at = np.searchsorted(index.ids, page.channel_ids)
    group = index.group[at]
    for number in np.unique(group).tolist():
        kind, unit, zone = index.groups[number]
        days = {day: day_minutes(dt.date.fromordinal(day), zone) for day in set(page.days[group == number].tolist())}
        lasting = np.array([days.get(day, 0) for day in page.days.tolist()]) if len(set(days.values())) > 1 else None
        for length in sorted(set(days.values())):
            here = (group == number) if lasting is None else (group == number) & (lasting == length)
            yield _rows(_Group(kind, unit, length), page.only(here), index, totals)


@dataclass(frozen=True, slots=True)
class _Group:
    """What the days of a block share."""

    kind: str
    unit: str
    lasting: int


def _rows(group: _Group, page: _Packed, index: _Index, totals: Totals) -> Rows:
    slots = page.values.shape[1]
    minutes = minutes_of(slots=slots, lasting=group.lasting)
    whole = page.missing == 0
    totals.channel_ids.append(page.channel_ids)
    totals.days.append(page.days)
    totals.totals.append(page.totals)
    totals.whole.append(whole)
    totals.nothing.append(np.asarray(whole & (page.totals == 0) & ~page.values.any(axis=1)))
    totals.estimated.append(np.asarray(_ESTIMATED[page.quality].any(axis=1)))
    capacity = index.capacity[np.searchsorted(index.ids, page.channel_ids)]
    expected = np.full(page.days.size, group.lasting // minutes, dtype=np.int64)
    is_power = group.unit in POWER_UNITS
    block = checks.Block(page.values, page.quality, minutes, is_power, expected, capacity, group.unit)
    return Rows(page.channel_ids, page.days, group.kind, block)


_PAGE = """
SELECT octet_length("values"), octet_length(quality), string_agg(int8send(channel_id), ''::bytea),
    string_agg(int4send(day - '0001-01-01'::date + 1), ''::bytea), string_agg("values", ''::bytea),
    string_agg(quality, ''::bytea), string_agg(int8send(total), ''::bytea), string_agg(int2send(missing), ''::bytea)
FROM {stage}
WHERE outcome IN ('accepted', 'corrected') AND ctid >= %s::tid AND ctid < %s::tid
GROUP BY 1, 2
"""
