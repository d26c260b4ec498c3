"""Batches of days and single readings: each row has its own result, and a batch given again has the same answer."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import IntegrityError, transaction

from kernel import market_time
from kernel.errors import Conflict, gettext_noop
from tenants.customers import queries as customer_queries
from tenants.metering import present
from tenants.metering.formats import base
from tenants.metering.formats.base import ACCEPTED_MINUTES, LARGEST, Quality
from tenants.metering.models import Channel, ReadingImport, ReadingImportRow
from tenants.metering.operations import batch_readings, presence, reporting, storing, validating
from tenants.metering.operations.batch_readings import BatchReading

FORMAT = "batch"
LONGEST_NAME = 254


class OtherContent(Conflict):
    """A key stands for one batch."""

    code = "key_of_other_content"
    template = gettext_noop("Source “{source}” has given other rows under the key “{key}” already.")


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A day of one register: whole numbers in the register's unit, None where missing; None for a stamp: as given."""

    supply_point: str
    register: str
    day: dt.date
    values: Sequence[int | None]
    quality: str = "actual"
    changed_at: dt.datetime | None = None


def store_batch(
    *, source: str, key: str, rows: Sequence[BatchRow | BatchReading], at: dt.datetime, requested_by: str = ""
) -> ReadingImport:
    """This will store the rows that can be and report on each; the record's rows are numbered from 1.

    Given again under the same ``source`` and ``key`` nothing happens and the first answer is returned; other rows under
    them raise OtherContent.
    """
    checksum = _checksum(rows)
    given = ReadingImport.objects.filter(source=source, key=key).first()
    if given is None:
        try:
            return _store((source, key, checksum), rows, at, requested_by)
        except IntegrityError:
            given = ReadingImport.objects.filter(source=source, key=key).first()
            if given is None:
                raise
    if given.checksum != checksum:
        raise OtherContent(source=source, key=key)
    return given


@transaction.atomic
def _store(
    given: tuple[str, str, str], rows: Sequence[BatchRow | BatchReading], at: dt.datetime, requested_by: str
) -> ReadingImport:
    source, key, checksum = given
    earlier = ReadingImport.objects.filter(checksum=checksum, given_at__isnull=False).order_by("given_at").first()
    given_at = min(earlier.given_at, at) if earlier is not None and earlier.given_at else at
    record = ReadingImport.objects.create(
        file_name=key[:255], source=source, key=key, requested_by=requested_by[:LONGEST_NAME],
        checksum=checksum, size=0, format=FORMAT, state=ReadingImport.State.IMPORTING, created_at=at, given_at=given_at,
    )  # fmt: skip
    channels = _channels(rows)
    singles = [each for each in rows if isinstance(each, BatchReading)]
    known = [(each, channels[each.supply_point, each.register]) for each in singles if _name(each) in channels]
    now = presence.present(at=at)
    readings = batch_readings.Readings(known, now)
    refused: list[ReadingImportRow] = []
    with storing.staged() as stage:
        stage.copy(_fitting(rows, channels, readings, (record, refused), now), at=given_at)
        validating.silence_known(stage_table=stage.table)
        stage.compare()
        stored = storing.store(stage=stage, at=at, import_id=record.pk)
        stage.names = {channel.pk: name for name, channel in channels.items()}
        reporting.write_rows(record=record, stage=stage)
        readings.report(record.pk)
        ReadingImportRow.objects.bulk_create(refused)
    reporting.save(
        record,
        state=ReadingImport.State.DONE,
        finished_at=at,
        days_read=len(rows),
        rows_read=len(rows),
        days_accepted=stored.accepted,
        days_corrected=stored.corrected,
        days_unchanged=stored.unchanged,
        days_outdated=stored.outdated,
        rows_refused=len(refused),
    )
    return record


def _fitting(
    rows: Sequence[BatchRow | BatchReading],
    channels: Mapping[tuple[str, str], Channel],
    readings: batch_readings.Readings,
    report: tuple[ReadingImport, list[ReadingImportRow]],
    now: present.Present,
) -> Iterator[storing.DayReadings]:
    """Yield the days that can be stored, last those of single readings; the other rows are put into the report."""
    seen: dict[tuple[int, dt.date], int] = {}
    for number, row in enumerate(rows, start=1):
        channel = channels.get(_name(row))
        found = _unknown(number, row) if channel is None else None
        if channel is not None and isinstance(row, BatchReading):
            found = _taken(number, row, channel, readings, seen)
        elif channel is not None and isinstance(row, BatchRow):
            found = _refusal(number, row, channel, seen, readings)
            if found is None:
                day = _day(number, row, channel)
                quality = np.asarray(day.quality, dtype=np.uint8)
                found = now.refusal(day=row.day, zone=channel.recording_zone, quality=quality, row=number)
                if found is None:
                    yield day
        if found is not None:
            report[1].append(_refused(report[0], number, row, found))
    yield from readings.days()


