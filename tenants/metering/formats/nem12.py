"""NEM12, the interval file of the Australian market (AEMO, Meter Data File Format Specification NEM12 & NEM13).

A day is a day of market time, UTC+10 without clock change (specification, Date and time). Flows are named from the
market: E is energy out of the market, the customer's consumption; B is energy into it (National Metering Identifier
Procedure, NMI suffix).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from tenants.metering.formats import base, nem12_notes, nem12_words, nmi_check_digit, numbers, opening
from tenants.metering.formats.base import Kind, Quality, Refusal, Unit

MARKET_ZONE = "Etc/GMT-10"
MINUTES = (5, 15, 30)

_SUFFIX = re.compile(r"[A-Z][0-9A-Z]", re.ASCII)
_NMI = re.compile(r"[0-9A-Za-z]{1,11}", re.ASCII)
_QUALITY = re.compile(r"([AEFNSV])([0-9]{2})?", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_REASON = re.compile(r"[0-9]{0,3}", re.ASCII)


class _BadRow(Exception):
    """A row is refused; reading goes on after it."""

    def __init__(self, code: str, column: int | None = None, **params: object) -> None:
        super().__init__(code)
        self.code, self.column, self.params = code, column, params


@dataclass(slots=True)
class _Channel:
    """A 200 row."""

    row: int
    nmi: str
    aliases: tuple[str, ...]
    suffix: str
    kind: Kind
    unit: Unit
    scale: int
    minutes: int
    serial: str
    days: int = 0

    @property
    def slots(self) -> int:
        return base.MINUTES_PER_DAY // self.minutes


@dataclass(slots=True)
class _Day:
    """A 300 row, and how far the 400 rows behind it have come."""

    row: int
    channel: _Channel
    day: dt.date
    values: base.Values
    empty: npt.NDArray[np.bool_]
    quality: base.Qualities
    varies: bool
    stamped_at: dt.datetime | None
    covered: int = 0
    notes: list[base.Note] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """Where in the file the reader stands."""

    zone: str
    identifier: str | None = None
    named: str | None = None
    inside: bool = False
    created_at: dt.datetime | None = None
    channel: _Channel | None = None
    channel_refused: bool = False
    pending: _Day | None = None
    day_refused: bool = False
    written: int = 0
    seen: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)


def recognises(head: str) -> bool:
    """Tell whether the text starts like an MDFF file, also a broken one or a NEM13."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    start = first.lstrip("\ufeff \t\"'").split(",")[0].strip("\"' ")
    return start in {"100", "200", "250", "300"} and "," in first


def read(opened: opening.Opened, options: base.ReadOptions) -> base.Items:
    """Yield each day or refusal of a NEM12 file; a file without header or end is refused as a whole."""
    state = _State(zone=base.zone_named(options.zone or MARKET_ZONE).key, identifier=options.identifier)
    row = 0
    for row, line in opening.lines(opened):
        fields = opening.cells(line, row=row)
        state.written = len(fields)
        while len(fields) > 1 and not fields[-1]:
            fields.pop()
        yield from _take(state, row, fields)
    if state.inside:
        raise base.refuse_file("nem_end_missing", row=row)
    if row == 0:
        raise base.refuse_file("empty_file")


def _take(state: _State, row: int, fields: list[str]) -> Iterator[base.Item]:
    if not state.inside:
        _open_block(state, row, fields)
        return
    indicator = fields[0]
    if indicator != "400":
        yield from _finish_day(state)
    if indicator in {"200", "900"}:
        yield from _finish_channel(state)
    try:
        _ROWS.get(indicator, _unknown_row)(state, row, fields)
    except _BadRow as bad:
        yield Refusal(bad.code, row, bad.column, dict(bad.params))


def _channel_row(state: _State, row: int, fields: list[str]) -> None:
    state.channel_refused, state.day_refused = True, False
    state.channel = _channel(row, fields)
    if state.identifier is not None:
        _give_name(state, state.channel, state.identifier)
    state.channel_refused = False


def _give_name(state: _State, channel: _Channel, identifier: str) -> None:
    """Put the supply point that was given in the place of the file's only NMI."""
    state.named = state.named or channel.nmi
    if channel.nmi != state.named:
        raise _BadRow("one_supply_point", 2, text=channel.nmi, other=state.named)
    channel.nmi, channel.aliases = identifier, ()


def _day_row(state: _State, row: int, fields: list[str]) -> None:
    state.day_refused = True
    if not state.channel_refused:
        state.pending = _day(state, row, fields)
        state.day_refused = False


def _event_row(state: _State, row: int, fields: list[str]) -> None:
    day, state.pending = state.pending, None
    if day is None:
        if state.day_refused or state.channel_refused:
            return
        raise _BadRow("nem_order", 1, indicator="400")
    state.day_refused = True
    _event(day, fields)
    state.pending, state.day_refused = day, False


def _business_row(state: _State, row: int, fields: list[str]) -> None:
    if state.channel_refused:
        return
    if state.channel is None:
        raise _BadRow("nem_order", 1, indicator="500")
    if len(fields) > 5:
        raise _BadRow("nem_fields", indicator="500", expected=5, found=len(fields))


