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

from kernel import market_time
from markets import packs
from tenancy import context
from tenants.metering.formats.base import ACCEPTED_MINUTES
from tenants.metering.models import Channel
from tenants.metering.packing import VALUE_BYTES
from tenants.metering.validation import checks, limits, states

Int64s = npt.NDArray[np.int64]
PAGE = 8192
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
    """This will hand out the changed days in blocks and note each day's total; no other query may run meanwhile."""
    command = (
        f'COPY (SELECT channel_id, day, "values", quality, total, missing FROM {stage_table}'
        f" WHERE {_CHANGED}) TO STDOUT (FORMAT BINARY)"
    )
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.set_types(["int8", "date", "bytea", "bytea", "int8", "int2"])
        page: list[tuple] = []
        for row in copy.rows():
            page.append(row)
            if len(page) == PAGE:
                yield from _blocks(page, places, totals)
                page = []
        yield from _blocks(page, places, totals)


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


def _places(found) -> Iterator[Place]:
    rows = found.values_list(
        "pk", "supply_point_id", "register_code", "kind", "unit", "recording_zone", "supply_point__attributes"
    )
    for pk, point, code, kind, unit, zone, attributes in rows.iterator(chunk_size=2000):
        share = str(attributes.get("check_meter") or "main")
        yield Place(pk, point, code, kind, unit, zone, _capacity(attributes), share)


def _capacity(attributes: Mapping) -> int:
    for name in CAPACITY_NAMES:
        try:
            found = int(Fraction(str(attributes[name])) * 1000)
        except (KeyError, ValueError, ZeroDivisionError):
            continue
        if 0 < found < checks.NO_CAPACITY:
            return found
    return checks.NO_CAPACITY


@dataclass(frozen=True, slots=True)
class _Group:
    """What the days of a block share."""

    kind: str
    unit: str
    slots: int
    lasting: int


def _blocks(page: list[tuple], places: Mapping[int, Place], totals: Totals) -> Iterator[Rows]:
    groups: dict[_Group, list[tuple]] = {}
    for row in page:
        place = places[row[0]]
        key = _Group(place.kind, place.unit, len(row[2]) // VALUE_BYTES, day_minutes(row[1], place.zone))
        groups.setdefault(key, []).append(row)
    for group, rows in groups.items():
        yield _rows(group, rows, places, totals)


def _rows(group: _Group, rows: list[tuple], places: Mapping[int, Place], totals: Totals) -> Rows:
    minutes = minutes_of(slots=group.slots, lasting=group.lasting)
    values = np.frombuffer(b"".join([row[2] for row in rows]), dtype="<i4").reshape(len(rows), group.slots)
    quality = _quality([row[3] for row in rows], group.slots)
    channel_ids = np.array([row[0] for row in rows], dtype=np.int64)
    days = np.array([row[1].toordinal() for row in rows], dtype=np.int64)
    whole = np.array([row[5] == 0 for row in rows], dtype=np.bool_)
    totals.channel_ids.append(channel_ids)
    totals.days.append(days)
    totals.totals.append(np.array([row[4] for row in rows], dtype=np.int64))
    totals.whole.append(whole)
    totals.nothing.append(whole & ~values.any(axis=1))
    totals.estimated.append(_ESTIMATED[quality].any(axis=1))
    capacity = np.array([places[row[0]].capacity_va for row in rows], dtype=np.int64)
    expected = np.full(len(rows), group.lasting // minutes, dtype=np.int64)
    is_power = group.unit in POWER_UNITS
    block = checks.Block(values, quality, minutes, is_power, expected, capacity, group.unit)
    return Rows(channel_ids, days, group.kind, block)


def _quality(packed: list[bytes], slots: int) -> npt.NDArray[np.uint8]:
    if all(len(each) == 1 for each in packed):
        return np.frombuffer(b"".join(packed), dtype=np.uint8).reshape(-1, 1)
    spread = [each if len(each) == slots else each * slots for each in packed]
    return np.frombuffer(b"".join(spread), dtype=np.uint8).reshape(-1, slots)
