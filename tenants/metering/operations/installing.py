"""Hang meters at supply points with the channels they record and the registers they carry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from kernel.errors import Conflict, Invalid, gettext_noop
from tenants.customers.refusals import named
from tenants.metering.models import Channel, Meter, RegisterFactor
from tenants.metering.models import Register as StoredRegister
from tenants.metering.operations import register_reads
from tenants.metering.registers import units

Reason = register_reads.Reason
MOST_DIGITS, MOST_DECIMALS = 12, 6
Ratios = Mapping[str, tuple[Decimal, Decimal]]
"""Kind of factor and its two numbers: {"ct": (10, 5), "pt": (10000, 100)}."""


class MeterHangs(Conflict):
    """A position has one meter at a time, a device one place."""

    code = "meter_hangs"
    template = gettext_noop("Meter {serial} cannot hang there from {day}: another meter, or this one elsewhere, does.")


class PositionWithoutMeter(Conflict):
    """A position has a meter on every day, or a pause that says why not."""

    code = "position_without_meter"
    template = gettext_noop(
        "A metering position would have no meter and no reason for it. Close the gap, or record a pause."
    )


class FactorGap(Conflict):
    """A ratio holds on every day the meter hangs."""

    code = "factor_gap"
    template = gettext_noop("A ratio of the register would have no value on some day the meter hangs.")


class BadDial(Invalid):
    """A register has digits and decimals within reason, and positive ratios."""

    code = "bad_dial"
    template = gettext_noop(
        "A register has 1 to {digits} digits, 0 to {decimals} decimals, and ratios of numbers above zero."
    )


@dataclass(frozen=True, slots=True)
class Register:
    """A channel of a new meter: its code on the meter, what it measures, in which unit and interval."""

    code: str
    kind: str
    unit: str = "Wh"
    minutes: int = 15
    energy: str = Channel.Energy.ELECTRICITY


@dataclass(frozen=True, slots=True)
class Dial:
    """A register that is read: what it counts, how it counts, its ratios, and what it shows when it is hung up."""

    code: str
    kind: str
    unit: str = "kWh"
    digits: int | None = None
    decimals: int = 0
    label: str = ""
    energy: str = StoredRegister.Energy.ELECTRICITY
    settles: str = StoredRegister.Settles.WITHOUT_INTERVALS
    ratios: Ratios = field(default_factory=dict)
    shows: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NewMeter:
    """A meter to be hung at a supply point on ``since``; its days are days of ``zone``."""

    supply_point_id: int
    serial: str
    since: dt.date
    zone: str
    registers: Sequence[Register] = field(default_factory=tuple)
    dials: Sequence[Dial] = field(default_factory=tuple)
    make: str = ""
    position: str = ""


@transaction.atomic
def install_meters(
    *, meters: Sequence[NewMeter], at: dt.datetime | None = None, by: str = ""
) -> dict[tuple[int, str], int]:
    """This will create meters, channels and registers and return channel ids by (supply point id, register code).

    What the registers show is stored as their first read, recorded ``at`` (needed for it). Raises MeterHangs,
    BadDial, UnknownUnit, and the database's refusal when a channel of that code stands at the supply point already.
    """
    made = [hang(new=new) for new in meters]
    channels = Channel.objects.bulk_create(
        _channel(new, meter, register) for new, meter in zip(meters, made, strict=True) for register in new.registers
    )
    for new, meter in zip(meters, made, strict=True):
        fit_registers(meter=meter, dials=new.dials, at=at, by=by)
    return {(channel.supply_point_id, channel.register_code): channel.pk for channel in channels}


@transaction.atomic
def install_meter(*, meter: NewMeter, at: dt.datetime, by: str) -> Meter:
    """This will hang one meter with channels, registers and first reads; done again, it changes nothing.

    Raises MeterHangs, BadDial, UnknownUnit, or what reads are refused for.
    """
    standing = standing_meter(new=meter)
    if standing is not None:
        return standing
    install_meters(meters=[meter], at=at, by=by)
    found = standing_meter(new=meter)
    if found is None:
        raise MeterHangs(serial=meter.serial, day=meter.since.isoformat(), where="serial")
    return found


def standing_meter(*, new: NewMeter) -> Meter | None:
    """This will return the meter that hangs there since that day under that serial, or None."""
    return Meter.objects.filter(
        supply_point_id=new.supply_point_id,
        serial=new.serial,
        make=new.make,
        position=new.position or new.serial,
        period__startswith=new.since,
    ).first()


def hang(*, new: NewMeter) -> Meter:
    """This will create the meter itself, from its first day on; raises MeterHangs."""
    taken = MeterHangs(serial=new.serial, day=new.since.isoformat(), where="serial")
    with named(dict.fromkeys(_PLACES, taken)):
        return Meter.objects.create(
            supply_point_id=new.supply_point_id,
            serial=new.serial,
            make=new.make,
            position=new.position or new.serial,
            period=DateRange(new.since, None),
        )


def fit_registers(*, meter: Meter, dials: Sequence[Dial], at: dt.datetime | None, by: str) -> list[StoredRegister]:
    """This will give ``meter`` its registers with their ratios, and store what they show on its first day."""
    for place, dial in enumerate(dials):
        _check(dial, place)
    made = StoredRegister.objects.bulk_create(
        StoredRegister(
            meter=meter,
            code=dial.code,
            kind=dial.kind,
            energy=dial.energy,
            unit=dial.unit,
            digits=dial.digits,
            decimals=dial.decimals,
            label=dial.label,
            settles=dial.settles,
        )
        for dial in dials
    )
    if at is None:
        if any(dial.shows is not None or dial.ratios for dial in dials):
            raise ValueError("What registers show is recorded at a time.")
        return made
    RegisterFactor.objects.bulk_create(
        factor(register=register, kind=kind, ratio=ratio, since=meter.period.lower, at=at, by=by)
        for register, dial in zip(made, dials, strict=True)
        for kind, ratio in sorted(dial.ratios.items())
    )
    first = [
        register_reads.NewRead(register.pk, meter.period.lower, dial.shows, reason=Reason.INSTALLATION)
        for register, dial in zip(made, dials, strict=True)
        if dial.shows is not None
    ]
    if first:
        register_reads.store_reads(reads=first, at=at, source="installation", by=by)
    return made


def factor(
    *, register: StoredRegister, kind: str, ratio: tuple[Decimal, Decimal], since: dt.date, at: dt.datetime, by: str
) -> RegisterFactor:
    """This will put together a ratio that holds from ``since`` on."""
    return RegisterFactor(
        register=register,
        kind=kind,
        numerator=ratio[0],
        denominator=ratio[1],
        period=DateRange(since, None),
        recorded_at=at,
        recorded_by=by,
    )


def check_ratios(*, ratios: Ratios, where: str | None = None) -> None:
    """This will refuse ratios of unknown kinds or of numbers that are not above zero; raises BadDial."""
    known = set(RegisterFactor.Kind.values)
    good = all(kind in known and all(_is_ratio(number) for number in ratio) for kind, ratio in ratios.items())
    if not good:
        raise BadDial(digits=str(MOST_DIGITS), decimals=str(MOST_DECIMALS), where=where)


def _is_ratio(number: Decimal) -> bool:
    finest = Decimal(1).scaleb(-RegisterFactor._meta.get_field("numerator").decimal_places)
    return number.is_finite() and finest <= number < _LARGEST_RATIO and number % finest == 0


def _check(dial: Dial, place: int) -> None:
    where = f"dials.{place}"
    units.require(name=dial.unit, kind=dial.kind, where=f"{where}.unit")
    digits = dial.digits is None or 1 <= dial.digits <= MOST_DIGITS
    if not digits or not 0 <= dial.decimals <= MOST_DECIMALS:
        raise BadDial(digits=str(MOST_DIGITS), decimals=str(MOST_DECIMALS), where=where)
    check_ratios(ratios=dial.ratios, where=where)


def _channel(new: NewMeter, meter: Meter, register: Register) -> Channel:
    return Channel(
        supply_point_id=new.supply_point_id,
        meter=meter,
        register_code=register.code,
        kind=register.kind,
        energy=register.energy,
        unit=register.unit,
        interval_minutes=register.minutes,
        recording_zone=new.zone,
    )


_LARGEST_RATIO = Decimal(1_000_000_000)
_PLACES = ("metering_meter_once_at_a_time", "metering_meter_one_at_a_position", "metering_meter_in_one_place")
