"""Working days and holidays of a market, from the `holidays` library or from a table of holiday periods.

A table has a first and a last day; outside it raises CalendarEnds instead of guessing from the weekday.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import holidays

from billing.rating.calendar_days import SATURDAY, CalendarEnds
from markets import files

_ONE_DAY = dt.timedelta(days=1)
_REMARK = re.compile(r"\s*\(.*?\)")
_APART = "; "

Names = Mapping[dt.date, frozenset[str]]


@dataclass(frozen=True, eq=False)
class WorkingDays:
    """The working-day calendar of one market or region (see billing.rating.calendars.DayKinds)."""

    table: str
    first: dt.date
    last: dt.date
    names: Names
    off: frozenset[dt.date]
    worked: frozenset[dt.date]
    holiday_names: frozenset[str]

    def is_working_day(self, day: dt.date) -> bool:
        """Return whether people work on ``day``. Raises CalendarEnds outside the table."""
        self._require(day)
        return day in self.worked or (day.weekday() < SATURDAY and day not in self.off)

    def holidays_of(self, day: dt.date) -> frozenset[str]:
        """Return the names of the holidays on ``day``. Raises CalendarEnds outside the table."""
        self._require(day)
        return self.names.get(day, frozenset())

    def _require(self, day: dt.date) -> None:
        if not self.first <= day <= self.last:
            raise CalendarEnds(table=self.table, first=self.first, last=self.last, day=day)


def read(settings: Mapping[str, Any], *, folder: Path, region: str | None) -> WorkingDays:
    """This will build the working-day calendar that a pack's ``working_days`` settings describe."""
    if "periods" in settings:
        return _from_periods(settings, files.read_rows(folder / settings["periods"]))
    return _from_library(settings, region)


def slug(name: str) -> str:
    """Return a holiday's name as rules write it: “New Year's Day (observed)” → new_years_day."""
    plain = _REMARK.sub("", name).lower().replace("'", "").replace(".", "")
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def _from_periods(settings: Mapping[str, Any], rows: Sequence[Mapping[str, str]]) -> WorkingDays:
    """Rows: holiday, first, last, worked (make-up working days, separated by blanks)."""
    names: dict[dt.date, set[str]] = {}
    for row in rows:
        days = list(_days(dt.date.fromisoformat(row["first"]), dt.date.fromisoformat(row["last"])))
        for day in days:
            names.setdefault(day, set()).update(_period_names(row["holiday"], len(days), settings))
    worked = {dt.date.fromisoformat(text) for row in rows for text in row["worked"].split()}
    return _working_days(settings, settings["table"], names, off=names, worked=worked)


def _period_names(holiday: str, days: int, settings: Mapping[str, Any]) -> set[str]:
    long = settings.get("long_holiday")
    return {holiday, long["name"]} if long and days >= long["at_least_days"] else {holiday}


def _from_library(settings: Mapping[str, Any], region: str | None) -> WorkingDays:
    first, last = (dt.date.fromisoformat(settings[key]) for key in ("first", "last"))
    found = holidays.country_holidays(
        settings["country"],
        subdiv=settings.get("subdivisions", {}).get(region, region),
        years=range(first.year, last.year + 1),
        language=settings["language"],
    )
    renamed = settings.get("names", {})
    names: dict[dt.date, set[str]] = {}
    for day, text in found.items():
        names[day] = {renamed.get(slug(part), slug(part)) for part in text.split(_APART)}
    worked = set(getattr(found, "weekend_workdays", ()))
    _override(settings.get("overrides", ()), region, names, worked)
    return _working_days(settings, region or settings["country"], names, off=names, worked=worked)


def _override(
    overrides: Iterable[Mapping[str, Any]], region: str | None, names: dict[dt.date, set[str]], worked: set[dt.date]
) -> None:
    """Apply the pack's own corrections: ``{day, region?, holiday}`` adds one, ``{day, region?, worked}`` takes it."""
    for entry in overrides:
        if entry.get("region", region) != region:
            continue
        day = dt.date.fromisoformat(entry["day"])
        if entry.get("worked"):
            names.pop(day, None)
            worked.add(day)
        else:
            names.setdefault(day, set()).add(entry["holiday"])


def _working_days(
    settings: Mapping[str, Any],
    table: str,
    names: Mapping[dt.date, set[str]],
    *,
    off: Iterable[dt.date],
    worked: Iterable[dt.date],
) -> WorkingDays:
    return WorkingDays(
        table=table,
        first=dt.date.fromisoformat(settings["first"]),
        last=dt.date.fromisoformat(settings["last"]),
        names={day: frozenset(found) for day, found in names.items()},
        off=frozenset(off),
        worked=frozenset(worked),
        holiday_names=frozenset().union(*names.values()),
    )


def _days(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    return (first + n * _ONE_DAY for n in range((last - first).days + 1))
