"""What a reader of register reads yields: what one register showed on one day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """One read of a file; ``day`` is the day it counts from, as the file has it.

    ``digits`` is how many stand before the decimal mark where zeros show it; ``said`` is the quantity since the read
    before, in units of the register, where the file tells it. ``tells_unit`` and
    ``tells_kind`` when those are the file's own words.
    """

    identifier: str
    register_code: str
    day: dt.date
    value: Decimal
    quality: str
    row: int
    kind: str = "consumption"
    unit: str = "kWh"
    meter_serial: str = ""
    aliases: tuple[str, ...] = ()
    read_at: dt.datetime | None = None
    digits: int | None = None
    reason: str = "periodic"
    note: str = ""
    since: dt.date | None = None
    said: Decimal | None = None
    tells_unit: bool = False
    tells_kind: bool = False
