"""Readings: interval data out by range, days in by the batch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel import market_time
from kernel.errors import Conflict, Invalid, gettext_noop
from kernel.periods import Period
from portal.api import parsing, problems, values, views
from portal.api.nouns import meters
from tenants.customers import queries as customer_queries
from tenants.metering import operations, queries
from tenants.metering.formats.base import ACCEPTED_MINUTES, LARGEST, Quality, fits_day

MOST_READINGS, MOST_DAYS = 40_000, 1_000
QUALITIES = [quality.name.lower() for quality in Quality]
GIVEN_QUALITIES = [name for name in QUALITIES if name not in ("missing", "edited")]
MISSING = int(Quality.MISSING)


class SlotsDoNotFit(Invalid):
    """A day has as many readings as its clock has intervals."""

    code = "slots_do_not_fit"
    template = gettext_noop("{day} has {expected} intervals in {zone}; {given} readings were given.")


class DayTwice(Invalid):
    """A day stands once in a batch."""

    code = "day_twice"
    template = gettext_noop("{day} of {register} stands in this batch twice.")


class UnknownRegister(Invalid):
    """Readings need a channel."""

    code = "unknown_register"
    template = gettext_noop("{identifier} has no register “{register}”.")


class TooLong(Conflict):
    """A range is read in parts."""

    code = "range_too_long"
    template = gettext_noop("This range has {given} readings; ask for {limit} at most.")
    status_code = 422


class ReadingNote(serializers.Serializer):
    """What a source says of the recorded intervals in [start, end). Codes are those of NEM12."""

    start = serializers.DateTimeField(help_text="UTC.")
    end = serializers.DateTimeField(help_text="UTC, not included.")
    quality = serializers.CharField(help_text="The letter of the source, such as S.")
    method = serializers.CharField(allow_blank=True, help_text="The source's number of the method, such as 52.")
    reason = serializers.CharField(allow_blank=True, help_text="The source's reason code, such as 79.")
    words = serializers.CharField(allow_blank=True, help_text="The source's own words.")
    text = serializers.CharField(help_text="All of it as a sentence.")


class ChannelReadings(serializers.Serializer):
    """The readings of one channel, one for each interval."""

    register = serializers.CharField()
    kind = serializers.ChoiceField(choices=meters.KINDS)
    unit = serializers.ChoiceField(choices=meters.UNITS)
    total = serializers.IntegerField(help_text="Sum of the readings; of power the sum means nothing.")
    missing = serializers.IntegerField(help_text="Intervals without a reading.")
    values = serializers.ListField(
        child=serializers.IntegerField(allow_null=True), help_text="Whole numbers in the unit; null where missing."
    )
    quality = serializers.ListField(child=serializers.ChoiceField(choices=QUALITIES))
    notes = ReadingNote(many=True, help_text="What the source says of these readings beside their values.")


class Readings(serializers.Serializer):
    """The readings of a supply point in [start, end), on one grid of instants."""

    supply_point = serializers.CharField()
    time_zone = serializers.CharField(help_text="The clock of the site.")
    start = serializers.DateTimeField(help_text="UTC.")
    end = serializers.DateTimeField(help_text="UTC, not included.")
    interval_minutes = serializers.IntegerField()
    channels = ChannelReadings(many=True)


class ReadingsRange(serializers.Serializer):
    """Which readings."""

    start = serializers.DateTimeField(help_text="The first instant, such as 2026-05-01T00:00:00+10:00.")
    end = serializers.DateTimeField(help_text="The instant after the last interval.")
    minutes = serializers.ChoiceField(
        choices=[*ACCEPTED_MINUTES, 1440],
        required=False,
        help_text="Finer readings are summed; else as recorded.",
    )
    register = serializers.CharField(max_length=16, required=False, help_text="Only this register.")
    kind = serializers.ChoiceField(choices=meters.KINDS, required=False, help_text="Only channels of this kind.")
    as_recorded = serializers.BooleanField(
        required=False, default=False, help_text="Litres as they were recorded, not as Wh by the factors of their day."
    )

    def validate(self, attrs: Any) -> Any:
        early, late = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (values.EARLIEST, values.LATEST))
        if not early <= attrs["start"] < attrs["end"] <= late:
            raise serializers.ValidationError({"end": [_("The end must be later than the start.")]})
        odd = [name for name in ("start", "end") if attrs[name].second or attrs[name].microsecond]
        if odd:
            raise serializers.ValidationError({name: [_("Give a whole minute.")] for name in odd})
        return attrs


class DayOfReadings(parsing.Input):
    """A day of one register, in the register's unit, on a day of its recording zone."""

    supply_point = serializers.CharField(max_length=32)
    register = serializers.CharField(max_length=16)
    day = values.DayField()
    values = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST, allow_null=True),
        min_length=23,
        max_length=300,
        help_text="One whole number for each interval; null where missing.",
    )
    quality = serializers.ChoiceField(choices=GIVEN_QUALITIES, default="actual")


