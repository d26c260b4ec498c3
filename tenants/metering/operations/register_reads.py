"""Store what was read off registers: each read once, the former ones kept, what cannot be believed set beside.

A read counts at the start of its day and stands once a day. The same again changes nothing; another value becomes the
next version. A real read takes the place of the estimates since the real one before it (docs/algorithms/registers.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from kernel.errors import GridhallError, Invalid, NotFound, gettext_noop
from kernel.periods import midnight
from markets import packs
from tenancy import context
from tenants.metering import present
from tenants.metering.models import Channel, MeterPause, Register, RegisterRead, Touched
from tenants.metering.operations import presence
from tenants.metering.registers import dials, ordering
from tenants.metering.registers.policy import Policy

LONGEST_NOTE, LONGEST_NAME = 200, 254

ACCEPTED, CORRECTED, UNCHANGED, OUTDATED = "accepted", "corrected", "unchanged", "outdated"
Quality, Reason = RegisterRead.Quality, RegisterRead.Reason
REAL = frozenset({Quality.ACTUAL, Quality.CUSTOMER})


class ReadOutOfRange(Invalid):
    """A read fits the dial."""

    code = "read_out_of_range"
    template = gettext_noop("{value} does not fit a register of {digits} digits and {decimals} decimals.")


class MeterNotThere(Invalid):
    """A register is read while its meter hangs, its last day included."""

    code = "meter_not_there"
    template = gettext_noop("Meter {serial} does not hang there on {day}: it hangs {period}.")


class ReadInDoubt(Invalid):
    """A backward read says nothing about use, whoever confirms it."""

    code = "read_in_doubt"
    template = gettext_noop(
        "A read that runs backward is not accepted as it is: withdraw it, correct it, or record a reset of the "
        "register."
    )


@dataclass(frozen=True, slots=True)
class NewRead:
    """What a register showed; ``read_at`` without a time is the start of ``day`` where the meter hangs."""

    register_id: int
    day: dt.date
    value: Decimal
    quality: str = Quality.ACTUAL
    reason: str = Reason.PERIODIC
    resumes_at: Decimal | None = None
    read_at: dt.datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a read: accepted, corrected, unchanged or outdated; the stored read, and its doubt if any."""

    outcome: str
    read: RegisterRead | None
    replaced: int = 0

    @property
    def doubt(self) -> str:
        return self.read.doubt if self.read is not None else ""


@dataclass(slots=True)
class _Ledger:
    """The standing reads of one register, and what is to be written."""

    register: Any
    standing: dict[dt.date, RegisterRead]
    versions: dict[dt.date, int]
    rules: ordering.Rules
    made: list[RegisterRead] = field(default_factory=list)
    ended: list[RegisterRead] = field(default_factory=list)


@transaction.atomic
def store_reads(
    *, reads: Sequence[NewRead], at: dt.datetime, source: str, by: str = "", import_id: int | None = None
) -> list[Outcome]:
    """This will store all reads or none, recorded ``at``, and say of each what became of it, in their order.

    Raises ReadOutOfRange, MeterNotThere, ReadNotTakenYet or NotFound. A read that runs backward is stored in doubt and
    used for nothing until a person has decided.
    """
    ledgers = _ledgers({read.register_id for read in reads})
    outcomes: dict[int, Outcome] = {}
    now = presence.present(at=at)
    for place in sorted(range(len(reads)), key=lambda each: reads[each].day):
        read = reads[place]
        if read.register_id not in ledgers:
            raise NotFound(what=gettext_noop("register"), name=str(read.register_id))
        ledger = ledgers[read.register_id]
        check_read(register=ledger.register, read=read, now=now)
        outcomes[place] = _enter(ledger, read, at, (source, by, import_id))
    _write(ledgers.values(), at, by or source)
    return [outcomes[place] for place in range(len(reads))]


@transaction.atomic
def store_each(
    *, reads: Sequence[NewRead], at: dt.datetime, source: str, by: str = "", import_id: int | None = None
) -> list[Outcome | GridhallError]:
    """This will store each read by itself and say what became of it, in their order; what is refused is its refusal.

    A handful of queries for any number of reads. Reads of one register are entered by their days, so that none is
    refused or doubted for another's place in the list.
    """
    ledgers = _ledgers({read.register_id for read in reads})
    outcomes: dict[int, Outcome | GridhallError] = {}
    now = presence.present(at=at)
    for place in sorted(range(len(reads)), key=lambda each: reads[each].day):
        read = reads[place]
        ledger = ledgers.get(read.register_id)
        try:
            if ledger is None:
                raise NotFound(what=gettext_noop("register"), name=str(read.register_id))
            check_read(register=ledger.register, read=read, now=now)
        except GridhallError as refusal:
            outcomes[place] = refusal
        else:
            outcomes[place] = _enter(ledger, read, at, (source, by, import_id))
    _write(ledgers.values(), at, by or source)
    return [outcomes[place] for place in range(len(reads))]


