"""Read a whole file into the stage, block by block, and say on the way how far it got."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import BinaryIO
from zoneinfo import ZoneInfo

import numpy as np

from tenants.metering import faults, present
from tenants.metering.formats import base, detect
from tenants.metering.models import Channel, ReadingImport
from tenants.metering.operations import channels, presence, reporting, row_bytes, storing

REPORTED = 1000
"""After so many refusals the rest of a file is not read."""

_CHUNK = 2000


def stage_file(
    *, record: ReadingImport, file: BinaryIO, directory: channels.Directory, stage: storing.Stage, at: dt.datetime
) -> list[base.Refusal]:
    """This will stage every day of ``file`` and return what is refused, at most REPORTED and a note of more.

    What lies behind the moment ``at`` has not been measured yet and is refused.
    """
    refusals: list[base.Refusal] = []
    now = presence.present(at=at)
    options = base.ReadOptions(
        zone=record.zone or None,
        unit=record.unit or None,
        identifier=record.identifier or None,
        zone_of=directory.zone_of,
        mapping=record.mapping or None,
        blocks=True,
        volumes=Channel.objects.filter(unit=Channel.Unit.LITRE).exists(),
        at=now.at,
        until=now.until,
    )
    try:
        reading = detect.read(source=file, options=options)
        reporting.save(record, format=reading.format, bytes_total=reading.size)
        faults.reach("import.opened")
        with contextlib.closing(reading.items):
            target = _Target(record, directory, stage, refusals, now)
            for _ in _blocks(reading.items, target):
                _note_progress(record, reading, target)
                faults.reach("import.block_staged")
                if len(refusals) > REPORTED:
                    return [*refusals[:REPORTED], base.Refusal("already_refused", None, None, {"limit": REPORTED})]
    except base.FileRefused as refused:
        refusals.append(refused.refusal)
    else:
        if not refusals and record.days_read == 0:
            refusals.append(base.Refusal("no_readings"))
    return refusals


class _Target:
    """Where the items of a file go."""

    def __init__(
        self,
        record: ReadingImport,
        directory: channels.Directory,
        stage: storing.Stage,
        refusals: list[base.Refusal],
        now: present.Present,
    ) -> None:
        self._given_at = record.given_at or record.created_at
        self._directory = directory
        self._stage = stage
        self._refusals = refusals
        self._now = now
        self._notes: list[tuple[int, dt.date, int, dt.datetime, base.Note]] = []
        self.days = 0
        self.rows = 0

    def take_single(self, items: list[base.Item]) -> None:
        """Stage days that came one by one."""
        self.days += len(items)
        self._stage.copy(list(self._placed(items)), at=self._given_at)
        self._stage.copy_notes(self._notes)
        self._notes.clear()

    def take_block(self, block: base.DayBlock) -> None:
        """Stage a block; where its channels are in doubt, day by day."""
        numbers = self._directory.channels_of_block(block)
        if numbers is None or self._runs_on(block):
            self.take_single(list(base.separate_days(block)))
            return
        self._name(numbers, block.forms)
        self.days += block.rows.size
        self.rows = max(self.rows, int(block.rows.max()))
        self._stage.copy_rows(
            [
                row_bytes.block(
                    channel_ids=np.array(numbers, dtype=np.int64)[block.form_of],
                    days=block.days,
                    values=block.values,
                    quality=block.quality,
                    rows=block.rows,
                    stamped_at=self._given_at,
                    given=True,
                )
            ]
        )

    def _runs_on(self, block: base.DayBlock) -> bool:
        """Tell whether some day of the block is not over, so that each has to be looked at."""
        running = min(self._now.running_day(zone=form.zone).toordinal() for form in block.forms)
        return bool((block.days >= running).any())

    def _name(self, numbers: list[int], forms: list[base.Form]) -> None:
        for number, form in zip(numbers, forms, strict=True):
            self._stage.names.setdefault(number, (form.identifier[:64], form.register_code))

    def _placed(self, items: list[base.Item]) -> Iterator[storing.DayReadings]:
        for item in items:
            if isinstance(item, base.Refusal):
                self._refusals.append(item)
                self.rows = max(self.rows, item.row or 0)
            elif isinstance(item, base.RegisterReading):
                self.rows = max(self.rows, item.row)
                self._directory.reads.take(item, self._directory.point_of)
            elif isinstance(item, base.ChannelDay):
                yield from self._day(item)

    def _day(self, item: base.ChannelDay) -> Iterator[storing.DayReadings]:
        self.rows = max(self.rows, item.row)
        ahead = self._now.refusal(
            day=item.day, zone=item.zone, quality=item.quality, row=item.row, columns=item.columns
        )
        if not base.fits_day(item.day, ZoneInfo(item.zone), item.minutes):
            words = {"day": item.day.isoformat(), "zone": item.zone, "minutes": item.minutes}
            ahead = base.Refusal("interval_day", item.row, None, words)
        found = ahead or self._directory.channel_of(item)
        if isinstance(found, base.Refusal):
            self._refusals.append(found)
            return
        self._stage.names.setdefault(found, (item.identifier[:64], item.register_code))
        stamp = item.stamped_at or self._given_at
        self._notes += [(found, item.day, item.values.size, stamp, note) for note in item.notes]
        yield storing.DayReadings(
            channel_id=found,
            day=item.day,
            values=item.values,
            quality=item.quality,
            stamped_at=item.stamped_at,
            row=item.row,
        )


def _blocks(items: base.Items, target: _Target) -> Iterator[None]:
    """Hand everything to the target, in the order of the file, pausing after each block of it."""
    waiting: list[base.Item] = []
    for item in _to_the_end(items):
        if isinstance(item, base.DayBlock):
            if waiting:
                target.take_single(waiting)
                waiting = []
            target.take_block(item)
            yield
        else:
            waiting.append(item)
            if len(waiting) >= _CHUNK:
                target.take_single(waiting)
                waiting = []
                yield
    if waiting:
        target.take_single(waiting)
        yield


def _to_the_end(items: base.Items) -> base.Items:
    """Hand out the items, and last what ends the file: the refusals before it are told too."""
    try:
        yield from items
    except base.FileRefused as refused:
        yield refused.refusal


def _note_progress(record: ReadingImport, reading: detect.Reading, target: _Target) -> None:
    reporting.beat(record, days_read=target.days, rows_read=target.rows, bytes_read=reading.position())