@values.example(
    {
        "days": [
            {
                "supply_point": "4103035915",
                "register": "E1",
                "day": "2026-05-01",
                "values": [120] * 48,
                "quality": "actual",
            }
        ]
    }
)
class NewReadings(parsing.Input):
    """Days to be stored: all of them, or none."""

    days = serializers.ListField(child=DayOfReadings(), min_length=1, max_length=MOST_DAYS)


class StoredReadings(serializers.Serializer):
    """What became of the days."""

    accepted = serializers.IntegerField(help_text="New days.")
    corrected = serializers.IntegerField(help_text="Days that replaced what stood there; it is kept.")
    unchanged = serializers.IntegerField(help_text="Days that said what was known.")
    outdated = serializers.IntegerField(help_text="Days that are older than what stands there.")


class SupplyPointReadings(views.Noun):
    """Interval data of a supply point."""

    scopes = {"readings": Capability.SEE_READINGS}
    query_serializers = {"readings": ReadingsRange}

    @extend_schema(summary=_("Show readings"), responses=Readings)
    def readings(self, request: Request, identifier: str) -> Response:
        wanted = self.parameters()
        point = customer_queries.supply_point_by_identifier(identifier=identifier)
        channels = [
            channel
            for channel in queries.channels_of(supply_point_ids=[point.pk])
            if wanted.get("register") in (None, channel.register_code) and wanted.get("kind") in (None, channel.kind)
        ]
        minutes = wanted.get("minutes") or _recorded_minutes(channels, wanted["start"], wanted["end"])
        _refuse_too_many(wanted["start"], wanted["end"], minutes, len(channels))
        return self.show(
            {
                "supply_point": point.identifier,
                "time_zone": point.premises.time_zone,
                "start": _utc(wanted["start"]),
                "end": _utc(wanted["end"]),
                "interval_minutes": minutes,
                "channels": _channels(channels, wanted["start"], wanted["end"], minutes, wanted["as_recorded"]),
            }
        )


class ReadingBatches(views.Noun):
    """Readings given as JSON."""

    scopes = {"create": Capability.IMPORT_READINGS}
    pointer_base = ""

    @extend_schema(summary=_("Store readings"), request=NewReadings, responses={200: StoredReadings})
    def create(self, request: Request) -> Response:
        days = self.body(NewReadings)["days"]
        points = customer_queries.supply_points_by_identifier(identifiers={day["supply_point"] for day in days})
        found = queries.channels_of(supply_point_ids=[point.pk for point in points.values()])
        channels = {(channel.supply_point.identifier, channel.register_code): channel for channel in found}
        at = timezone.now()
        known = _Known(points, channels, set(), operations.present(at=at))
        given = [_day(place, day, known) for place, day in enumerate(days)]
        stored = operations.store_interval_days(days=given, at=at)
        names = ("accepted", "corrected", "unchanged", "outdated")
        return Response({name: getattr(stored, name) for name in names})


def _recorded_minutes(channels: list[Any], start: dt.datetime, end: dt.datetime) -> int:
    days = Period(_utc_day(start) - dt.timedelta(days=1), _utc_day(end) + dt.timedelta(days=2))
    found = queries.recorded_minutes(channel_ids=[channel.pk for channel in channels], period=days)
    return max(found.values(), default=60)


def _refuse_too_many(start: dt.datetime, end: dt.datetime, minutes: int, channels: int) -> None:
    given = int((end - start).total_seconds()) // (60 * minutes) * max(channels, 1)
    if given > MOST_READINGS:
        raise TooLong(given=given, limit=MOST_READINGS)
    if (end - start) % dt.timedelta(minutes=minutes):
        said = _("The range is not a whole number of intervals of {minutes} minutes.")
        raise problems.BadParameters({"end": [("invalid", str(said).format(minutes=minutes))]})