def _header_row(state: _State, row: int, fields: list[str]) -> None:
    raise base.refuse_file("nem_end_missing", row=row)


def _unknown_row(state: _State, row: int, fields: list[str]) -> None:
    raise _BadRow("nem_indicator", 1, indicator=fields[0][:20])


def _open_block(state: _State, row: int, fields: list[str]) -> None:
    if fields[0] != "100":
        raise base.refuse_file("nem_after_end" if state.created_at else "nem_header_missing", row=row)
    version = fields[1].upper() if len(fields) > 1 else ""
    if version == "NEM13":
        raise base.refuse_file("nem13", row=row, column=2)
    if version != "NEM12":
        raise base.refuse_file("nem_version", row=row, column=2, version=version[:20])
    if not 3 <= len(fields) <= 5:
        raise base.refuse_file("nem_header", row=row)
    created_at = _instant(fields[2])
    if created_at is None:
        raise base.refuse_file("not_an_instant", row=row, column=3, text=fields[2][:20])
    state.inside, state.created_at = True, created_at


def _close_block(state: _State, row: int, fields: list[str]) -> None:
    if len(fields) > 1:
        raise base.refuse_file("nem_fields_left_over", row=row, column=2, indicator="900", expected=1, place=2)
    state.inside, state.channel, state.channel_refused = False, None, False


def _channel(row: int, fields: list[str]) -> _Channel:
    if not 9 <= len(fields) <= 10:
        raise _BadRow("nem_fields", indicator="200", expected="9–10", found=len(fields))
    nmi, aliases = _nmi(fields[1])
    suffix, uom = fields[4].upper(), fields[7].upper()
    if not _SUFFIX.fullmatch(suffix) or suffix[0] not in nem12_words.KINDS:
        raise _BadRow("nmi_suffix", 5, suffix=fields[4][:20])
    kind, energy = nem12_words.KINDS[suffix[0]]
    if uom not in nem12_words.UNITS:
        raise _BadRow("unit", 8, unit=fields[7][:20])
    unit, scale = nem12_words.UNITS[uom]
    if nem12_words.POWER_OF.get(unit, unit) != energy:
        raise _BadRow("unit_of_suffix", 8, unit=fields[7], suffix=suffix)
    minutes = int(fields[8]) if _DIGITS.fullmatch(fields[8]) and len(fields[8]) < 4 else 0
    if minutes not in MINUTES:
        raise _BadRow("interval_length", 9, minutes=fields[8][:20])
    if len(fields) > 9 and _date(fields[9]) is None:
        raise _BadRow("not_a_date", 10, text=fields[9][:20])
    power = unit in nem12_words.POWER_OF and kind is not Kind.CHECK
    return _Channel(row, nmi, aliases, suffix, Kind.DEMAND if power else kind, unit, scale, minutes, fields[6])


def _nmi(text: str) -> tuple[str, tuple[str, ...]]:
    if not _NMI.fullmatch(text):
        raise _BadRow("nmi", 2, nmi=text[:20])
    if len(text) < 11:
        return text, ()
    expected = nmi_check_digit.check_digit(text[:10])
    if text[10] != str(expected):
        raise _BadRow("nmi_check_digit", 2, nmi=text, expected=expected)
    return text[:10], (text,)


def _day(state: _State, row: int, fields: list[str]) -> _Day:
    channel = state.channel
    if channel is None:
        raise _BadRow("nem_order", 1, indicator="300")
    slots = channel.slots
    if len(fields) <= 2 + slots or not _QUALITY.fullmatch(fields[2 + slots]):
        given = next((place for place, cell in enumerate(fields[2:]) if _QUALITY.fullmatch(cell)), slots)
        if given != slots:
            raise _BadRow("values_missing", found=given, expected=slots)
    # Six fields beside the values; the time of loading, the seventh, is left out by some providers.
    if state.written < slots + 6 or not 2 + slots < len(fields) <= slots + 7:
        raise _BadRow("nem_fields", indicator="300", expected=f"{slots + 6}–{slots + 7}", found=state.written)
    day = _date(fields[1])
    if day is None:
        raise _BadRow("not_a_date", 2, text=fields[1][:20])
    seen = state.seen.setdefault((channel.nmi, channel.suffix), {})
    if day.toordinal() in seen:
        raise _BadRow("day_twice", 2, other=seen[day.toordinal()])
    quality, varies = _quality(fields[2 + slots], 3 + slots, allow_varying=True)
    _check_reason(fields, 3 + slots)
    stamped_at = _stamp(fields, 2 + slots, state)
    found = numbers.convert(
        cells=fields[2 : 2 + slots], factor=Fraction(channel.scale), cumulate=channel.unit not in nem12_words.POWER_OF
    )
    if found.bad:
        worst = found.bad[0]
        raise _BadRow(worst.code, 3 + worst.index, text=worst.text[:20])
    seen[day.toordinal()] = row
    channel.days += 1
    qualities = np.full(slots, quality, dtype=np.uint8)
    made = _Day(row, channel, day, found.values, found.missing, qualities, varies, stamped_at)
    _note(made, fields, 2 + slots, (0, slots))
    return made


