"""What a supply point used, by interval and by day, under the labels of the agreement that held then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.utils.translation import get_language, gettext

from kernel import market_time, texts
from kernel.energy import to_kwh
from kernel.errors import GridhallError
from kernel.periods import Period
from portal.console import bands
from portal.shared import charts, formats
from tenants.metering import queries as metering_queries
from tenants.tariffs import queries as tariff_queries
from tenants.tariffs import tariff_documents

CONSUMPTION, FEED_IN = "consumption", "feed_in"
NO_LABEL = ""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """The label of each slot, by position in ``names``; 0 is no label at all."""

    names: Sequence[str]
    codes: npt.NDArray[np.int16]
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def tones(self) -> dict[str, str]:
        return bands.tones(name for name in self.names if name)


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """The slots of a period: Wh used and fed in, which are missing, and their labels."""

    period: Period
    zone: ZoneInfo
    minutes: int
    starts: market_time.Instants
    used: npt.NDArray[np.int64]
    fed_in: npt.NDArray[np.int64] | None
    missing: npt.NDArray[np.bool_]
    labels: Labelled

    @property
    def day_at(self) -> npt.NDArray[np.int64]:
        """The local day of each slot, counted from the first."""
        edges = [
            np.datetime64(market_time.day_bounds(day, self.zone)[0].replace(tzinfo=None), "s") for day in self.period
        ]
        return np.searchsorted(np.array(edges), self.starts, side="right") - 1

    @property
    def local_times(self) -> list[dt.datetime]:
        """The start of each slot on the clock of the place."""
        return [start.replace(tzinfo=dt.UTC).astimezone(self.zone) for start in self.starts.tolist()]

    def label_of(self, slot: int) -> str:
        return self.labels.names[int(self.labels.codes[slot])]


def read(*, point: Any, channels: Sequence[Any], period: Period) -> Usage:
    """This will read the energy of a supply point in the finest intervals that all of its days have."""
    zone = ZoneInfo(point.premises.time_zone)
    start, end = period.instants(zone)
    energy = [channel for channel in channels if channel.kind in (CONSUMPTION, FEED_IN)]
    ids = [channel.pk for channel in energy]
    recorded = metering_queries.recorded_minutes(channel_ids=ids, period=period)
    minutes = max(recorded.values(), default=60)
    block = metering_queries.interval_block(channel_ids=ids, start=start, end=end, minutes=minutes)
    used = [n for n, channel in enumerate(energy) if channel.kind == CONSUMPTION]
    fed_in = [n for n, channel in enumerate(energy) if channel.kind == FEED_IN]
    return Usage(
        period=period,
        zone=zone,
        minutes=minutes,
        starts=block.starts,
        used=block.values[used].sum(axis=0, dtype=np.int64),
        fed_in=block.values[fed_in].sum(axis=0, dtype=np.int64) if fed_in else None,
        missing=np.asarray(block.missing[used].all(axis=0)) if used else np.ones(block.starts.size, dtype=np.bool_),
        labels=_labels(point, period, zone, block.starts, minutes),
    )


def by_day(usage: Usage, *, links: Sequence[str] = ()) -> charts.Figure:
    """This will draw a bar for each day, cut by label, with what was fed in below zero."""
    days = list(usage.period)
    day_at = usage.day_at
    known = np.zeros(len(days), dtype=np.bool_)
    known[day_at[~usage.missing]] = True
    tone_of = usage.labels.tones
    series = [
        charts.Series(_title(usage, name), _sums(usage, name, day_at, known), _tone(name, tone_of))
        for name in _stacked(usage, tone_of)
    ]
    if usage.fed_in is not None:
        sold = np.bincount(day_at, weights=None, minlength=len(days)) * 0
        np.add.at(sold, day_at, usage.fed_in)
        series.append(charts.Series(gettext("Fed in"), [-to_kwh(int(wh)) for wh in sold], "series-2"))
    return charts.StackedBars(
        title=gettext("Use by day"),
        subtitle=f"{formats.month(usage.period.start)} · kWh",
        categories=[str(day.day) for day in days],
        details=[formats.day(day) for day in days],
        series=series,
        places=3,
    ).figure()


def by_interval(usage: Usage) -> charts.Figure:
    """This will draw the curve of a day; a missing interval is a gap."""
    gaps = usage.missing.tolist()
    values = [None if gap else to_kwh(int(wh)) for wh, gap in zip(usage.used, gaps, strict=True)]
    tone_of = usage.labels.tones
    labelled = bool(tone_of)
    titles = {tone_of[name]: usage.labels.titles.get(name, name) for name in tone_of}
    fed_in = usage.fed_in
    sold = None if fed_in is None else [to_kwh(int(wh)) for wh in fed_in]
    return charts.Curve(
        title=gettext("Use on {day}").format(day=formats.day(usage.period.start)),
        subtitle=gettext("kWh in {minutes} minutes").format(minutes=usage.minutes),
        label="kWh",
        times=[f"{local:%H:%M}" for local in usage.local_times],
        values=values,
        bands=[tone_of.get(usage.label_of(n), "flat") for n in range(len(values))] if labelled else (),
        band_labels={"": gettext("Label"), **titles},
        compare=None if sold is None else charts.Series(gettext("Fed in"), sold, "series-2"),
    ).figure()


def rows(usage: Usage) -> list[list[Any]]:
    """This will return each slot as a row: start, Wh used, Wh fed in, label."""
    sold = usage.fed_in
    return [
        [
            local.isoformat(),
            None if usage.missing[n] else int(usage.used[n]),
            None if sold is None else int(sold[n]),
            usage.label_of(n),
        ]
        for n, local in enumerate(usage.local_times)
    ]


def _stacked(usage: Usage, tone_of: dict[str, str]) -> list[str]:
    present = {usage.labels.names[code] for code in np.unique(usage.labels.codes).tolist()}
    named = bands.from_cheap_to_dear((name for name in usage.labels.names if name in present and name), tone_of)
    return [*named, NO_LABEL] if NO_LABEL in present or not named else named


def _title(usage: Usage, name: str) -> str:
    return usage.labels.titles.get(name, name) if name else gettext("Used")


def _tone(name: str, tone_of: dict[str, str]) -> str:
    return f"band-{tone_of[name]}" if name else "series-1"


def _sums(usage: Usage, name: str, day_at: npt.NDArray[np.int64], known: npt.NDArray[np.bool_]) -> list[Decimal | None]:
    inside = usage.labels.codes == list(usage.labels.names).index(name)
    sums = np.zeros(known.size, dtype=np.int64)
    np.add.at(sums, day_at[inside], usage.used[inside])
    return [to_kwh(int(wh)) if there else None for wh, there in zip(sums, known, strict=True)]


def _labels(point: Any, period: Period, zone: ZoneInfo, starts: market_time.Instants, minutes: int) -> Labelled:
    painter = _Painter(zone, starts, minutes)
    for term in tariff_queries.terms_in(supply_point_ids=[point.pk], period=period).get(point.pk, []):
        try:
            painter.paint(term)
        except GridhallError:
            continue  # without its labels the use is still shown
    return Labelled(painter.names, painter.codes, painter.titles)


class _Painter:
    """Lays the labels of one agreement after the other on the slots."""

    def __init__(self, zone: ZoneInfo, starts: market_time.Instants, minutes: int) -> None:
        self.zone, self.starts, self.minutes = zone, starts, minutes
        self.names: list[str] = [NO_LABEL]
        self.titles: dict[str, str] = {}
        self.codes = np.zeros(starts.size, dtype=np.int16)

    def paint(self, term: Any) -> None:
        tariff = tariff_documents.tariff_of(version=term.version)
        name = tariff.calendar or next(iter(tariff.calendars), None)
        if name is None:
            return
        calendar = tariff_documents.calendar_of(name=name)
        facts = tariff_queries.calendar_facts(names=calendar.facts, period=term.period)
        first, last = (np.datetime64(instant.replace(tzinfo=None), "s") for instant in term.period.instants(self.zone))
        inside = (self.starts >= first) & (self.starts < last)
        found = calendar.labels_at(starts=self.starts[inside], minutes=self.minutes, facts=facts)
        self.names += [label for label in calendar.labels if label not in self.names]
        places = np.array([self.names.index(label) for label in calendar.labels], dtype=np.int16)
        self.codes[inside] = places[found]
        self.titles.update(label_titles(name))


def label_titles(calendar: str) -> dict[str, str]:
    """This will name a calendar's labels in the reader's language."""
    language = get_language() or "en"
    named = tariff_documents.label_titles(name=calendar)
    return {label: texts.pick(title, language) for label, title in named.items()}
