"""Readings made from real curves: BDEW standard load profiles and one real home with solar panels.

A customer's curve is the profile of his kind in his season, with his own yearly use, busier months and a little noise
from a generator that is seeded with his supply point. Values are cut to whole watt-hours on the cumulated sum.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings

Curve = npt.NDArray[np.float64]
WattHours = npt.NDArray[np.int64]
QUARTERS = 96
QUARTERS_AN_HOUR = 4
HALVES = 48
WINTER, SUMMER, TRANSITION = "winter", "summer", "transition"
MISSING = -1
SEASONS = {12: WINTER, 1: WINTER, 2: WINTER, 6: SUMMER, 7: SUMMER, 8: SUMMER}
"""A profile has a typical week of each season, in kW for 1,000 kWh a year."""
SOLAR_START = dt.date(2011, 7, 1)
SOLAR_DAYS = 366
SOLAR_MOVED_BY = dt.timedelta(weeks=731)
YEAR_OF_WEEKS = 364
HALF_YEAR = 182


@dataclass(frozen=True, slots=True)
class Habit:
    """How a customer uses energy: profile, kWh a year, months of more use, noise, opposite season."""

    profile: str
    kwh_a_year: int
    busy_months: tuple[int, ...] = ()
    busy_factor: float = 1.0
    noise: float = 0.15
    southern: bool = False


@dataclass(frozen=True, slots=True)
class Twist:
    """Something odd from a day up to another: slots times ``factor``, or missing where it is below zero."""

    since: dt.date
    until: dt.date
    factor: float
    slots: tuple[int, int] = (0, QUARTERS)


@functools.cache
def _profile(name: str) -> dict[tuple[str, int], Curve]:
    """Return the typical days by season and weekday (1 is Monday)."""
    path = Path(settings.EXAMPLES_DIR) / "profiles" / "bdew-15min.csv"
    days: dict[tuple[str, int], list[str]] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            days.setdefault((row["period"], int(row["weekday"])), []).append(row[name])
    return {day: np.array(values, dtype=np.float64) for day, values in days.items()}


@functools.cache
def _solar() -> tuple[Curve, Curve]:
    """Return (load, generation) in Wh per half hour, one row a day."""
    path = next((Path(settings.EXAMPLES_DIR) / "meters" / "solar").glob("ausgrid-customer12*.csv"))
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [(row["GC"], row["GG"]) for row in csv.DictReader(handle)]
    power = np.array(rows, dtype=np.float64)
    load, generation = (power[:, i].reshape(-1, HALVES) * 500 for i in (0, 1))
    return load, generation


def usage(*, seed: str, habit: Habit, first: dt.date, days: int) -> WattHours:
    """Return Wh per quarter of an hour, shape [days, 96], for the customer named by ``seed``."""
    draw = generator(seed)
    dates = [first + dt.timedelta(days=n) for n in range(days)]
    typical = _profile(habit.profile)
    base = np.stack([typical[_season(day, habit.southern), day.isoweekday()] for day in dates])
    busy = np.array([habit.busy_factor if day.month in habit.busy_months else 1.0 for day in dates])
    daily = np.clip(draw.normal(1.0, habit.noise / 2, size=(days, 1)), 0.3, 2.0)
    noise = np.clip(draw.normal(1.0, habit.noise, size=(days, QUARTERS)), 0.05, 3.0)
    return whole(base * busy[:, None] * daily * noise * habit.kwh_a_year / QUARTERS_AN_HOUR)


def solar_home(
    *, first: dt.date, days: int, scale: float = 1.0, panels: float = 1.0, season: int = 0
) -> tuple[WattHours, WattHours]:
    """Return (consumption, feed-in) in Wh per half hour, shape [days, 48]: the real home, moved by whole weeks.

    ``panels`` multiplies its roof alone; ``season`` moves it by further days, so that a northern roof has its summer
    in July.
    """
    load, generation = _solar()
    rows = [_solar_day(first + dt.timedelta(days=n + season)) for n in range(days)]
    net = (load[rows] - generation[rows] * panels) * scale
    return whole(np.maximum(net, 0)), whole(np.maximum(-net, 0))


def quarters(half_hours: WattHours) -> WattHours:
    """Return each half hour as two quarters that sum to it."""
    first = half_hours // 2
    return np.stack([first, half_hours - first], axis=2).reshape(len(half_hours), -1)


def half_hours(quarter_hours: WattHours) -> WattHours:
    """Return quarters summed to half hours."""
    return quarter_hours.reshape(len(quarter_hours), -1, 2).sum(axis=2)


def whole(values: Curve) -> WattHours:
    """Return whole units whose running sum never leaves the curve's by more than half a unit."""
    sums = np.rint(np.cumsum(values, axis=1)).astype(np.int64)
    return np.diff(sums, axis=1, prepend=0)


def peak_kw(*, habit: Habit) -> float:
    """Return the highest power that a habit comes to in any quarter of an hour, its noise included."""
    highest = max(float(curve.max()) for curve in _profile(habit.profile).values())
    busy = max(1.0, habit.busy_factor if habit.busy_months else 1.0)
    return highest * habit.kwh_a_year / 1000 * busy * (1 + 5 * habit.noise)


def twisted(days: WattHours, *, first: dt.date, twist: Twist) -> WattHours:
    """Return the days with something odd in them."""
    rows = slice((twist.since - first).days, (twist.until - first).days)
    part = days[rows, twist.slots[0] : twist.slots[1]]
    part[:] = MISSING if twist.factor < 0 else np.rint(part * twist.factor)
    return days


def generator(seed: str) -> np.random.Generator:
    """Return the generator of one supply point: the same numbers on every machine."""
    return np.random.default_rng(zlib.crc32(seed.encode()))


def _season(day: dt.date, southern: bool) -> str:
    moved = day + dt.timedelta(days=HALF_YEAR) if southern else day
    return SEASONS.get(moved.month, TRANSITION)


def _solar_day(day: dt.date) -> int:
    row = (day - SOLAR_MOVED_BY - SOLAR_START).days
    while row < 0:
        row += YEAR_OF_WEEKS
    while row >= SOLAR_DAYS:
        row -= YEAR_OF_WEEKS
    return row
