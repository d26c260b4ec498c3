"""Cells of day-per-row files: dates, names that a spreadsheet wrapped or shortened, marks of what was not read."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction

from tenants.metering.formats import base, numbers

_MISSING = {"", "-", "--", "—", "——", "/", "\\n", "na", "n/a", "nan", "null", "none"}
PADDING = 100_000_000
"""Exports pad what was not read with 1e8, however they write it."""

_MIDNIGHT = r"(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?"
_DATES = (
    re.compile(rf"(?P<year>[0-9]{{4}})(?P<mark>[-/.])(?P<month>[0-9]{{1,2}})(?P=mark)(?P<day>[0-9]{{1,2}}){_MIDNIGHT}"),
    re.compile(rf"(?P<year>[0-9]{{4}})年(?P<month>[0-9]{{1,2}})月(?P<day>[0-9]{{1,2}})日?{_MIDNIGHT}"),
    re.compile(rf"(?P<year>[0-9]{{4}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}}){_MIDNIGHT}"),
)
_DAY_FIRST = re.compile(r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})")
_SLASHED = re.compile(r"[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{2,4}")
_DAMAGED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE](?:\+[0-9]{1,3}|[0-9]{1,2})")
_WRAPPED = re.compile(r"=?\"*'?(.*?)\"*", re.DOTALL)


def is_missing(text: str) -> bool:
    """Tell whether the cell says that nothing was read."""
    return text.lower() in _MISSING or numbers.exact(text) == PADDING


def unwrapped(text: str) -> str:
    """Take off what spreadsheets wrap long numbers in: ="…", a leading apostrophe, a tab."""
    if text.isalnum() or not text:
        return text
    match = _WRAPPED.fullmatch(text.strip())
    return match[1].strip() if match else text


def is_shortened(text: str) -> bool:
    """Tell whether a spreadsheet made 3.2E+12 of a long number."""
    return _DAMAGED.fullmatch(text) is not None


def date_year_first(text: str) -> dt.date | None:
    """Return the date, written with the year first and the same mark twice, or None."""
    found = (pattern.fullmatch(unwrapped(text)) for pattern in _DATES)
    return next((_made(match) for match in found if match), None)


def date_of(text: str) -> dt.date | None:
    """Return the date, also one with points and the day first, or None."""
    match = _DAY_FIRST.fullmatch(text)
    return _made(match) if match else date_year_first(text)


def why_no_date(text: str) -> str:
    """The code of the refusal of a text that ``date_of`` does not know."""
    return "ambiguous_date" if _SLASHED.fullmatch(text) else "not_a_date"


def half_step(text: str) -> Fraction:
    """Half of the last digit that is written, of a text that is a number."""
    number = numbers.exact(text.replace(",", "."))
    exponent = number.as_tuple().exponent if number is not None else 0
    return Fraction(10) ** int(exponent) / 2 if isinstance(exponent, int) else Fraction(0)


def _made(match: re.Match[str]) -> dt.date | None:
    if int(match["year"]) not in base.YEARS:
        return None
    try:
        return dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
