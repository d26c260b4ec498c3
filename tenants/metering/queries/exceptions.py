"""Reads of validation: the queue of exceptions, what holds a bill, what was estimated, and a day with its history."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext

from kernel import market_time, sentences
from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.metering import packing
from tenants.metering.models import (
    Channel,
    DayProposal,
    Determination,
    FinalPeriod,
    IntervalDay,
    IntervalDayRevision,
    MeterFlag,
    ReadingException,
)
from tenants.metering.validation import states
from tenants.metering.validation.codes import METHOD_TITLES, NUMBERS, SENTENCES, STATE_TITLES, TITLES, Check

EXCEPTION = gettext_noop("reading exception")
PROPOSAL = gettext_noop("proposal for a day")
CODES = tuple(str(check) for check in Check)


@dataclass(frozen=True, slots=True)
class EstimatedShare:
    """How much of a period was not measured: slots and energy of estimated, substituted and edited intervals.

    ``energy`` sums what the channels count (Wh, varh), so ask for channels of one unit.
    """

    slots: int
    all_slots: int
    energy: int
    all_energy: int

    @property
    def of_slots(self) -> Fraction:
        """The share of intervals that were not measured; nothing of nothing."""
        return Fraction(self.slots, self.all_slots) if self.all_slots else Fraction(0)


@dataclass(frozen=True, slots=True, eq=False)
class DayShown:
    """A day as it stood or stands: values and states one a slot; ``version`` 0 when there was none."""

    day: dt.date
    values: npt.NDArray[np.int32]
    quality: npt.NDArray[np.uint8]
    version: int
    recorded_at: dt.datetime | None = None

    @property
    def total(self) -> int:
        return int(self.values.sum(dtype=np.int64))

    @property
    def states(self) -> list[str]:
        return [str(states.state_of(byte)) for byte in self.quality.tolist()]

    def counts(self) -> Mapping[str, int]:
        """How many slots are in each state."""
        return Counter(self.states)


def exceptions(
    *, state: str = "open", code: str = "", blocking: bool | None = None, search: str = ""
) -> QuerySet[ReadingException]:
    """This will list exceptions with their channels and supply points, the oldest days first; ``state`` "" for all."""
    found = ReadingException.objects.select_related("channel__supply_point__premises")
    if state:
        found = found.filter(state=state)
    if code:
        found = found.filter(code=code)
    if blocking is not None:
        found = found.filter(blocking=blocking)
    if search:
        found = found.filter(channel__supply_point__identifier__icontains=search)
    return found.order_by("day", "channel_id", "code", "pk")


def reading_exception(*, exception_id: int) -> ReadingException:
    """This will return one exception; raises NotFound."""
    found = exceptions(state="").filter(pk=exception_id).first()
    if found is None:
        raise NotFound(what=EXCEPTION, name=str(exception_id))
    return found


def reading_channel(*, channel_id: int) -> Channel:
    """This will return a channel with its supply point and premises; raises NotFound."""
    found = Channel.objects.select_related("supply_point__premises", "meter").filter(pk=channel_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("channel"), name=str(channel_id))
    return found


def slot_times(*, channel: Channel, day: dt.date, slots: int) -> list[dt.datetime]:
    """This will return when each of a day's slots starts, on the clock the channel is recorded by."""
    zone = ZoneInfo(channel.recording_zone)
    start, end = market_time.day_bounds(day, zone)
    return [(start + (end - start) * slot / max(slots, 1)).astimezone(zone) for slot in range(slots)]


