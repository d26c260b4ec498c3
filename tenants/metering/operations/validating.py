"""Validate what was just stored, inside the transaction that stores it (docs/algorithms/validation.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from kernel.errors import Conflict, gettext_noop
from kernel.periods import Period
from tenants.metering.models import Channel, MeterFlag, ReadingException, RegisterRead
from tenants.metering.operations import beside, findings, register_sums, staged_days, versions_met
from tenants.metering.operations.findings import Found
from tenants.metering.validation import checks, comparing
from tenants.metering.validation.codes import Check
from tenants.metering.validation.limits import Limits
from tenants.metering.widths import LONGEST_NAME, LONGEST_NOTE

silence_known = versions_met.silence_known


class CannotAccept(Conflict):
    """What is not there cannot stand as it is."""

    code = "cannot_accept"
    template = gettext_noop("This cannot be accepted: readings are missing, or it was closed already.")


@dataclass(frozen=True, slots=True)
class Flag:
    """What a source said of the meter over some slots of a day; ``kind`` as in ``MeterFlag.Kind``."""

    channel_id: int
    day: dt.date
    first: int
    end: int
    kind: str
    seconds: int | None = None
    code: str = ""


@transaction.atomic
def validate_stored(*, stage_table: str, import_id: int | None, at: dt.datetime) -> int:
    """This will check the days that a stage has changed and return how many exceptions stand on them.

    To be called after storing and before the stage is dropped, in the same transaction. ``stage_table`` has channel_id,
    day, values, quality, total, missing, stamped_at, slot_stamps and outcome; days that are accepted or corrected are
    looked at, all others cost nothing. Proposals and determinations that the new values overtake are closed, open
    exceptions of days that are good now are healed.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {stage_table} WHERE outcome IN ('accepted', 'corrected'))")
        if not cursor.fetchone()[0]:
            return 0
    places = staged_days.places_of(stage_table=stage_table)
    limits = staged_days.limits_by_kind()
    found, stored = _seen_by_themselves(stage_table, places, limits)
    found += beside.earlier_weeks(stored)
    found += beside.zero_days(stored)
    found += beside.estimates_in_a_row(stored)
    found += beside.other_registers(stored)
    sums, summed = register_sums.differing(stored=stored)
    found += sums
    found += versions_met.doubles_and_final_days(stage_table=stage_table, places=places, limits=limits)
    versions_met.replace_determinations(stage_table=stage_table, at=at)
    versions_met.overtake_proposals(stage_table=stage_table, at=at)
    healable = [*stored.looked_at, *summed]
    return findings.write(found=found, at=at, import_id=import_id, heal=stage_table, healable=healable)


@transaction.atomic
def keep_flags(*, flags: Sequence[Flag], at: dt.datetime) -> int:
    """This will keep what sources say of meters and put days with new flags into the queue (V2, V8); return how many.

    What was said before opens nothing again: a person may have decided on it.
    """
    known = {(each.channel_id, each.day, each.slots.lower, each.slots.upper, each.kind, each.code): each
             for each in _flags_beside(flags)}  # fmt: skip
    new = {(each.channel_id, each.day, each.first, each.end, each.kind, each.code): each for each in flags}
    made = MeterFlag.objects.bulk_create(
        MeterFlag(
            channel_id=flag.channel_id,
            day=flag.day,
            slots=(flag.first, flag.end),
            kind=flag.kind,
            code=flag.code,
            seconds=flag.seconds,
            recorded_at=at,
        )
        for key, flag in new.items()
        if key not in known
    )
    days = {(flag.channel_id, flag.day) for flag in made}
    standing = [Flag(*key[:5], each.seconds, key[5]) for key, each in known.items() if key[:2] in days]
    told = [*standing, *(flag for key, flag in new.items() if key not in known)]
    kinds = dict(Channel.objects.filter(pk__in={flag.channel_id for flag in told}).values_list("pk", "kind"))
    return findings.write(found=list(_flagged(told, kinds, staged_days.limits_by_kind())), at=at)


@transaction.atomic
def find_absent(*, since: dt.date, until: dt.date, at: dt.datetime) -> int:
    """This will open an exception for each day of [since, until) without readings of a channel that had some before.

    A channel whose meter was taken away by then, or at a point that pauses, is not missed; return how many there are.
    """
    limits = staged_days.limits_by_kind()
    with connection.cursor() as cursor:
        cursor.execute(_ABSENT, [since, until])
        rows = cursor.fetchall()
    found = [
        findings.found_on(limits=limits[kind], channel_id=channel_id, day=day, check=Check.ABSENT)
        for channel_id, kind, day in rows
    ]
    return findings.write(found=found, at=at)


@transaction.atomic
def check_sums(*, supply_point_ids: Sequence[int], period: Period, at: dt.datetime) -> int:
    """This will compare intervals with registers again (V3), as when a read has come; return how many differ."""
    ids = Channel.objects.filter(supply_point_id__in=supply_point_ids).values_list("pk", flat=True)
    places = staged_days.places(channel_ids=list(ids))
    limits = staged_days.limits_by_kind()
    found, looked = register_sums.compare(
        supply_point_ids=supply_point_ids, period=period, places=places, limits=limits
    )
    return findings.write(found=found, at=at, healable=looked)