def check_read(*, register: Any, read: NewRead, now: present.Present) -> None:
    """This will refuse a read that the register cannot show, or of a day on which its meter does not hang there.

    Also of a day that has not begun at the moment ``now`` where the meter hangs. Raises ReadOutOfRange, MeterNotThere,
    ReadNotTakenYet.
    """
    for value in (read.value, read.resumes_at):
        if value is None:
            continue
        fits = value.is_finite() and value >= 0 and value == round(value, register.decimals)
        if not fits or (register.digits is not None and value >= dials.capacity(digits=register.digits)):
            digits = "–" if register.digits is None else str(register.digits)
            raise ReadOutOfRange(value=str(value)[:40], digits=digits, decimals=str(register.decimals), where="value")
    hangs = register.meter.period
    if read.day < hangs.lower or (hangs.upper is not None and read.day > hangs.upper):
        until = hangs.upper.isoformat() if hangs.upper else "…"
        raise MeterNotThere(
            serial=register.meter.serial,
            day=read.day.isoformat(),
            period=f"{hangs.lower.isoformat()} – {until}",
            where="day",
        )
    now.require_read(day=read.day, zone=register.meter.supply_point.premises.time_zone, read_at=read.read_at)


@transaction.atomic
def withdraw_read(*, read_id: int, at: dt.datetime, by: str) -> RegisterRead:
    """This will set a read aside for good, recorded ``at``; one that is set aside already is left alone."""
    read = _locked(read_id)
    if read.ended_at is None:
        read.ended_at, read.ended_by = at, by
        read.save(update_fields=["ended_at", "ended_by"])
        touch(changed=[(read.register, read.day)], at=at)
    return read


@transaction.atomic
def believe_read(*, read_id: int, at: dt.datetime, by: str) -> RegisterRead:
    """This will let a doubted read count after all; raises ReadInDoubt for one that runs backward."""
    read = _locked(read_id)
    if read.doubt == RegisterRead.Doubt.BACKWARD:
        raise ReadInDoubt()
    if read.doubt and read.ended_at is None:
        read.doubt, read.cleared_by = "", by
        read.save(update_fields=["doubt", "cleared_by"])
        touch(changed=[(read.register, read.day)], at=at)
    return read


@transaction.atomic
def estimate_reads(*, register_ids: Collection[int], day: dt.date, at: dt.datetime, by: str) -> list[Outcome]:
    """This will estimate what registers show on ``day`` from their last two believed reads; the rest is left out.

    A register that was read on that day or later needs no estimate.
    """
    wanted: list[NewRead] = []
    for ledger in _ledgers(set(register_ids)).values():
        believed = [read for _, read in sorted(ledger.standing.items()) if not read.doubt]
        if len(believed) < 2 or believed[-1].day >= day:
            continue
        value = ordering.estimate(
            earlier=_standing(believed[-2]),
            latest=_standing(believed[-1]),
            day=day,
            digits=ledger.register.digits,
            decimals=ledger.register.decimals,
            rollover_share=ledger.rules.rollover_share,
        )
        if value is not None:
            wanted.append(NewRead(ledger.register.pk, day, value, Quality.ESTIMATED))
    return store_reads(reads=wanted, at=at, source="estimate", by=by) if wanted else []


def _locked(read_id: int) -> RegisterRead:
    found = RegisterRead.objects.filter(pk=read_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("register read"), name=str(read_id))
    list(Register.objects.filter(pk=found.register_id).select_for_update(no_key=True))
    return RegisterRead.objects.get(pk=read_id)


def _ledgers(register_ids: Collection[int]) -> dict[int, _Ledger]:
    """Hold the registers and read what stands: three queries for any number of them."""
    registers = list(
        Register.objects.filter(pk__in=register_ids)
        .select_related("meter__supply_point__premises")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )
    share = Policy.of(policies=packs.pack(context.current_retailer().market).policies).rollover_share
    points = {register.meter.supply_point_id for register in registers}
    suspended: dict[int, list[tuple[dt.date, dt.date | None]]] = {}
    for pause in MeterPause.objects.filter(supply_point_id__in=points, kind=MeterPause.Kind.SUSPENDED):
        suspended.setdefault(pause.supply_point_id, []).append((pause.period.lower, pause.period.upper))
    ledgers = {
        register.pk: _Ledger(
            register,
            {},
            {},
            ordering.Rules(register.digits, share, suspended.get(register.meter.supply_point_id, ())),
        )
        for register in registers
    }
    for read in RegisterRead.objects.filter(register_id__in=register_ids).order_by("register_id", "day", "version"):
        ledgers[read.register_id].versions[read.day] = read.version
        if read.ended_at is None:
            ledgers[read.register_id].standing[read.day] = read
    return ledgers


