"""The register reads of a file: find or make their registers, store all or none, report each row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from kernel.errors import GridhallError
from tenants.metering import present
from tenants.metering.formats import base
from tenants.metering.formats.register_reading import RegisterReading
from tenants.metering.models import Meter, ReadingImport, ReadingImportRow, Register
from tenants.metering.operations import presence, register_reads
from tenants.metering.registers import dials, units

_BATCH = 5000
Key = tuple[int, str, str]
"""Supply point, serial, code."""


@dataclass(slots=True)
class Rows:
    """Reads on their way: where each belongs, what is refused, and what the file says beside them."""

    placed: list[tuple[Key, RegisterReading]] = field(default_factory=list)
    refusals: list[base.Refusal] = field(default_factory=list)

    def take(self, item: RegisterReading, point_of: Callable[[Iterable[str]], Any]) -> None:
        """This will find the supply point of a read, or note why there is none."""
        point = point_of((item.identifier, *item.aliases))
        if point is None:
            refusal = base.Refusal("unknown_supply_point", item.row, None, {"identifier": item.identifier[:40]})
            self.refusals.append(refusal)
            return
        self.placed.append(((point.id, item.meter_serial, item.register_code), item))

    def checked(self, *, at: dt.datetime) -> list[base.Refusal]:
        """This will return what is refused, read ``at``: a day told twice, what cannot be stored. Nothing is kept."""
        self.refusals += self._twice()
        if not self.refusals and self.placed:
            with transaction.atomic():
                self._store(at, "", None, self.refusals)
                transaction.set_rollback(True)
        return self.refusals

    def outcomes(self, *, at: dt.datetime, source: str, import_id: int, dry_run: bool) -> list[ReadingImportRow]:
        """This will store the reads (with ``dry_run`` only as if) and return a row of the report for each."""
        with transaction.atomic():
            rows = self._store(at, source, import_id, [])
            if dry_run:
                transaction.set_rollback(True)
        return rows

    def _twice(self) -> list[base.Refusal]:
        seen: dict[tuple[Key, dt.date], RegisterReading] = {}
        found = []
        for key, item in self.placed:
            other = seen.setdefault((key, item.day), item)
            if other.value != item.value:
                found.append(base.Refusal("read_twice", item.row, None, {"other": other.row}))
        return found

    def _store(
        self, at: dt.datetime, source: str, import_id: int | None, refusals: list[base.Refusal]
    ) -> list[ReadingImportRow]:
        registers = _registers(self.placed, refusals)
        if refusals:
            return []
        told: dict[tuple[int, dt.date], RegisterReading] = {}
        of_row: dict[int, Register] = {}
        for key, item in self.placed:
            register = of_row.setdefault(registers[key, item.day].pk, registers[key, item.day])
            told.setdefault((register.pk, item.day), item)
        reads = []
        now = presence.present(at=at)
        for (register_id, day), item in told.items():
            read = _new_read(register_id, day, item)
            try:
                register_reads.check_read(register=of_row[register_id], read=read, now=now)
            except present.ReadNotTakenYet as ahead:
                refusals.append(base.Refusal(ahead.code, item.row, None, dict(ahead.params)))
            except GridhallError as refusal:
                refusals.append(base.Refusal("read_refused", item.row, None, {"reason": refusal.say()}))
            reads.append(read)
        if refusals:
            return []
        stored = register_reads.store_reads(reads=reads, at=at, source=source, import_id=import_id)
        values = {(read.register_id, read.day): read.value for read in reads}
        return [
            _row(item, outcome, values, read.register_id)
            for item, outcome, read in zip(told.values(), stored, reads, strict=True)
        ]


def write(*, record: ReadingImport, rows: Sequence[ReadingImportRow]) -> dict[str, int]:
    """This will add the rows to the report of ``record`` and count them by outcome."""
    counted: dict[str, int] = {}
    for row in rows:
        row.reading_import = record
        counted[row.outcome] = counted.get(row.outcome, 0) + 1
    ReadingImportRow.objects.bulk_create(rows, batch_size=_BATCH)
    return counted


def _new_read(register_id: int, day: dt.date, item: RegisterReading) -> register_reads.NewRead:
    return register_reads.NewRead(
        register_id, day, item.value, item.quality, item.reason, None, item.read_at, item.note
    )


def _row(
    item: RegisterReading, outcome: register_reads.Outcome, values: dict[tuple[int, dt.date], Any], register_id: int
) -> ReadingImportRow:
    """A row of the report: taken, and what is odd about it (in doubt, or another quantity than the file's)."""
    code, params = "", {"read": f"{item.value:f}"}
    if outcome.doubt:
        code = f"read_{outcome.doubt}"
    elif item.said is not None and item.since is not None:
        before = values.get((register_id, item.since))
        if before is not None and item.value - before != item.said and item.value >= before:
            code = "read_quantity"
            params |= {"said": f"{item.said:f}", "counted": f"{item.value - before:f}"}
    return ReadingImportRow(
        outcome=outcome.outcome,
        row=item.row,
        code=code,
        params=params,
        identifier=item.identifier[:64],
        register_code=item.register_code,
        day=item.day,
    )


def _registers(
    placed: Sequence[tuple[Key, RegisterReading]], refusals: list[base.Refusal]
) -> dict[tuple[Key, dt.date], Register]:
    """Find the register of each read by the day it was read; make those that were never seen."""
    points = {key[0] for key, _ in placed}
    known: dict[tuple[int, str], list[Register]] = {}
    held = Register.objects.filter(meter__supply_point_id__in=points).select_related("meter__supply_point__premises")
    for register in held:
        known.setdefault((register.meter.supply_point_id, register.code), []).append(register)
    found: dict[tuple[Key, dt.date], Register] = {}
    wanted: dict[Key, list[RegisterReading]] = {}
    for key, item in placed:
        fitting = _hanging(known.get((key[0], key[2]), []), key[1], item.day)
        if fitting is not None and _counts_else(fitting, item):
            words = {"kept": f"{fitting.unit}, {fitting.kind}", "found": f"{item.unit}, {item.kind}"}
            refusals.append(base.Refusal("read_unit", item.row, None, words))
        elif fitting is not None:
            found[key, item.day] = fitting
        elif any(not key[1] or each.meter.serial == key[1] for each in known.get((key[0], key[2]), [])):
            params = {"register": item.register_code, "day": item.day.isoformat()}
            refusals.append(base.Refusal("read_no_meter", item.row, None, params))
        elif key[1]:
            wanted.setdefault(key, []).append(item)
        else:
            refusals.append(base.Refusal("read_no_register", item.row, None, {"register": item.register_code}))
    for key, items in wanted.items():
        made = _make(key, items, refusals)
        found |= {(key, item.day): made for item in items if made is not None}
    return found


def _counts_else(register: Register, item: RegisterReading) -> bool:
    """Whether the file says another unit or kind than the register has: its numbers would be taken for others."""
    return (item.tells_unit and item.unit != register.unit) or (item.tells_kind and item.kind != register.kind)


def _hanging(registers: Sequence[Register], serial: str, day: dt.date) -> Register | None:
    fitting = [
        each
        for each in registers
        if (not serial or each.meter.serial == serial)
        and each.meter.period.lower <= day
        and (each.meter.period.upper is None or day <= each.meter.period.upper)
    ]
    if len(fitting) > 1:
        fitting = [each for each in fitting if each.meter.period.upper is None or day < each.meter.period.upper]
    return fitting[0] if len(fitting) == 1 else None


def _make(key: Key, items: Sequence[RegisterReading], refusals: list[base.Refusal]) -> Register | None:
    """Make a register as its reads show it, on a meter that is made when it was never seen either."""
    first = items[0]
    try:
        units.require(name=first.unit, kind=first.kind)
    except GridhallError as refusal:
        refusals.append(base.Refusal("read_refused", first.row, None, {"reason": refusal.say()}))
        return None
    day = min(item.day for item in items)
    meter = Meter.objects.filter(supply_point_id=key[0], serial=key[1]).order_by("period").first()
    if meter is None:
        meter = Meter.objects.create(
            supply_point_id=key[0], serial=key[1], position=key[1], period=DateRange(day, None)
        )
    told = {item.digits for item in items} - {None}
    largest = max(item.value for item in items)
    digits = next(iter(told)) if len(told) == 1 else None
    fits = digits is not None and largest < dials.capacity(digits=digits)
    return Register.objects.create(
        meter=meter,
        code=key[2],
        kind=first.kind,
        unit=first.unit,
        digits=digits if fits else None,
        decimals=max(max(0, -int(item.value.as_tuple().exponent)) for item in items),
    )