def check_recent_sums(*, since: dt.datetime, at: dt.datetime) -> int:
    """This will compare intervals with the registers that were read since an instant; return how many sums differ."""
    rows = RegisterRead.objects.filter(recorded_at__gte=since, ended_at=None).values_list(
        "register__meter__supply_point_id", "day"
    )
    days: dict[dt.date, set[int]] = {}
    for point, day in rows:
        days.setdefault(day, set()).add(point)
    return sum(
        check_sums(supply_point_ids=sorted(points), period=Period(day - register_sums.ONE_DAY, day), at=at)
        for day, points in sorted(days.items())
    )


def accept(*, exception_ids: Sequence[int], by: str, at: dt.datetime, note: str = "") -> int:
    """This will let readings stand as they are, on a person's word; return how many exceptions are closed.

    What is missing cannot be accepted as it stands: those exceptions stay open.
    """
    found = ReadingException.objects.filter(pk__in=exception_ids, state=ReadingException.State.OPEN).exclude(
        code__in=NEVER_ACCEPTED
    )
    return found.update(
        state=ReadingException.State.ACCEPTED, closed_at=at, closed_by=by[:LONGEST_NAME], note=note[:LONGEST_NOTE]
    )


def doubted(*, exception: ReadingException) -> tuple[tuple[int, int], ...]:
    """This will return the slots of an exception that an estimate replaces though a reading is there."""
    if exception.slots is None or exception.code in {*NEVER_ACCEPTED, str(Check.FLAG)}:
        return ()
    return ((exception.slots.lower, exception.slots.upper),)


NEVER_ACCEPTED = (str(Check.MISSING), str(Check.ABSENT), str(Check.INTERVAL_COUNT))


def _seen_by_themselves(
    stage_table: str, places: Mapping[int, staged_days.Place], limits: Mapping[str, Limits]
) -> tuple[list[Found], beside.Stored]:
    totals = staged_days.Totals()
    found: list[Found] = []
    for rows in staged_days.read(stage_table=stage_table, places=places, totals=totals):
        found += _found_in(rows, limits[rows.kind])
    columns: dict[str, Any] = {
        name: totals.joined(name) for name in ("channel_ids", "days", "totals", "whole", "nothing", "estimated")
    }
    return found, beside.Stored(places=places, limits=limits, **columns)


def _found_in(rows: staged_days.Rows, limits: Limits) -> Iterator[Found]:
    for finding in checks.look_at(rows.block, limits):
        channel_id = int(rows.channel_ids[finding.row])
        day = dt.date.fromordinal(int(rows.days[finding.row]))
        blocking = finding.check in limits.blocking
        yield Found(channel_id, day, finding.check, blocking, finding.first, finding.end, finding.params)


def _flags_beside(flags: Sequence[Flag]) -> QuerySet[MeterFlag]:
    """The flags that stand on the days of others."""
    ids, days = {flag.channel_id for flag in flags}, {flag.day for flag in flags}
    return MeterFlag.objects.filter(channel_id__in=ids, day__in=days)


def _flagged(flags: Sequence[Flag], kinds: Mapping[int, str], limits: Mapping[str, Limits]) -> Iterator[Found]:
    days: dict[tuple[int, dt.date], list[Flag]] = {}
    for flag in flags:
        days.setdefault((flag.channel_id, flag.day), []).append(flag)
    for (channel_id, day), group in days.items():
        at = limits[kinds[channel_id]]
        drift = sum(abs(flag.seconds or 0) for flag in group if flag.kind == MeterFlag.Kind.CLOCK)
        if at.clock_seconds is not None and comparing.clock_off(seconds=drift, allowed=at.clock_seconds):
            params = {"seconds": drift, "allowed": at.clock_seconds}
            yield findings.found_on(limits=at, channel_id=channel_id, day=day, check=Check.CLOCK, **params)
        said = [flag for flag in group if flag.kind != MeterFlag.Kind.CLOCK or flag.seconds is None]
        if said:
            slots = (min(flag.first for flag in said), max(flag.end for flag in said))
            names = ", ".join(sorted({flag.kind for flag in said}))
            count = len({slot for flag in said for slot in range(flag.first, flag.end)})
            yield findings.found_on(
                limits=at, channel_id=channel_id, day=day, check=Check.FLAG, slots=slots, flags=names, found=count
            )


_ABSENT = """
SELECT c.id, c.kind, each.day::date
FROM metering_channel c
JOIN LATERAL (SELECT d.day AS first FROM metering_intervalday d WHERE d.channel_id = c.id
              ORDER BY d.day LIMIT 1) earliest ON true
JOIN LATERAL generate_series(greatest(%s::date, earliest.first), %s::date - 1, interval '1 day') each(day) ON true
LEFT JOIN metering_meter m ON m.id = c.meter_id
WHERE NOT EXISTS (SELECT FROM metering_intervalday d WHERE d.channel_id = c.id AND d.day = each.day::date)
  AND (m.id IS NULL OR m.period @> each.day::date)
  AND NOT EXISTS (SELECT FROM metering_meterpause p WHERE p.supply_point_id = c.supply_point_id
                  AND p.period @> each.day::date AND p.position IN ('', coalesce(m.position, '')))
ORDER BY c.id, each.day
"""
