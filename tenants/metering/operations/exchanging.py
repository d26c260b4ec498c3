"""What happens to a meter after it was hung up: exchange, other transformers, removal, suspension and resumption.

Each is dated, is written down with who did it and when, and done a second time changes nothing. The day of a change is
the first day of the new state; the reads of that day close the old one and open the new.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenants.customers.refusals import named
from tenants.metering.models import Channel, Meter, MeterPause, Register, RegisterFactor
from tenants.metering.operations import installing, register_reads
from tenants.metering.operations.installing import FactorGap, NewMeter, PositionWithoutMeter, Ratios
from tenants.metering.operations.register_reads import NewRead, Reason

LONGEST_NOTE, LONGEST_NAME = 200, 254

Shown = Mapping[str, Decimal]
"""What the registers show, by their codes."""


class ReadsMissing(Invalid):
    """A change of a meter needs what its registers show on that day."""

    code = "change_needs_reads"
    template = gettext_noop("Say what the registers {codes} of meter {serial} show on {day}.")


class NotAfterStart(Invalid):
    """A change comes after the first day of what it ends."""

    code = "not_after_start"
    template = gettext_noop("The change must be later than {day}.")


class NotSuspended(Conflict):
    """Only what is suspended is resumed."""

    code = "not_suspended"
    template = gettext_noop("The supply is not suspended on {day}.")


@transaction.atomic
def exchange_meter(
    *, old: int, on: dt.date, removal: Shown, new: NewMeter, at: dt.datetime, by: str
) -> tuple[Meter, Meter]:
    """This will end meter ``old`` on ``on`` with its last reads and hang ``new`` in its position from that day.

    Channels of the old meter go on with the new one. Returns both; raises ReadsMissing, MeterHangs, or what reads
    are refused for.
    """
    meter = _meter(old)
    following = replace(new, supply_point_id=meter.supply_point_id, since=on, position=meter.position, registers=())
    done = installing.standing_meter(new=following)
    if done is not None and meter.period.upper == on:
        return meter, done
    with _whole():
        _end(meter, on, removal, at, by)
        made = installing.hang(new=following)
        installing.fit_registers(meter=made, dials=new.dials, at=at, by=by)
        _move_channels(meter, made, new)
    return meter, made


@transaction.atomic
def remove_meter(
    *, meter_id: int, on: dt.date, removal: Shown, reason: str, at: dt.datetime, by: str, wh_per_day: int = 0
) -> MeterPause:
    """This will take a meter down on ``on`` with its last reads; its position stays empty, or counts ``wh_per_day``.

    Raises ReadsMissing, NotAfterStart, or what reads are refused for.
    """
    meter = _meter(meter_id)
    kind = MeterPause.Kind.UNMETERED if wh_per_day else MeterPause.Kind.REMOVED
    place: dict[str, Any] = {"supply_point_id": meter.supply_point_id, "position": meter.position, "kind": kind}
    done = MeterPause.objects.filter(**place, period__startswith=on).first()
    if done is not None and meter.period.upper == on:
        return done
    with _whole():
        _end(meter, on, removal, at, by)
        return MeterPause.objects.create(
            **place,
            period=DateRange(on, None),
            wh_per_day=wh_per_day,
            reason=reason[:LONGEST_NOTE],
            recorded_at=at,
            recorded_by=by[:LONGEST_NAME],
        )


@transaction.atomic
def reinstall_meter(*, meter: NewMeter, at: dt.datetime, by: str) -> Meter:
    """This will hang a meter where one was removed, and end the pause of that position on that day."""
    done = installing.standing_meter(new=meter)
    if done is not None:
        return done
    with _whole():
        pauses = MeterPause.objects.filter(
            supply_point_id=meter.supply_point_id,
            position=meter.position or meter.serial,
            kind__in=(MeterPause.Kind.REMOVED, MeterPause.Kind.UNMETERED),
            period__contains=meter.since,
        )
        for pause in pauses.select_for_update():
            _cut(pause, meter.since)
        return installing.install_meter(meter=meter, at=at, by=by)


@transaction.atomic
def change_multiplier(
    *, meter_id: int, on: dt.date, ratios: Ratios, shows: Shown, at: dt.datetime, by: str, codes: Sequence[str] = ()
) -> list[RegisterFactor]:
    """This will let other ratios hold from ``on``, for the registers ``codes`` of a meter (without any, for all).

    A change of transformers needs what each register shows on that day; heat and volume of gas do not. The same
    again changes nothing. Raises ReadsMissing, BadDial, FactorGap.
    """
    meter = _meter(meter_id)
    installing.check_ratios(ratios=ratios, where="ratios")
    registers = [each for each in meter.registers.order_by("code") if not codes or each.code in codes]
    if set(ratios) & _TRANSFORMERS and on > meter.period.lower:
        _store_shown(meter, registers=registers, on=on, shown=shows, reason=Reason.MULTIPLIER, at=at, by=by)
    with _whole():
        return [
            made
            for register in registers
            for kind, ratio in sorted(ratios.items())
            for made in _let_hold(register, kind=kind, ratio=ratio, meter=meter, on=on, at=at, by=by)
        ]


@transaction.atomic
def suspend(
    *, supply_point_id: int, on: dt.date, shows: Mapping[str, Shown], reason: str, at: dt.datetime, by: str
) -> MeterPause:
    """This will note that the supply is off from ``on``; the meters hang on, and what they count is looked at.

    ``shows`` holds reads by serial and code, as far as they were taken. The same again changes nothing.
    """
    standing = MeterPause.objects.filter(
        supply_point_id=supply_point_id, position="", kind=MeterPause.Kind.SUSPENDED, period__contains=on
    ).first()
    if standing is not None:
        return standing
    _store_by_serial(supply_point_id, shows=shows, on=on, reason=Reason.SUSPENSION, at=at, by=by)
    with named({"metering_pause_one_at_a_time": Conflict(reason=gettext_noop("A later suspension is recorded."))}):
        return MeterPause.objects.create(
            supply_point_id=supply_point_id,
            kind=MeterPause.Kind.SUSPENDED,
            period=DateRange(on, None),
            reason=reason[:LONGEST_NOTE],
            recorded_at=at,
            recorded_by=by[:LONGEST_NAME],
        )


@transaction.atomic
def resume(*, supply_point_id: int, on: dt.date, shows: Mapping[str, Shown], at: dt.datetime, by: str) -> MeterPause:
    """This will end the suspension on ``on``; the same again changes nothing. Raises NotSuspended."""
    pauses = MeterPause.objects.select_for_update().filter(
        supply_point_id=supply_point_id, position="", kind=MeterPause.Kind.SUSPENDED
    )
    done = pauses.filter(period__endswith=on).first()
    if done is not None:
        return done
    pause = pauses.filter(period__contains=on, period__upper_inf=True).first()
    if pause is None or pause.period.lower >= on:
        raise NotSuspended(day=on.isoformat(), where="on")
    _store_by_serial(supply_point_id, shows=shows, on=on, reason=Reason.RESUMPTION, at=at, by=by)
    _cut(pause, on)
    return pause


def _meter(meter_id: int) -> Meter:
    found = Meter.objects.select_for_update().filter(pk=meter_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("meter"), name=str(meter_id))
    return found


def _end(meter: Meter, on: dt.date, removal: Shown, at: dt.datetime, by: str) -> None:
    if on <= meter.period.lower or (meter.period.upper is not None and on >= meter.period.upper):
        raise NotAfterStart(day=meter.period.lower.isoformat(), where="on")
    registers = list(meter.registers.order_by("code"))
    _store_shown(meter, registers=registers, on=on, shown=removal, reason=Reason.REMOVAL, at=at, by=by)
    meter.period = DateRange(meter.period.lower, on)
    meter.save(update_fields=["period"])


def _store_shown(
    meter: Meter, *, registers: Sequence[Register], on: dt.date, shown: Shown, reason: str, at: dt.datetime, by: str
) -> None:
    """Store what each of the registers shows; one that is not told must have been read on that day already."""
    told = {register.pk: shown[register.code] for register in registers if register.code in shown}
    silent = [register for register in registers if register.pk not in told]
    read = {each.register_id for register in silent for each in register.reads.filter(day=on, ended_at__isnull=True)}
    missing = [register.code for register in silent if register.pk not in read]
    if missing:
        raise ReadsMissing(codes=", ".join(missing), serial=meter.serial, day=on.isoformat(), where="reads")
    reads = [NewRead(pk, on, value, reason=reason) for pk, value in told.items()]
    register_reads.store_reads(reads=reads, at=at, source=str(reason), by=by)


def _store_by_serial(
    supply_point_id: int, *, shows: Mapping[str, Shown], on: dt.date, reason: str, at: dt.datetime, by: str
) -> None:
    reads = []
    for serial, shown in shows.items():
        held = Register.objects.filter(
            meter__supply_point_id=supply_point_id, meter__serial=serial, meter__period__contains=on
        )
        registers = {register.code: register.pk for register in held}
        for code, value in shown.items():
            if code not in registers:
                raise NotFound(what=gettext_noop("register"), name=f"{serial} {code}", where="reads")
            reads.append(NewRead(registers[code], on, value, reason=reason))
    if reads:
        register_reads.store_reads(reads=reads, at=at, source=str(reason), by=by)


def _let_hold(
    register: Register,
    *,
    kind: str,
    ratio: tuple[Decimal, Decimal],
    meter: Meter,
    on: dt.date,
    at: dt.datetime,
    by: str,
) -> Iterator[RegisterFactor]:
    """Cut the ratio in force on ``on`` and let the new one hold from there, as long as the old one would have."""
    standing = register.factors.select_for_update().filter(kind=kind, period__contains=on).first()
    if standing is not None and (standing.numerator, standing.denominator) == ratio:
        return
    until = _next_start(register, kind, on) if standing is None else standing.period.upper
    since = on
    if standing is None:
        earlier = register.factors.filter(kind=kind).exists()
        since = on if earlier or kind not in _TRANSFORMERS else meter.period.lower
        if since < on:
            # Until now the ratio was 1, without anybody having said so.
            first = installing.factor(register=register, kind=kind, ratio=_ONE, since=since, at=at, by=by)
            first.period = DateRange(since, on)
            first.save()
    elif standing.period.lower == on:
        standing.delete()
    else:
        _cut(standing, on)
    made = installing.factor(register=register, kind=kind, ratio=ratio, since=on, at=at, by=by)
    made.period = DateRange(on, until)
    made.save()
    yield made


def _next_start(register: Register, kind: str, on: dt.date) -> dt.date | None:
    later = register.factors.filter(kind=kind, period__startswith__gt=on).order_by("period").first()
    return later.period.lower if later is not None else None


def _cut(row: Any, on: dt.date) -> None:
    """End a dated fact on ``on``; one that would have no day left never was."""
    if row.period.lower >= on:
        row.delete()
        return
    row.period = DateRange(row.period.lower, on)
    row.save(update_fields=["period"])


def _move_channels(old: Meter, made: Meter, new: NewMeter) -> None:
    Channel.objects.filter(meter=old).update(meter=made)
    standing = set(Channel.objects.filter(supply_point_id=made.supply_point_id).values_list("register_code", flat=True))
    Channel.objects.bulk_create(
        Channel(
            supply_point_id=made.supply_point_id,
            meter=made,
            register_code=each.code,
            kind=each.kind,
            unit=each.unit,
            interval_minutes=each.minutes,
            recording_zone=new.zone,
        )
        for each in new.registers
        if each.code not in standing
    )


@contextmanager
def _whole() -> Iterator[None]:
    """Let the database look at gaps now, and give its refusal a name."""
    refused = {
        "metering_position_without_gap": PositionWithoutMeter(),
        "metering_factor_without_gap": FactorGap(),
    }
    with named(refused):
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


_TRANSFORMERS = frozenset({RegisterFactor.Kind.CURRENT, RegisterFactor.Kind.VOLTAGE, RegisterFactor.Kind.CONSTANT})
_ONE = (Decimal(1), Decimal(1))