def _taken(
    number: int, row: BatchReading, channel: Channel, readings: batch_readings.Readings, seen: dict
) -> base.Refusal | None:
    """Put a single reading to its day, unless the day was given whole."""
    day = row.start.astimezone(ZoneInfo(channel.recording_zone)).date()
    if day.year not in base.YEARS:
        return base.Refusal("not_an_instant", number, None, {"text": row.start.isoformat()})
    if (channel.pk, day) in seen:
        return base.Refusal("day_twice", number, None, {"other": seen[channel.pk, day]})
    return readings.take(number, row, channel)


def _refused(record: ReadingImport, number: int, row: BatchRow | BatchReading, found: base.Refusal) -> ReadingImportRow:
    day = row.day if isinstance(row, BatchRow) else None
    return ReadingImportRow(
        reading_import=record, outcome="refused", row=number, code=found.code, params=found.params,
        identifier=row.supply_point[:64], register_code=row.register[:16], day=day,
    )  # fmt: skip


def _name(row: BatchRow | BatchReading) -> tuple[str, str]:
    return row.supply_point, row.register


def _unknown(number: int, row: BatchRow | BatchReading) -> base.Refusal:
    params = {"identifier": row.supply_point[:40], "register": row.register[:16]}
    return base.Refusal("unknown_register", number, None, params)


def _refusal(
    number: int,
    row: BatchRow,
    channel: Channel,
    seen: dict[tuple[int, dt.date], int],
    readings: batch_readings.Readings,
) -> base.Refusal | None:
    single = readings.has_day(channel.pk, row.day)
    other = single if single is not None else seen.setdefault((channel.pk, row.day), number)
    if other != number:
        return base.Refusal("day_twice", number, None, {"other": other})
    zone = ZoneInfo(channel.recording_zone)
    fitting = {
        market_time.slots_of_day(row.day, zone, minutes)
        for minutes in ACCEPTED_MINUTES
        if base.fits_day(row.day, zone, minutes)
    }
    if len(row.values) not in fitting:
        expected = market_time.slots_of_day(row.day, zone, channel.interval_minutes)
        return base.Refusal("values_missing", number, None, {"found": len(row.values), "expected": expected})
    if any(value is not None and not 0 <= value <= LARGEST for value in row.values):
        worst = next(value for value in row.values if value is not None and not 0 <= value <= LARGEST)
        return base.Refusal("negative" if worst < 0 else "too_big", number, None, {"text": str(worst)})
    return None


def _day(number: int, row: BatchRow, channel: Channel) -> storing.DayReadings:
    quality = int(Quality[row.quality.upper()])
    return storing.DayReadings(
        channel_id=channel.pk,
        day=row.day,
        values=np.array([value or 0 for value in row.values], dtype=np.int32),
        quality=np.array([Quality.MISSING if value is None else quality for value in row.values], dtype=np.uint8),
        stamped_at=row.changed_at,
        row=number,
    )


def _channels(rows: Sequence[BatchRow | BatchReading]) -> dict[tuple[str, str], Channel]:
    """The registers of the rows' supply points by name; those that are named are held until the transaction ends."""
    names = {row.supply_point for row in rows}
    points = customer_queries.supply_points_by_identifier(identifiers=names)
    found = Channel.objects.filter(
        supply_point_id__in=[point.pk for point in points.values()], register_code__in={row.register for row in rows}
    )
    held = found.select_related("supply_point").order_by("pk").select_for_update(of=("self",), no_key=True)
    return {(channel.supply_point.identifier, channel.register_code): channel for channel in held}


def _checksum(rows: Sequence[BatchRow | BatchReading]) -> str:
    content = [[row.supply_point, row.register, *_said(row), row.quality, _utc(row.changed_at)] for row in rows]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _said(row: BatchRow | BatchReading) -> tuple[Any, Any]:
    return (_utc(row.start), row.value) if isinstance(row, BatchReading) else (row.day.isoformat(), list(row.values))


def _utc(instant: dt.datetime | None) -> str | None:
    return instant.astimezone(dt.UTC).isoformat() if instant else None