def _channels(
    channels: list[Any], start: dt.datetime, end: dt.datetime, minutes: int, recorded: bool
) -> list[dict[str, Any]]:
    ids = [channel.pk for channel in channels]
    converted = [channel.unit == "L" and not recorded for channel in channels]
    block = queries.interval_block(channel_ids=ids, start=start, end=end, minutes=minutes, as_recorded=recorded)
    names = {int(quality): quality.name.lower() for quality in Quality}
    notes = _notes(channels, start, end)
    return [
        {
            "register": channel.register_code,
            "kind": channel.kind,
            "unit": "Wh" if converted[row] else channel.unit,
            "total": int(block.values[row].sum()),
            "missing": int(np.count_nonzero(block.missing[row])),
            "values": _with_gaps(block.values[row].tolist(), block.missing[row].tolist()),
            "quality": [names[quality] for quality in block.quality[row].tolist()],
            "notes": notes[channel.pk],
        }
        for row, channel in enumerate(channels)
    ]


def _notes(channels: list[Any], start: dt.datetime, end: dt.datetime) -> dict[int, list[dict[str, Any]]]:
    """What sources say of the recorded intervals that share a moment with the range, by channel."""
    held = {channel.pk: channel for channel in channels}
    found: dict[int, list[dict[str, Any]]] = {pk: [] for pk in held}
    days = Period(_utc_day(start) - dt.timedelta(days=1), _utc_day(end) + dt.timedelta(days=2))
    for note in queries.source_notes(channel_ids=list(held), period=days):
        opens, closes = market_time.day_bounds(note.day, ZoneInfo(held[note.channel_id].recording_zone))
        length = (closes.astimezone(dt.UTC) - opens.astimezone(dt.UTC)) / note.slots
        first, last = (opens.astimezone(dt.UTC) + length * slot for slot in (note.first, note.end))
        if first < end and last > start:
            told = {"quality": note.letter, "method": note.method, "reason": note.reason, "words": note.words}
            found[note.channel_id].append({"start": _utc(first), "end": _utc(last), **told, "text": note.sentence})
    return found


def _with_gaps(readings: list[int], missing: list[bool]) -> list[int | None]:
    return [None if gap else reading for reading, gap in zip(readings, missing, strict=True)]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the days of a batch are held against."""

    points: dict[str, Any]
    channels: dict[tuple[str, str], Any]
    seen: set[tuple[int, dt.date]]
    now: Any


def _day(place: int, day: dict[str, Any], known: _Known) -> operations.DayReadings:
    where, identifier, register = f"days.{place}", day["supply_point"], day["register"]
    if identifier not in known.points:
        raise problems.UnknownReference(
            where=f"{where}.supply_point", what=customer_queries.SUPPLY_POINT, name=identifier
        )
    channel = known.channels.get((identifier, register))
    if channel is None:
        raise UnknownRegister(where=f"{where}.register", identifier=identifier, register=register)
    if (channel.pk, day["day"]) in known.seen:
        raise DayTwice(where=where, day=day["day"].isoformat(), register=register)
    known.seen.add((channel.pk, day["day"]))
    _require_slots(f"{where}.values", channel, day)
    quality = _qualities(day)
    known.now.require(day=day["day"], zone=channel.recording_zone, quality=quality, where=f"{where}.values")
    return operations.DayReadings(
        channel_id=channel.pk,
        day=day["day"],
        values=np.array([value or 0 for value in day["values"]], dtype=np.int32),
        quality=quality,
    )


def _require_slots(where: str, channel: Any, day: dict[str, Any]) -> None:
    zone, given = ZoneInfo(channel.recording_zone), len(day["values"])
    fitting = {
        market_time.slots_of_day(day["day"], zone, minutes)
        for minutes in ACCEPTED_MINUTES
        if fits_day(day["day"], zone, minutes)
    }
    if given not in fitting:
        expected = market_time.slots_of_day(day["day"], zone, channel.interval_minutes)
        raise SlotsDoNotFit(
            where=where, day=day["day"].isoformat(), expected=expected, zone=channel.recording_zone, given=given
        )


def _qualities(day: dict[str, Any]) -> Any:
    quality = int(Quality[day["quality"].upper()])
    return np.array([MISSING if value is None else quality for value in day["values"]], dtype=np.uint8)


def _utc(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _utc_day(instant: dt.datetime) -> dt.date:
    return instant.astimezone(dt.UTC).date()
