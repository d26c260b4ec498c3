"""Take the register reads of an import back: they are set aside, and what they took the place of stands again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from tenants.metering.models import ReadingImport, Register, RegisterRead, SelfRead
from tenants.metering.operations import register_reads

Key = tuple[int, dt.date]


def changed_since(*, import_id: int) -> list[dt.date]:
    """This will list the days on which another read stands now than the one the import brought, in their order."""
    keys = {(read.register_id, read.day) for read in _of(import_id)}
    others = RegisterRead.objects.filter(
        register_id__in={register for register, _ in keys}, day__in={day for _, day in keys}, ended_at=None
    )
    return sorted(each.day for each in others if (each.register_id, each.day) in keys and each.import_id != import_id)


def lock(*, import_id: int) -> None:
    """This will hold the registers that the import brought reads of until the transaction ends."""
    ids = RegisterRead.objects.filter(import_id=import_id).values("register_id")
    list(Register.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


def take_back(*, record: ReadingImport, at: dt.datetime) -> int:
    """This will set the reads of an import aside, recorded ``at``, and store again what stood when it came.

    Former reads of the same days, and the estimates that its reads ended. All of it is judged as reads are, and what
    is none any more (its meter was taken down before) stays aside; what a person had believed stays believed. Returns
    how many reads are set aside. The registers are locked before.
    """
    made = _of(record.pk)
    if not made:
        return 0
    standing = [read for read in made if read.ended_at is None]
    former = _former(record, made)
    by = record.taken_back_by[: register_reads.LONGEST_NAME]
    RegisterRead.objects.filter(pk__in=[read.pk for read in standing]).update(ended_at=at, ended_by=by)
    _enter_again(former, at, by)
    changed = {(read.register, read.day) for read in standing}
    register_reads.touch(changed=changed, at=at)
    return len(standing)


def _of(import_id: int) -> list[RegisterRead]:
    found = RegisterRead.objects.filter(import_id=import_id).order_by("register_id", "day", "version")
    return list(found.select_related("register__meter"))


def _former(record: ReadingImport, made: Sequence[RegisterRead]) -> list[RegisterRead]:
    """What the import ended: the read before its first one of a day, and estimates of days it has no read of."""
    first: dict[Key, RegisterRead] = {}
    for read in made:
        first.setdefault((read.register_id, read.day), read)
    ended = RegisterRead.objects.filter(
        register_id__in={register for register, _ in first}, ended_at__in={read.recorded_at for read in first.values()}
    ).exclude(import_id=record.pk)
    found = []
    for each in ended.order_by("register_id", "day", "version"):
        mine = first.get((each.register_id, each.day))
        if mine is not None:
            replaced = mine.version == each.version + 1 and mine.recorded_at == each.ended_at
        else:
            replaced = each.quality == RegisterRead.Quality.ESTIMATED and each.ended_by == record.source
        if replaced:
            found.append(each)
    return found


def _enter_again(former: Sequence[RegisterRead], at: dt.datetime, by: str) -> None:
    def origin(read: RegisterRead) -> tuple[str, int]:
        return read.source, read.import_id or 0

    for (source, import_id), group in groupby(sorted(former, key=origin), key=origin):
        reads = list(group)
        again = register_reads.store_each(
            reads=[_told(each) for each in reads], at=at, source=source, by=by, import_id=import_id or None
        )
        for each, outcome in zip(reads, again, strict=True):
            if isinstance(outcome, register_reads.Outcome):
                _carry_on(each, outcome.read, at)


def _told(read: RegisterRead) -> register_reads.NewRead:
    return register_reads.NewRead(
        read.register_id, read.day, read.value, read.quality, read.reason, read.resumes_at, read.read_at, read.note
    )


def _carry_on(former: RegisterRead, now: Any, at: dt.datetime) -> None:
    """What hung on the former read hangs on the one that stands in its place."""
    if now is None:
        return
    if now.doubt and former.cleared_by and now.doubt != RegisterRead.Doubt.BACKWARD:
        register_reads.believe_read(read_id=now.pk, at=at, by=former.cleared_by)
    SelfRead.objects.filter(read=former).update(read=now)