def exception_counts() -> dict[str, int]:
    """This will count the open exceptions of each check, the most frequent first."""
    rows = ReadingException.objects.filter(state="open").values_list("code").annotate(count=Count("pk"))
    return dict(sorted(rows, key=lambda row: (-row[1], row[0])))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where an exception stands in the queue: its place from 1, of how many, and the ones beside it."""

    place: int
    count: int
    before: int | None
    after: int | None


def neighbours_of(*, exception: ReadingException, code: str = "") -> Neighbours:
    """This will find the open exceptions beside one, in the order of the queue, all or those of one check."""
    queue = exceptions(code=code).select_related(None)
    earlier, later = queue.filter(_beyond(exception, "lt")), queue.filter(_beyond(exception, "gt"))
    before = earlier.order_by("-day", "-channel_id", "-code", "-pk").values_list("pk", flat=True).first()
    after = later.values_list("pk", flat=True).first()
    return Neighbours(earlier.count() + 1, queue.exclude(pk=exception.pk).count() + 1, before, after)


def open_exceptions(
    *, channel_ids: Collection[int], period: Period, blocking: bool | None = True
) -> QuerySet[ReadingException]:
    """This will list the open exceptions of channels in the days of ``period``; by default those that hold a bill."""
    found = exceptions(blocking=blocking)
    return found.filter(channel_id__in=channel_ids, day__gte=period.start, day__lt=period.end)


def title_of(*, code: str) -> str:
    """This will name a check in the present language."""
    return gettext(TITLES[Check(code)]) if code in CODES else code


def method_title(*, method: str) -> str:
    """This will name a method of determination in the present language."""
    return gettext(METHOD_TITLES[states.Method(method)])


def state_title(*, state: str) -> str:
    """This will name the state of an interval in the present language."""
    return gettext(STATE_TITLES[states.State(state)])


def number_of(*, code: str) -> str:
    """This will return the number of a check in the rules (V4), nothing for one without."""
    return NUMBERS.get(Check(code), "") if code in CODES else ""


def sentence_of(*, exception: ReadingException) -> str:
    """This will say in the present language what was found."""
    if exception.code not in CODES:
        return exception.code
    params = dict(exception.params)
    if "flags" in params:
        names = dict(MeterFlag.Kind.choices)
        params["flags"] = ", ".join(str(names.get(flag, flag)) for flag in params["flags"].split(", "))
    return sentences.fill(gettext(SENTENCES[Check(exception.code)]), params)


def estimated_share(*, channel_ids: Collection[int], period: Period) -> EstimatedShare:
    """This will sum what of the recording days in ``period`` was estimated, substituted or edited; two queries at most.

    An invoice says “estimated” when ``slots`` is not 0.
    """
    here = IntervalDay.objects.filter(channel_id__in=channel_ids, day__gte=period.start, day__lt=period.end)
    slots = energy = all_slots = all_energy = 0
    for values, quality, total in here.values_list("values", "quality", "total"):
        count = len(values) // packing.VALUE_BYTES
        all_slots, all_energy = all_slots + count, all_energy + total
        if len(quality) == 1 and states.state_of(bytes(quality)[0]) is states.State.ACTUAL:
            continue
        found = states.states(packing.unpack_quality(quality, slots=count))
        mask = np.isin(found, _NOT_MEASURED)
        slots += int(mask.sum())
        energy += int(packing.unpack_values(values)[mask].sum(dtype=np.int64))
    return EstimatedShare(slots, all_slots, energy, all_energy)


def day_shown(*, channel_id: int, day: dt.date, version: int | None = None) -> DayShown | None:
    """This will return a day as it stands, or as it stood in a former version; None when there is none."""
    row: Any = IntervalDay.objects.filter(channel_id=channel_id, day=day).first()
    if version is not None and (row is None or row.version != version):
        row = IntervalDayRevision.objects.filter(channel_id=channel_id, day=day, version=version).first()
    return None if row is None else _shown(row)


def days_shown(*, channel_id: int, days: Collection[dt.date]) -> dict[dt.date, DayShown]:
    """This will return those of ``days`` that there are, as they stand."""
    rows = IntervalDay.objects.filter(channel_id=channel_id, day__in=list(days))
    return {row.day: _shown(row) for row in rows}


def proposals(*, state: str = "proposed") -> QuerySet[DayProposal]:
    """This will list proposals with their channels, the latest first; ``state`` "" for all."""
    found = DayProposal.objects.select_related("channel__supply_point")
    return (found.filter(state=state) if state else found).order_by("-pk")


def proposal(*, proposal_id: int) -> DayProposal:
    """This will return one proposal; raises NotFound."""
    found = proposals(state="").filter(pk=proposal_id).first()
    if found is None:
        raise NotFound(what=PROPOSAL, name=str(proposal_id))
    return found


def proposal_shown(*, proposal: DayProposal) -> DayShown:
    """This will return the day as proposed."""
    values = packing.unpack_values(proposal.values)
    quality = packing.unpack_quality(proposal.quality, slots=values.size)
    return DayShown(proposal.day, values, quality, proposal.base_version, proposal.made_at)


def proposals_of_day(*, channel_id: int, day: dt.date) -> QuerySet[DayProposal]:
    """This will list what was proposed for a day, the latest first."""
    return DayProposal.objects.filter(channel_id=channel_id, day=day).order_by("-pk")


def determinations_of_day(*, channel_id: int, day: dt.date, standing: bool = False) -> QuerySet[Determination]:
    """This will list how ranges of a day were determined, the latest first; all, or those that stand."""
    found = Determination.objects.filter(channel_id=channel_id, day=day)
    return (found.filter(replaced_at=None) if standing else found).order_by("-at", "slots")


def exceptions_of_day(*, channel_id: int, day: dt.date) -> QuerySet[ReadingException]:
    """This will list what checks found on a day, open ones first."""
    return ReadingException.objects.filter(channel_id=channel_id, day=day).order_by("closed_at", "code", "pk")


def flags_of_day(*, channel_id: int, day: dt.date) -> QuerySet[MeterFlag]:
    """This will list what the meter said beside the readings of a day."""
    return MeterFlag.objects.filter(channel_id=channel_id, day=day).order_by("slots", "kind")


def is_final(*, channel_id: int, day: dt.date) -> bool:
    """This will tell whether a day is closed: it changes by marked corrections only."""
    return FinalPeriod.objects.filter(channel_id=channel_id, period__contains=day).exists()


def corrections_of_final_days(*, since: dt.datetime) -> QuerySet[DayProposal]:
    """This will list the corrections of final days that were applied since an instant: their bills are made anew."""
    found = DayProposal.objects.filter(correction=True, state=DayProposal.State.APPLIED, decided_at__gte=since)
    return found.select_related("channel").order_by("decided_at", "pk")


def _beyond(exception: ReadingException, side: str) -> Q:
    """Those before ("lt") or behind ("gt") an exception in the order day, channel, check, key."""
    same, found = Q(), Q()
    for name in ("day", "channel_id", "code", "pk"):
        value = getattr(exception, name)
        found |= same & Q(**{f"{name}__{side}": value})
        same &= Q(**{name: value})
    return found


def _shown(row: Any) -> DayShown:
    values = packing.unpack_values(row.values)
    quality = packing.unpack_quality(row.quality, slots=values.size)
    return DayShown(row.day, values, quality, row.version, row.recorded_at)


_NOT_MEASURED = [
    states.STATES.index(each) for each in (states.State.ESTIMATED, states.State.SUBSTITUTED, states.State.EDITED)
]
