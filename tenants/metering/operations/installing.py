"""Hang meters at supply points with the registers they carry, before any file has named them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from tenants.metering.models import Channel, Meter


@dataclass(frozen=True, slots=True)
class Register:
    """A register of a new meter: its code on the meter, what it measures, in which unit and interval."""

    code: str
    kind: str
    unit: str = "Wh"
    minutes: int = 15


@dataclass(frozen=True, slots=True)
class NewMeter:
    """A meter to be hung at a supply point on ``since``; its days are days of ``zone``."""

    supply_point_id: int
    serial: str
    since: dt.date
    zone: str
    registers: Sequence[Register] = field(default_factory=tuple)


@transaction.atomic
def install_meters(*, meters: Sequence[NewMeter]) -> dict[tuple[int, str], int]:
    """This will create meters and channels and return channel ids by (supply point id, register code).

    Raises the database's refusal when a register of that code stands at the supply point already.
    """
    made = Meter.objects.bulk_create(
        Meter(supply_point_id=new.supply_point_id, serial=new.serial, period=DateRange(new.since, None))
        for new in meters
    )
    channels = Channel.objects.bulk_create(
        Channel(
            supply_point_id=new.supply_point_id,
            meter=meter,
            register_code=register.code,
            kind=register.kind,
            unit=register.unit,
            interval_minutes=register.minutes,
            recording_zone=new.zone,
        )
        for new, meter in zip(meters, made, strict=True)
        for register in new.registers
    )
    return {(channel.supply_point_id, channel.register_code): channel.pk for channel in channels}
