"""The usage of a day, a month or a year as a chart, coloured by time of use, with what it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from django.utils.translation import get_language, gettext

from kernel import texts
from kernel.energy import to_kwh
from portal.customer import bands
from portal.customer.readings import Slots
from portal.shared import charts, formats

PLAIN = "series-1"
SELDOM_FINER = 4

Costs = Sequence[Decimal | None]


def title_of(kind: str) -> str:
    """Return what is measured, for people."""
    names = {"consumption": gettext("Used"), "feed_in": gettext("Fed in"), "generation": gettext("Generated")}
    return names.get(kind, kind)


def day_curve(slots: Slots, costs: Costs, currency: str) -> charts.Curve:
    """Return one day, interval by interval."""
    names = slots.labels.names
    tone_of = bands.tones(names)
    values = [None if gone else to_kwh(wh) for wh, gone in zip(slots.wh.tolist(), slots.missing.tolist(), strict=True)]
    codes = slots.labels.codes.tolist()
    banded = len(names) > 1 and all(code >= 0 for code in codes)
    return charts.Curve(
        title=title_of(slots.kind),
        subtitle=gettext("kWh in {minutes} minutes").format(minutes=slots.minutes),
        label=gettext("kWh"),
        times=clocks(slots.local),
        values=values,
        bands=[tone_of[names[code]] for code in codes] if banded else (),
        band_labels=_band_labels(slots, tone_of) if banded else {},
        overlay=_overlay(costs, currency, places=SELDOM_FINER, step=True),
    )


def clocks(local: Sequence[dt.datetime]) -> list[str]:
    """Return the clock at each slot; an hour that comes twice carries its offset the second time."""
    shown: list[str] = []
    for instant in local:
        clock = formats.clock(instant)
        shown.append(f"{clock} {_offset(instant)}" if clock in shown else clock)
    return shown


def day_bars(slots: Slots, costs: Costs, currency: str) -> charts.StackedBars:
    """Return one month, or the days of one bill, day by day."""
    count = len(slots.days)
    estimated = set(slots.day_at[slots.estimated].tolist())
    known = slots.known(slots.day_at, count)
    details = [_detail(formats.day(day), n in estimated) for n, day in enumerate(slots.days)]
    return charts.StackedBars(
        title=title_of(slots.kind),
        subtitle=gettext("kWh a day"),
        categories=[_day_mark(day, n) for n, day in enumerate(slots.days)],
        details=details,
        series=stacked(slots, slots.sums(slots.day_at, count), known),
        unit="kWh",
        places=2,
        overlay=_overlay(costs, currency, places=2),
    )


def month_bars(slots: Slots) -> charts.StackedBars:
    """Return the months, each as one bar."""
    months, month_at = months_of(slots)
    known = slots.known(month_at, len(months))
    return charts.StackedBars(
        title=title_of(slots.kind),
        subtitle=gettext("kWh a month"),
        categories=[formats.short_month(month) for month in months],
        details=[formats.month(month) for month in months],
        series=stacked(slots, slots.sums(month_at, len(months)), known),
        unit="kWh",
        places=1,
    )


def months_of(slots: Slots) -> tuple[list[dt.date], np.ndarray[Any, Any]]:
    """Return the first days of the months shown, and the month of each slot."""
    firsts = list(dict.fromkeys(day.replace(day=1) for day in slots.days))
    place_of = np.array([firsts.index(day.replace(day=1)) for day in slots.days], dtype=np.int64)
    return firsts, place_of[slots.day_at]


def stacked(slots: Slots, sums: np.ndarray[Any, Any], known: Sequence[bool]) -> list[charts.Series]:
    """Return one series for each label that occurs, cheap ones at the foot; a plain one where no label is known."""
    names = slots.labels.names
    tone_of = bands.tones(names)
    used = [name for name in names if sums[:, names.index(name)].any() or name in _occurring(slots)]
    found = [
        charts.Series(label_title(slots, name), _kwh(sums[:, names.index(name)], known), f"band-{tone_of[name]}")
        for name in bands.in_order(used, tone_of)
    ]
    if sums[:, -1].any() or not found:
        title = gettext("No time of use") if found else title_of(slots.kind)
        found.insert(0, charts.Series(title, _kwh(sums[:, -1], known), PLAIN))
    return found


def label_title(slots: Slots, label: str) -> str:
    """Return the label in the reader's language."""
    return texts.pick(slots.labels.titles.get(label) or label, get_language() or "en")


def _occurring(slots: Slots) -> set[str]:
    present = np.unique(slots.labels.codes[~slots.missing])
    return {slots.labels.names[code] for code in present.tolist() if code >= 0}


def _kwh(column: Any, known: Sequence[bool]) -> list[Decimal | None]:
    return [to_kwh(wh) if there else None for wh, there in zip(column.tolist(), known, strict=True)]


def _band_labels(slots: Slots, tone_of: dict[str, str]) -> dict[str, Any]:
    occurring = {slots.labels.names[code] for code in slots.labels.codes.tolist() if code >= 0}
    named = {tone_of[name]: label_title(slots, name) for name in occurring}
    return named | {"": gettext("Time of use")}


def _overlay(costs: Costs, currency: str, *, places: int, step: bool = False) -> charts.Overlay | None:
    if not any(cost is not None for cost in costs):
        return None
    if all(cost is None or cost <= 0 for cost in costs):
        credits = [None if cost is None else -cost for cost in costs]
        return charts.Overlay(gettext("Feed-in credit"), credits, formats.symbol(currency), places, step)
    return charts.Overlay(gettext("Cost"), costs, formats.symbol(currency), places, step)


def _day_mark(day: dt.date, place: int) -> str:
    return formats.short_day(day) if place == 0 or day.day == 1 else str(day.day)


def _detail(text: str, estimated: bool) -> str:
    return gettext("{day} (partly estimated)").format(day=text) if estimated else text


def _offset(instant: dt.datetime) -> str:
    text = instant.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"
