"""What a reader yields: a day of one channel, or a refusal with its row and reason."""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from kernel import market_time
from kernel.errors import GridhallError, gettext_noop
from tenants.metering.formats import reasons
from tenants.metering.formats.register_reading import RegisterReading

Values = npt.NDArray[np.int32]
Qualities = npt.NDArray[np.uint8]
ZoneOf = Callable[[tuple[str, ...]], str | None]

LARGEST = 2**31 - 1
"""Beyond int32 a reading is refused (docs/algorithms/readings.md, Storage)."""

YEARS = range(1990, 2101)
"""Other dates are mistakes; and time zones end with the calendar."""

MINUTES_PER_DAY = 24 * 60
ACCEPTED_MINUTES = (5, 15, 30, 60)


class Quality(enum.IntEnum):
    """How good a reading is; of several the largest number is the worst, so a sum takes the maximum."""

    ACTUAL = 1
    FINAL = 2
    SUBSTITUTED = 3
    ESTIMATED = 4
    QUESTIONABLE = 5
    EDITED = 6
    MISSING = 255


class Kind(enum.StrEnum):
    """What a channel measures, seen from the customer."""

    CONSUMPTION = "consumption"
    FEED_IN = "feed_in"
    GENERATION = "generation"
    REACTIVE = "reactive"
    APPARENT = "apparent"
    DEMAND = "demand"
    CHECK = "check"


class Unit(enum.StrEnum):
    """What one integer of a channel means; power is the mean over the interval."""

    WATT_HOUR = "Wh"
    VAR_HOUR = "varh"
    VOLT_AMPERE_HOUR = "VAh"
    WATT = "W"
    VAR = "var"
    VOLT_AMPERE = "VA"
    LITRE = "L"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row, or the whole file when ``row`` is None, is not accepted; counts start at 1."""

    code: str
    row: int | None = None
    column: int | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def template(self) -> str:
        """The English sentence with named places; a door translates it."""
        return reasons.SENTENCES[self.code]

    @property
    def sentence(self) -> str:
        return self.template.format(**self.params)


class FileRefused(GridhallError):
    """The file cannot be read on; ``refusal`` says where and why."""

    code = "file_refused"
    template = gettext_noop("The file was refused: {reason}")

    def __init__(self, refusal: Refusal) -> None:
        where = None if refusal.row is None else f"row {refusal.row}"
        super().__init__(where=where, reason=refusal.sentence)
        self.refusal = refusal


def refuse_file(code: str, *, row: int | None = None, column: int | None = None, **params: Any) -> FileRefused:
    """Build the exception that ends the reading of a file."""
    return FileRefused(Refusal(code, row, column, params))


@dataclass(frozen=True, slots=True)
class Note:
    """What a source says of the slots [first, end) beside their values: letter of quality, method, reason, words."""

    first: int
    end: int
    letter: str
    method: str = ""
    reason: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ChannelDay:
    """The readings of one register on one day of its recording zone.

    ``values`` are int32 in ``unit``, ``quality`` one ``Quality`` a slot; a missing slot has the value 0.
    ``aliases`` are further names of the supply point; ``stamped_at`` is when the source last changed the day;
    ``columns`` say where each slot stands in its row, from 1, if it stands in a column of its own.
    """

    identifier: str
    register_code: str
    kind: Kind
    unit: Unit
    minutes: int
    day: dt.date
    zone: str
    values: Values
    quality: Qualities
    row: int
    meter_serial: str = ""
    aliases: tuple[str, ...] = ()
    stamped_at: dt.datetime | None = None
    columns: Sequence[int] = ()
    notes: tuple[Note, ...] = ()

    @property
    def total(self) -> int:
        return int(self.values.sum(dtype=np.int64))

    @property
    def missing(self) -> int:
        return int(np.count_nonzero(self.quality == Quality.MISSING))


@dataclass(frozen=True, slots=True)
class Form:
    """What days of one register have in common; ``aliases`` are further names of the supply point."""

    identifier: str
    aliases: tuple[str, ...]
    register_code: str
    kind: Kind
    unit: Unit
    minutes: int
    zone: str
    meter_serial: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DayBlock:
    """Many days with equally many slots: day i has ``forms[form_of[i]]``, ordinal ``days[i]``, row ``rows[i]``.

    ``values`` and ``quality`` are days × slots; as of ``ChannelDay``. ``lead`` columns stand before the readings.
    """

    forms: list[Form]
    form_of: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]
    values: Values
    quality: Qualities
    rows: npt.NDArray[np.int64]
    lead: int = 0


def separate_days(block: DayBlock) -> Iterator[ChannelDay]:
    """Yield the days of a block one by one."""
    for place, (form_at, ordinal, row) in enumerate(
        zip(block.form_of.tolist(), block.days.tolist(), block.rows.tolist(), strict=True)
    ):
        form = block.forms[form_at]
        yield ChannelDay(
            identifier=form.identifier,
            register_code=form.register_code,
            kind=form.kind,
            unit=form.unit,
            minutes=form.minutes,
            day=dt.date.fromordinal(ordinal),
            zone=form.zone,
            values=block.values[place],
            quality=block.quality[place],
            row=row,
            meter_serial=form.meter_serial,
            aliases=form.aliases,
            columns=range(block.lead + 1, block.lead + 1 + block.values.shape[1]) if block.lead else (),
        )


Item = ChannelDay | DayBlock | RegisterReading | Refusal
Items = Iterator[Item]


@functools.lru_cache(maxsize=8192)
def fits_day(day: dt.date, zone: ZoneInfo, minutes: int) -> bool:
    """Tell whether a day of ``zone`` is whole intervals; one of 24½ hours is none of hours (Lord Howe)."""
    opens, closes = market_time.day_bounds(day, zone)
    lasting = closes.astimezone(dt.UTC) - opens.astimezone(dt.UTC)
    return lasting % dt.timedelta(minutes=minutes) == dt.timedelta()


class UnknownSupplyPoint(Exception):
    """Said by a ``zone_of`` that knows the company: none of its supply points has that name."""


def no_zone(aliases: tuple[str, ...]) -> str | None:
    """Know no supply point: the zone of a reader that is used without a company."""
    return None


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the person who gives the file says about it; what is None is taken from the file.

    ``zone`` overrules everything, ``zone_of`` tells the zone of a supply point known to the company.
    ``identifier`` names the supply point of a file that holds one only; ``mapping`` says what its columns are. With
    ``blocks`` days may come many at a time. ``volumes`` lets cubic metres in, where the
    company has registers of them. A row of one reading may tell of no moment behind ``until``, given ``at``.
    """

    zone: str | None = None
    unit: str | None = None
    identifier: str | None = None
    zone_of: ZoneOf = no_zone
    mapping: dict[str, Any] | None = None
    blocks: bool = False
    volumes: bool = False
    at: dt.datetime | None = None
    until: dt.datetime | None = None


def zone_named(name: str) -> ZoneInfo:
    """Return the zone; a name that is none ends the file."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refuse_file("zone_name", zone=name) from error