def _enter(ledger: _Ledger, read: NewRead, at: dt.datetime, origin: tuple[str, str, int | None]) -> Outcome:
    former = ledger.standing.get(read.day)
    if former is not None and _says_the_same(former, read):
        return Outcome(UNCHANGED, former)
    if _is_outdated(ledger, former, read):
        return Outcome(OUTDATED, former)
    made = _made(ledger, read, at, origin)
    made.doubt = _doubt(ledger, read)
    if former is not None:
        _end(ledger, former)
    replaced = _end_estimates(ledger, made) if made.quality in REAL and not made.doubt else 0
    ledger.standing[read.day] = made
    ledger.versions[read.day] = made.version
    ledger.made.append(made)
    return Outcome(CORRECTED if former is not None else ACCEPTED, made, replaced)


def _says_the_same(former: RegisterRead, read: NewRead) -> bool:
    return (former.value, former.resumes_at, former.quality) == (read.value, read.resumes_at, read.quality)


def _is_outdated(ledger: _Ledger, former: RegisterRead | None, read: NewRead) -> bool:
    """An estimate replaces no real read of its day, nor does it come between real ones that are known."""
    if read.quality != Quality.ESTIMATED:
        return False
    if former is not None and former.quality != Quality.ESTIMATED:
        return True
    return any(day > read.day and each.quality in REAL and not each.doubt for day, each in ledger.standing.items())


def _made(ledger: _Ledger, read: NewRead, at: dt.datetime, origin: tuple[str, str, int | None]) -> RegisterRead:
    source, by, import_id = origin
    zone = ZoneInfo(ledger.register.meter.supply_point.premises.time_zone)
    return RegisterRead(
        register=ledger.register,
        day=read.day,
        read_at=read.read_at or midnight(read.day, zone),
        value=read.value,
        resumes_at=read.resumes_at,
        quality=read.quality,
        reason=read.reason,
        source=source[:40],
        note=read.note[:LONGEST_NOTE],
        version=ledger.versions.get(read.day, 0) + 1,
        recorded_at=at,
        recorded_by=by[:LONGEST_NAME],
        import_id=import_id,
    )


def _doubt(ledger: _Ledger, read: NewRead) -> str:
    if ledger.register.kind == Channel.Kind.DEMAND:
        return ""  # Such a register shows the highest demand since the last read and starts anew.
    believed = {
        day: each
        for day, each in ledger.standing.items()
        if day != read.day and not each.doubt and not (read.quality in REAL and each.quality == Quality.ESTIMATED)
    }
    before = max((day for day in believed if day < read.day), default=None)
    after = min((day for day in believed if day > read.day), default=None)
    given = ordering.Standing(read.day, read.value, read.value if read.resumes_at is None else read.resumes_at)
    return ordering.doubt(
        before=None if before is None else _standing(believed[before]),
        given=given,
        after=None if after is None else _standing(believed[after]),
        rules=ledger.rules,
    )


def _standing(read: RegisterRead) -> ordering.Standing:
    return ordering.Standing(read.day, read.value, read.value if read.resumes_at is None else read.resumes_at)


def _end_estimates(ledger: _Ledger, made: RegisterRead) -> int:
    """Set aside the estimates since the real read before, and those that only carried on from there."""
    real = [day for day, each in ledger.standing.items() if each.quality in REAL and not each.doubt]
    since = max((day for day in real if day < made.day), default=dt.date.min)
    until = min((day for day in real if day > made.day), default=dt.date.max)
    estimates = [
        each
        for day, each in sorted(ledger.standing.items())
        if since < day < until and day != made.day and each.quality == Quality.ESTIMATED
    ]
    for each in estimates:
        _end(ledger, each)
    return len(estimates)


def _end(ledger: _Ledger, former: RegisterRead) -> None:
    ledger.standing.pop(former.day, None)
    if former in ledger.made:
        ledger.made.remove(former)
    else:
        ledger.ended.append(former)


def _write(ledgers: Iterable[_Ledger], at: dt.datetime, by: str) -> None:
    held = list(ledgers)
    ended = [read.pk for ledger in held for read in ledger.ended]
    if ended:
        RegisterRead.objects.filter(pk__in=ended).update(ended_at=at, ended_by=by[:LONGEST_NAME])
    made = [read for ledger in held for read in ledger.made]
    RegisterRead.objects.bulk_create(made)
    changed = {(ledger.register, read.day) for ledger in held for read in (*ledger.made, *ledger.ended)}
    touch(changed=changed, at=at)


def touch(*, changed: Iterable[tuple[Any, dt.date]], at: dt.datetime) -> None:
    """This will note that the intervals beside registers (each with a day) are to be compared with them again."""
    places = {(register.meter.supply_point_id, day) for register, day in changed}
    Touched.objects.bulk_create(
        Touched(work=Touched.Work.SUMS, supply_point_id=point, day=day, touched_at=at) for point, day in sorted(places)
    )
