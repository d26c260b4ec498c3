"""A day of readings on one page: its curve with the estimate, its neighbours, what was found, and its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from kernel.energy import to_kwh
from kernel.periods import Period
from portal.console.forms import readings_queue as forms
from portal.shared import charts, formats
from tenants.metering import packing, queries
from tenants.metering.operations import estimating, validating

ONE_DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)
TONES = {"actual": "success", "estimated": "warn", "substituted": "info", "edited": "brand", "missing": "danger"}
EXCEPTION_TONES = {"open": "danger", "healed": "success"}


@dataclass(frozen=True, slots=True)
class Part:
    """A range of intervals that an estimate fills or a determination filled."""

    times: str
    method: str
    days: str
    total: str
    by: str = ""
    reason: str = ""
    standing: bool = True


def build(
    *, channel: Any, day: dt.date, at: dt.datetime, exception: Any = None, form: Any = None, zone: str
) -> dict[str, Any]:
    """Return what the page shows of a channel's day; ``exception`` names the intervals that are in doubt."""
    shown = queries.days_shown(channel_id=channel.pk, days=[day, day - ONE_DAY, day + ONE_DAY, day - WEEK])
    here = shown.get(day)
    waiting = queries.proposals_of_day(channel_id=channel.pk, day=day).filter(state="proposed").first()
    proposed: Any = queries.proposal_shown(proposal=waiting) if waiting else None
    parts = waiting.parts if waiting else []
    if waiting is None:
        preview = estimating.preview(channel_id=channel.pk, day=day, at=at, slots=doubted(exception))
        if preview is not None:
            proposed, parts = preview, preview.parts
    slots = here.values.size if here else (proposed.values.size if proposed is not None else 0)
    times = clock_times(channel, day, slots)
    final = queries.is_final(channel_id=channel.pk, day=day)
    return {
        "channel": channel,
        "day": day,
        "here": here,
        "unit": unit_of(channel),
        "total": None if here is None else to_kwh(here.total),
        "states": _states(here),
        "figure": _figure(channel, day, here, proposed, times),
        "beside": list(_beside(channel, day, shown)),
        "waiting": waiting,
        "proposed": proposed,
        "proposed_total": None if proposed is None else to_kwh(int(proposed.values.sum())),
        "parts": [_part(channel, day, part, proposed) for part in parts],
        "final": final,
        "edit_form": form or edit_form(channel=channel, day=day, here=here, slots=slots, final=final),
        "history": _history(channel, day, here, zone),
        "said": [_source(channel, each) for each in _said(channel, day)],
        "determinations": [_determined(channel, each) for each in _determinations(channel, day)],
    }


def unit_of(channel: Any) -> str:
    """Return the thousand of the channel's unit, in which people read it: kWh, kvar·h, kW, m³."""
    return "m³" if channel.unit == "L" else f"k{channel.get_unit_display()}"


def doubted(exception: Any) -> tuple[tuple[int, int], ...]:
    """Return the intervals of an exception that an estimate replaces though a reading is there."""
    return () if exception is None else validating.doubted(exception=exception)


def clock_times(channel: Any, day: dt.date, slots: int) -> list[str]:
    """Return when each interval starts on the channel's clock."""
    return [f"{each:%H:%M}" for each in queries.slot_times(channel=channel, day=day, slots=slots)]


def edit_form(*, channel: Any, day: dt.date, here: Any, slots: int, final: bool, data: Any = None) -> forms.EditForm:
    """Return the form of an edit, filled with the first gap if there is one."""
    first = last = 0
    if here is not None and "missing" in here.states:
        first = here.states.index("missing")
        last = first + next((n for n, state in enumerate(here.states[first:]) if state != "missing"), slots - first) - 1
    return forms.EditForm(
        data,
        times=clock_times(channel, day, slots),
        unit=unit_of(channel),
        final=final,
        initial={"first": first, "last": last, "base_version": here.version if here else 0},
        auto_id="edit-%s",
    )


def _states(here: Any) -> list[tuple[str, str, int]]:
    counts = here.counts() if here is not None else {}
    return [(queries.state_title(state=state), TONES[state], counts[state]) for state in TONES if counts.get(state)]


def _values(values: Any, states: Sequence[str] | None = None) -> list[Decimal | None]:
    found = [to_kwh(value) for value in values.tolist()]
    if states is None:
        return list(found)
    return [None if state == "missing" else value for value, state in zip(found, states, strict=True)]


def _figure(channel: Any, day: dt.date, here: Any, proposed: Any, times: list[str]) -> charts.Figure | None:
    if not times:
        return None
    standing: list[Decimal | None] = _values(here.values, here.states) if here is not None else [None] * len(times)
    compare = None
    if proposed is not None and proposed.values.size == len(times):
        compare = charts.Series(gettext("Proposed"), _values(proposed.values), "series-3")
    return charts.Curve(
        title=formats.day(day),
        subtitle=unit_of(channel),
        times=times,
        values=standing,
        unit=unit_of(channel),
        label=gettext("As it stands"),
        compare=compare,
    ).figure()


