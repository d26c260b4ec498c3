"""The readings of a place over a period, slot by slot: what was used, what is missing or estimated, which label."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernel.periods import Period
from portal.customer import tariffs
from portal.customer.places import Place
from tenants.metering import queries as metering_queries
from tenants.metering.formats.base import Quality

KINDS = ("consumption", "feed_in", "generation")
POOR = (Quality.SUBSTITUTED, Quality.ESTIMATED, Quality.QUESTIONABLE, Quality.EDITED)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Slots in order of time. ``day_at`` and ``label_at`` are positions in ``days`` and ``labels.names``."""

    place: Place
    kind: str
    days: tuple[dt.date, ...]
    minutes: int
    starts: npt.NDArray[np.datetime64]
    wh: npt.NDArray[np.int64]
    missing: Mask
    estimated: Mask
    day_at: npt.NDArray[np.int64]
    labels: tariffs.Labelling

    def sums(self, bucket_at: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
        """Return Wh [buckets, labels + 1]; the last column holds what has no label."""
        columns = len(self.labels.names) + 1
        label_at = np.where(self.labels.codes < 0, columns - 1, self.labels.codes)
        found = np.zeros((count, columns), dtype=np.int64)
        np.add.at(found, (bucket_at, label_at), self.wh)
        return found

    def known(self, bucket_at: npt.NDArray[np.int64], count: int) -> list[bool]:
        """Return for each bucket whether any reading is there."""
        found = np.zeros(count, dtype=np.bool_)
        found[bucket_at[~self.missing]] = True
        return [bool(value) for value in found]

    @property
    def local(self) -> list[dt.datetime]:
        """The start of each slot on the clock of the place."""
        zone = self.place.zone
        return [instant.replace(tzinfo=dt.UTC).astimezone(zone) for instant in self.starts.tolist()]


def channels_of(place: Place) -> list[Any]:
    """Return the energy channels of a place."""
    return list(metering_queries.channels_of(supply_point_ids=[place.point.pk], kinds=KINDS))


def kinds_of(channels: Sequence[Any]) -> list[str]:
    """Return what is measured there, use first."""
    measured = {channel.kind for channel in channels}
    return [kind for kind in KINDS if kind in measured]


def read(place: Place, channels: Sequence[Any], kind: str, period: Period) -> Slots:
    """Return the readings of one kind; what lies outside the customer's days is missing."""
    minutes = max((channel.interval_minutes for channel in channels), default=60)
    start, end = period.instants(place.zone)
    ids = [channel.pk for channel in channels if channel.kind == kind]
    block = metering_queries.interval_block(channel_ids=ids, start=start, end=end, minutes=minutes)
    days = tuple(period)
    day_at = _day_at(place, days, block.starts)
    missing = block.missing.all(axis=0) | ~_held(place, period)[day_at]
    poor = (np.isin(block.quality, POOR) & ~block.missing).any(axis=0) & ~missing
    return Slots(
        place=place,
        kind=kind,
        days=days,
        minutes=minutes,
        starts=block.starts,
        wh=np.where(missing, 0, block.values.sum(axis=0)).astype(np.int64),
        missing=missing,
        estimated=poor,
        day_at=day_at,
        labels=tariffs.labelling(place, period, kind, block.starts, minutes),
    )


def _day_at(place: Place, days: Sequence[dt.date], starts: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    midnights = [dt.datetime(d.year, d.month, d.day, tzinfo=place.zone).astimezone(dt.UTC) for d in days]
    edges = np.array([instant.replace(tzinfo=None) for instant in midnights], dtype="datetime64[s]")
    return (np.searchsorted(edges, starts, side="right") - 1).astype(np.int64)


def _held(place: Place, period: Period) -> Mask:
    held = np.zeros(period.days, dtype=np.bool_)
    for days in place.days_in(period):
        held[(days.start - period.start).days : (days.end - period.start).days] = True
    return held
