"""Values in sentences from below, as their reader writes them: days, amounts of money, energy."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from kernel import sentences
from kernel.money import Money
from portal.shared import formats

AS_GIVEN = {"value", "text", "name", "note", "number", "identifier", "column"}
"""Places that repeat what somebody wrote, or say how to write it."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3})")
_KWH = re.compile(r"-?\d+(?:\.\d+)?")


@contextmanager
def written_for_people() -> Iterator[None]:
    """Write days, amounts and energy in sentences as the active language and the company's territory do."""
    token = sentences.writer.set(written)
    try:
        yield
    finally:
        sentences.writer.reset(token)


def written(name: str, value: Any) -> Any:
    """Return what stands in the place ``name``; what is no day, amount or energy stays as it is."""
    if name in AS_GIVEN:
        return value
    if isinstance(value, Money):
        return formats.money(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return formats.day(value)
    return _text(name, value) if isinstance(value, str) else value


def _text(name: str, value: str) -> str:
    if _DAY.fullmatch(value):
        return _day(value)
    amount = _AMOUNT.fullmatch(value)
    if amount:
        return formats.money(Decimal(amount[1]), amount[2])
    return formats.number(Decimal(value)) if name.endswith("_kwh") and _KWH.fullmatch(value) else value


def _day(value: str) -> str:
    try:
        return formats.day(dt.date.fromisoformat(value))
    except ValueError:
        return value