def _beside(channel: Any, day: dt.date, shown: dict[dt.date, Any]) -> Any:
    for title, other in (
        (gettext("Day before"), day - ONE_DAY),
        (gettext("Day after"), day + ONE_DAY),
        (gettext("Same weekday, last week"), day - WEEK),
    ):
        there = shown.get(other)
        figure = None
        if there is not None:
            figure = charts.Curve(
                title=f"{title} · {formats.short_day(other)}",
                subtitle=f"{formats.number(to_kwh(there.total), 1)} {unit_of(channel)}",
                times=clock_times(channel, other, there.values.size),
                values=_values(there.values, there.states),
                unit=unit_of(channel),
            ).figure()
        yield {"title": title, "day": other, "figure": figure}


def _span(channel: Any, day: dt.date, first: int, end: int, slots: int) -> str:
    starts = queries.slot_times(channel=channel, day=day, slots=slots)
    length = starts[1] - starts[0] if slots > 1 else dt.timedelta(days=1)
    return f"{starts[first]:%H:%M}–{starts[end - 1] + length:%H:%M}"


def _part(channel: Any, day: dt.date, part: dict[str, Any], proposed: Any) -> Part:
    values = proposed.values[part["first"] : part["end"]]
    method = queries.method_title(method=part["method"])
    if part["scaled"]:
        method = gettext("{method}, scaled to the registers").format(method=method)
    return Part(
        times=_span(channel, day, part["first"], part["end"], proposed.values.size),
        method=method,
        days=", ".join(formats.short_day(dt.date.fromisoformat(each)) for each in part["days"]),
        total=formats.number(to_kwh(int(values.sum())), 3),
    )


def _determinations(channel: Any, day: dt.date) -> Any:
    return queries.determinations_of_day(channel_id=channel.pk, day=day)


def _determined(channel: Any, each: Any) -> Part:
    slots = each.slots.upper - each.slots.lower
    here = queries.day_shown(channel_id=channel.pk, day=each.day, version=each.version)
    size = here.values.size if here is not None else each.slots.upper
    method = queries.method_title(method=each.method)
    return Part(
        times=_span(channel, each.day, each.slots.lower, each.slots.upper, size),
        method=gettext("{method}, scaled to the registers").format(method=method) if each.scaled else method,
        days=", ".join(formats.short_day(day) for day in each.reference_days),
        total=formats.number(to_kwh(int(packing.unpack_values(each.values).sum())), 3) if slots else "",
        by=each.by or gettext("by policy"),
        reason=each.reason,
        standing=each.replaced_at is None,
    )


def _said(channel: Any, day: dt.date) -> Any:
    return queries.source_notes(channel_ids=[channel.pk], period=Period(day, day + ONE_DAY))


def _source(channel: Any, each: Any) -> dict[str, str]:
    """What the source says of a range of intervals."""
    return {
        "times": _span(channel, each.day, each.first, each.end, each.slots),
        "quality": each.quality,
        "sentence": each.sentence,
    }


def _history(channel: Any, day: dt.date, here: Any, zone: str) -> list[dict[str, Any]]:
    """What happened to the day, the latest first: versions, findings, decisions, flags."""
    events: list[tuple[dt.datetime, dict[str, Any]]] = []
    for row in queries.former_versions(channel_id=channel.pk, day=day):
        events.append((row.recorded_at, _version(row.version, row.total, channel)))
    if here is not None and here.recorded_at is not None:
        events.append((here.recorded_at, _version(here.version, here.total, channel) | {"tone": "info"}))
    for found in queries.exceptions_of_day(channel_id=channel.pk, day=day):
        title = queries.title_of(code=found.code)
        text = queries.sentence_of(exception=found)
        events.append(
            (found.found_at, {"title": title, "text": text, "tone": EXCEPTION_TONES.get(found.state, "warn")})
        )
        if found.closed_at is not None:
            words = " · ".join(part for part in (found.closed_by, found.note) if part)
            closed = f"{title}: {found.get_state_display()}"
            events.append((found.closed_at, {"title": closed, "text": words, "tone": "success"}))
    for each in queries.proposals_of_day(channel_id=channel.pk, day=day):
        if each.decided_at is not None:
            title = f"{each.get_kind_display()}: {each.get_state_display()}"
            words = " · ".join(part for part in (each.made_by, each.decided_by, each.reason, each.note) if part)
            events.append((each.decided_at, {"title": title, "text": words, "tone": "neutral"}))
    for flag in queries.flags_of_day(channel_id=channel.pk, day=day):
        text = queries.reason_title(reason=flag.code)
        events.append((flag.recorded_at, {"title": flag.get_kind_display(), "text": text, "tone": "warn"}))
    events.sort(key=lambda event: event[0], reverse=True)
    return [event | {"time": formats.moment(at, zone)} for at, event in events]


def _version(version: int, total: int, channel: Any) -> dict[str, Any]:
    title = gettext("Version {version}").format(version=version)
    return {"title": title, "text": f"{formats.number(to_kwh(total), 3)} {unit_of(channel)}", "tone": "neutral"}
