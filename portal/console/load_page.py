"""The page of the load: what is asked for, the sums by interval, day or month, and their chart."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import numpy as np
from django.utils.translation import gettext

from kernel.energy import to_kwh
from kernel.periods import Period
from portal.shared import charts, formats
from tenants.metering import queries

DAY, MONTH, YEAR = "day", "month", "year"
MEASURED, ESTIMATED = "series-1", "series-3"
ONE_DAY = dt.timedelta(days=1)
FILTERS = ("kind", "segment", "region")


@dataclass(frozen=True, slots=True)
class Asked:
    """What of which days is shown, and for which customers."""

    what: queries.LoadKind
    view: str
    date: dt.date
    only: queries.Only
    zone: ZoneInfo

    @property
    def period(self) -> Period:
        """The days shown."""
        if self.view == DAY:
            return Period(self.date, self.date + ONE_DAY)
        if self.view == MONTH:
            return Period.of_month(self.date.year, self.date.month)
        return Period(dt.date(self.date.year, 1, 1), dt.date(self.date.year + 1, 1, 1))

    @property
    def unit(self) -> str:
        return "kWh" if self.what.unit == "Wh" else "m³"

    def query(self, **changes: str) -> str:
        """Return the part of the address that leads to the same page with something else chosen."""
        own = {"what": name_of(self.what), "view": self.view, "date": self.date.isoformat()}
        own |= {name: value for name in FILTERS if (value := getattr(self.only, name))}
        return "?" + urlencode(own | changes)

    def curve(self) -> queries.LoadCurve:
        """Sum it, in the shortest interval that all readings have."""
        near = Period(self.period.start - ONE_DAY, self.period.end + ONE_DAY)
        minutes = queries.load_minutes(carrier=self.what.carrier, kind=self.what.kind, period=near)
        return queries.load_curve(
            carrier=self.what.carrier,
            kind=self.what.kind,
            period=self.period,
            zone=self.zone.key,
            minutes=minutes,
            only=self.only,
        )


def name_of(what: queries.LoadKind) -> str:
    """Return the code of a kind in addresses."""
    return f"{what.carrier}.{what.kind}"


def title_of(what: queries.LoadKind) -> str:
    """Return what is measured, for people."""
    kinds = {
        "consumption": gettext("Consumption"),
        "feed_in": gettext("Feed-in"),
        "generation": gettext("Generation"),
    }
    carriers = {"gas": gettext("Gas"), "heat": gettext("Heat"), "water": gettext("Water")}
    found = kinds.get(what.kind, what.kind)
    return f"{carriers[what.carrier]} · {found}" if what.carrier in carriers else found


def neighbours(asked: Asked) -> tuple[str, str]:
    """Return the queries of the page before and after, empty beyond the readings."""
    before, after = asked.period.start - ONE_DAY, asked.period.end
    days = asked.what.period
    return (
        asked.query(date=before.isoformat()) if before >= days.start else "",
        asked.query(date=after.isoformat()) if after < days.end else "",
    )


def heading(asked: Asked) -> str:
    """Return which days they are."""
    if asked.view == DAY:
        return formats.day(asked.date)
    return formats.month(asked.date) if asked.view == MONTH else str(asked.date.year)


def figure(asked: Asked, curve: queries.LoadCurve) -> Any:
    """Return the chart: a day as a curve, a month and a year as bars of what was measured and estimated."""
    if asked.view == DAY:
        return _curve(asked, curve)
    firsts, at = _buckets(asked, curve)
    energy, estimated, known = (np.zeros(len(firsts), dtype=np.int64) for _ in range(3))
    np.add.at(energy, at, curve.energy)
    np.add.at(estimated, at, curve.estimated)
    np.add.at(known, at, curve.known_minutes)
    month = asked.view == MONTH
    per = gettext("a day") if month else gettext("a month")
    return charts.StackedBars(
        title=title_of(asked.what),
        subtitle=f"{asked.unit} · {per}",
        categories=[str(first.day) if month else formats.short_month(first) for first in firsts],
        details=[formats.day(first) if month else formats.month(first) for first in firsts],
        series=[
            charts.Series(gettext("Measured"), _shown(energy - estimated, known), MEASURED),
            charts.Series(gettext("Estimated"), _shown(estimated, known), ESTIMATED),
        ],
        unit=asked.unit,
        places=0,
        links=[asked.query(view=DAY if month else MONTH, date=first.isoformat()) for first in firsts],
    ).figure()


def rows(asked: Asked, curve: queries.LoadCurve) -> list[tuple[Any, ...]]:
    """Return a row for each interval: start here and in UTC, energy, of it estimated, and the shares in per cent."""
    found = []
    for place, start in enumerate(curve.starts.tolist()):
        utc = start.replace(tzinfo=dt.UTC)
        shares = curve.shares(slice(place, place + 1))
        percents = [None] * 3 if shares is None else [round(Decimal(share) * 100, 2) for share in shares]
        found.append(
            (
                utc.astimezone(asked.zone).isoformat(timespec="minutes"),
                utc.isoformat(timespec="minutes").replace("+00:00", "Z"),
                to_kwh(int(curve.energy[place])) if shares is not None else None,
                to_kwh(int(curve.estimated[place])) if shares is not None else None,
                *percents,
            )
        )
    return found


def peak(asked: Asked, curve: queries.LoadCurve) -> tuple[str, Decimal] | None:
    """Return when the most was used in an interval, and the mean power in it (kW, or m³ an hour)."""
    if not curve.energy.any():
        return None
    place = int(np.argmax(curve.energy))
    local = curve.starts.tolist()[place].replace(tzinfo=dt.UTC).astimezone(asked.zone)
    power = to_kwh(int(curve.energy[place])) * 60 / curve.minutes
    return f"{formats.day(local.date())} {formats.clock(local)}", power


def _curve(asked: Asked, curve: queries.LoadCurve) -> Any:
    known = curve.known_minutes.tolist()
    values = [to_kwh(each) if there else None for each, there in zip(curve.energy.tolist(), known, strict=True)]
    estimated = [to_kwh(each) if there else None for each, there in zip(curve.estimated.tolist(), known, strict=True)]
    local = [start.replace(tzinfo=dt.UTC).astimezone(asked.zone) for start in curve.starts.tolist()]
    return charts.Curve(
        title=title_of(asked.what),
        subtitle=gettext("{unit} in {minutes} minutes").format(unit=asked.unit, minutes=curve.minutes),
        label=asked.unit,
        unit=asked.unit,
        places=0,
        times=[formats.clock(instant) for instant in local],
        values=values,
        compare=charts.Series(gettext("Estimated"), estimated, ESTIMATED) if any(estimated) else None,
    ).figure()


def _buckets(asked: Asked, curve: queries.LoadCurve) -> tuple[list[dt.date], np.ndarray[Any, Any]]:
    """The first days of the bars, and the bar of each slot."""
    days = list(asked.period)
    edges = np.array(
        [Period(day, day + ONE_DAY).instants(asked.zone)[0].replace(tzinfo=None) for day in days],
        dtype="datetime64[s]",
    )
    day_at = np.searchsorted(edges, curve.starts, side="right") - 1
    if asked.view == MONTH:
        return days, day_at
    firsts = [dt.date(asked.date.year, month, 1) for month in range(1, 13)]
    return firsts, np.array([day.month - 1 for day in days])[day_at]


def _shown(values: Any, known: Any) -> list[Decimal | None]:
    return [to_kwh(each) if there else None for each, there in zip(values.tolist(), known.tolist(), strict=True)]