def _note(day: _Day, fields: list[str], at: int, slots: tuple[int, int]) -> None:
    note = nem12_notes.note_of(fields, at=at, first=slots[0], end=slots[1])
    if note is not None:
        day.notes.append(note)


def _stamp(fields: list[str], at: int, state: _State) -> dt.datetime | None:
    """The time of update behind the quality; a file from before its last change carries the time of its creation."""
    for offset in (3, 4):
        text = fields[at + offset] if len(fields) > at + offset else ""
        if text and _instant(text) is None:
            raise _BadRow("not_an_instant", at + offset + 1, text=text[:20])
    updated = fields[at + 3] if len(fields) > at + 3 else ""
    return _instant(updated) or state.created_at


def _quality(text: str, column: int, *, allow_varying: bool) -> tuple[Quality, bool]:
    match = _QUALITY.fullmatch(text)
    if match is None:
        raise _BadRow("quality", column, quality=text[:20])
    flag, method = match.groups()
    if (flag == "V" and not allow_varying) or (flag in "AVN" and method):
        raise _BadRow("quality_not_here", column, quality=text)
    return (Quality.MISSING, True) if flag == "V" else (nem12_words.QUALITIES[flag], False)


def _check_reason(fields: list[str], at: int) -> None:
    """A reason is a number of up to three digits; words stand in the field behind it."""
    text = fields[at] if len(fields) > at else ""
    if not _REASON.fullmatch(text):
        raise _BadRow("reason_code", at + 1, text=text[:20])


def _event(pending: _Day, fields: list[str]) -> None:
    """Take a 400 row. Behind a day that is not V it explains (specification, reasons 61, 79, 89): the flag stays."""
    if not 4 <= len(fields) <= 6:
        raise _BadRow("nem_fields", indicator="400", expected=6, found=len(fields))
    bounds = [int(text) if _DIGITS.fullmatch(text) and len(text) < 5 else 0 for text in fields[1:3]]
    start, end = bounds
    last = pending.channel.slots
    if start != pending.covered + 1 or not start <= end <= last:
        raise _BadRow("event_range", 2, start=fields[1][:9], end=fields[2][:9], expected=pending.covered + 1, last=last)
    quality, _ = _quality(fields[3], 4, allow_varying=False)
    _check_reason(fields, 4)
    if not pending.varies and quality != pending.quality[0]:
        raise _BadRow("event_quality", 4, quality=fields[3])
    pending.quality[start - 1 : end] = quality
    pending.covered = end
    _note(pending, fields, 3, (start - 1, end))


def _finish_day(state: _State) -> Iterator[base.Item]:
    day, state.pending = state.pending, None
    if day is None:
        return
    if (day.varies or day.covered) and day.covered != day.channel.slots:
        yield Refusal("events_missing", day.row, None, {"expected": day.channel.slots, "found": day.covered})
        return
    lost = np.flatnonzero(day.empty & (day.quality != Quality.MISSING))
    if lost.size:
        yield Refusal("empty_reading", day.row, int(lost[0]) + 3, {})
        return
    values = np.where(day.quality == Quality.MISSING, 0, day.values).astype(np.int32)
    channel = day.channel
    yield base.ChannelDay(
        identifier=channel.nmi,
        register_code=channel.suffix,
        kind=channel.kind,
        unit=channel.unit,
        minutes=channel.minutes,
        day=day.day,
        zone=state.zone,
        values=values,
        quality=day.quality,
        row=day.row,
        meter_serial=channel.serial,
        aliases=channel.aliases,
        stamped_at=day.stamped_at,
        columns=range(3, 3 + values.size),
        notes=tuple(day.notes),
    )


def _finish_channel(state: _State) -> Iterator[base.Item]:
    channel, state.channel = state.channel, None
    if channel is not None and channel.days == 0 and not state.day_refused:
        yield Refusal("nem_no_days", channel.row, None, {"row_200": channel.row})
    state.day_refused = False


def _date(text: str) -> dt.date | None:
    if len(text) != 8 or not _DIGITS.fullmatch(text) or int(text[:4]) not in base.YEARS:
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _instant(text: str) -> dt.datetime | None:
    """A time of the market clock, to the minute or the second, as an instant."""
    if len(text) not in (12, 14) or not _DIGITS.fullmatch(text) or int(text[:4]) not in base.YEARS:
        return None
    try:
        parts = [int(text[:4]), *(int(text[at : at + 2]) for at in range(4, len(text), 2))]
        return dt.datetime(*parts, tzinfo=ZoneInfo(MARKET_ZONE)).astimezone(dt.UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None


_ROWS: dict[str, Callable[[_State, int, list[str]], None]] = {
    "100": _header_row,
    "200": _channel_row,
    "300": _day_row,
    "400": _event_row,
    "500": _business_row,
    "900": _close_block,
}
