"""What sources say of readings that stand: the notes whose delivery a slot still has its reading from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from kernel.periods import Period
from tenants.metering import merging, packing
from tenants.metering.formats import nem12_notes, nem12_words
from tenants.metering.formats.base import Quality
from tenants.metering.models import IntervalDay, ReadingImport, SourceNote
from tenants.metering.validation import runs

Key = tuple[int, dt.date]


@dataclass(frozen=True, slots=True)
class SourceSaid:
    """What a source says of the slots [first, end) of a day of a channel that has ``slots``."""

    channel_id: int
    day: dt.date
    first: int
    end: int
    slots: int
    letter: str
    method: str
    reason: str
    words: str

    @property
    def quality(self) -> str:
        """Letter and method as the market writes them: S52."""
        return f"{self.letter}{self.method}"

    @property
    def sentence(self) -> str:
        """The same in words of the present language."""
        return source_sentence(letter=self.letter, method=self.method, reason=self.reason, words=self.words)


def source_sentence(*, letter: str, method: str = "", reason: str = "", words: str = "") -> str:
    """This will say in the present language what letter, method and reason mean: “Substituted, previous read · …”."""
    quality = gettext(nem12_notes.LETTERS.get(letter, letter))
    if method:
        title = nem12_notes.METHODS.get(method)
        known = f"{method} {gettext(title)}" if title else method
        quality = gettext("{quality}, method {method}").format(quality=quality, method=known)
    cause = gettext("reason {reason}").format(reason=reason_title(reason=reason)) if reason else ""
    return " · ".join(part for part in (quality, cause, words) if part)


def reason_title(*, reason: str) -> str:
    """This will return a reason code with its title in the present language; one that is unknown as it stands."""
    title = nem12_notes.REASONS.get(reason)
    return f"{reason} {gettext(title)}" if title else reason


def source_notes(*, channel_ids: Collection[int], period: Period) -> list[SourceSaid]:
    """This will return what sources say of the recording days in ``period``, as far as their readings stand.

    By channel, day and slot; two queries. Notes of imports that were taken back say nothing.
    """
    back = ReadingImport.objects.filter(pk=OuterRef("import_id"), state=ReadingImport.State.TAKEN_BACK)
    notes = list(
        SourceNote.objects.filter(channel_id__in=channel_ids, day__gte=period.start, day__lt=period.end)
        .exclude(Exists(back))
        .order_by("channel_id", "day", "slots", "pk")
    )
    standing = _standing({(note.channel_id, note.day) for note in notes})
    return [said for note in notes for said in _said(note, standing.get((note.channel_id, note.day)))]


def import_notes(*, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """This will return the notes in the details of a row of a report: first, end, quality, method, reason, words."""
    found: Sequence[Mapping[str, Any]] = params.get("notes", ())
    return found


def import_notes_sentence(*, params: Mapping[str, Any]) -> str:
    """This will say in the present language what a row of a report tells of its intervals, which count from 1."""
    return "; ".join(
        gettext("{first} to {last}: {said}").format(
            first=note["first"] + 1,
            last=note["end"],
            said=source_sentence(
                letter=note["quality"], method=note["method"], reason=note["reason"], words=note["words"]
            ),
        )
        for note in import_notes(params=params)
    )


def _standing(keys: set[Key]) -> dict[Key, merging.Slots]:
    if not keys:
        return {}
    rows = IntervalDay.objects.filter(
        channel_id__in={channel_id for channel_id, _ in keys}, day__in={day for _, day in keys}
    )
    found = {}
    for row in rows:
        values = packing.unpack_values(bytes(row.values))
        found[row.channel_id, row.day] = merging.unpacked_slots(
            values=values,
            quality=packing.unpack_quality(bytes(row.quality), slots=values.size),
            stamped_at=row.stamped_at or row.recorded_at,
            stamps=None if row.slot_stamps is None else bytes(row.slot_stamps),
        )
    return found


def _said(note: SourceNote, slots: merging.Slots | None) -> list[SourceSaid]:
    """The parts of a note that stand: readings of its delivery, of its quality; what it says is missing, is missing."""
    if slots is None or slots.values.size != note.day_slots:
        return []
    here = slice(note.slots.lower, note.slots.upper)
    mine = slots.stamps[here] == merging.microseconds(note.stamped_at)
    quality = nem12_words.QUALITIES.get(note.letter)
    if quality is Quality.MISSING:
        stands = slots.quality[here] == Quality.MISSING
    elif quality is None:
        stands = mine
    else:
        stands = mine & (slots.quality[here] == quality)
    return [
        SourceSaid(
            note.channel_id,
            note.day,
            note.slots.lower + part.first,
            note.slots.lower + part.end,
            note.day_slots,
            note.letter,
            note.method,
            note.reason,
            note.words,
        )
        for part in runs.runs_of(np.asarray(stands))
    ]
