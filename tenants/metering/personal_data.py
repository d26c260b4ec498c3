"""Numbers that a person gave go, with their photos; readings stay with the meter. Given out are his own days alone."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from psycopg.types.range import DateRange

from tenancy import subjects
from tenancy.subjects import Deed, Holding, Subject
from tenants.metering.models import (
    DayProposal,
    Determination,
    IntervalDay,
    MeterPause,
    QuantityCorrection,
    ReadingException,
    RegisterRead,
    SelfRead,
)


def _while_there(subject: Subject, point: str) -> Q:
    wanted = Q(pk__in=[])
    for supply_point, first, end in subject.supply:
        days = Q(day__gte=first) if end is None else Q(day__gte=first, day__lt=end)
        wanted |= Q(**{point: supply_point}) & days
    return wanted


def _days(subject: Subject) -> Any:
    if not subject.supply:
        return IntervalDay.objects.none()
    wanted = Q(channel__supply_point_id=-1)
    for supply_point, first, end in subject.supply:
        days = Q(day__gte=first) if end is None else Q(day__gte=first, day__lt=end)
        wanted |= Q(channel__supply_point_id=supply_point) & days
    return IntervalDay.objects.filter(wanted)


def _of_point(subject: Subject, rows: Any, point: str, period: str) -> Any:
    """Rows of a place with a period that meets one in which the person lived there."""
    wanted = Q(pk__in=[])
    for supply_point, first, end in subject.supply:
        wanted |= Q(**{point: supply_point, f"{period}__overlap": DateRange(first, end)})
    return rows.filter(wanted)


def _of_days(model: Any, point: str) -> Any:
    return lambda subject: model.objects.filter(_while_there(subject, point))


def _reads(subject: Subject) -> Any:
    return RegisterRead.objects.filter(_while_there(subject, "register__meter__supply_point_id"))


subjects.hold_many(
    Holding(
        "metering_selfread", {"en": "Numbers given by the customer", "zh-hans": "自助抄表"},
        lambda subject: SelfRead.objects.filter(customer_id=subject.customer_id), Deed.REMOVE, files=("photo",),
    ),
    Holding("metering_intervalday", {"en": "Readings of the own time", "zh-hans": "本人用电期间的分时电量"}, _days,
            Deed.KEEP, why="place"),
    Holding("metering_registerread", {"en": "Register reads of the own time", "zh-hans": "本人用电期间的示数"}, _reads,
            Deed.KEEP, why="place", words=subjects.texts_marked("note"), guarded=True),
    Holding(
        "metering_quantitycorrection", {"en": "Corrections of quantities", "zh-hans": "电量更正"},
        lambda subject: _of_point(subject, QuantityCorrection.objects.all(), "supply_point_id", "period"), Deed.KEEP,
        why="place", words=subjects.texts_marked("reason", "decision_note"), guarded=True,
    ),
    Holding(
        "metering_meterpause", {"en": "Pauses of metering", "zh-hans": "计量中断"},
        lambda subject: _of_point(subject, MeterPause.objects.all(), "supply_point_id", "period"), Deed.KEEP,
        why="place", words=subjects.texts_marked("reason"), guarded=True,
    ),
    Holding(
        "metering_determination", {"en": "Readings determined", "zh-hans": "电量认定记录"},
        _of_days(Determination, "channel__supply_point_id"), Deed.KEEP, why="place",
        words=subjects.texts_marked("reason"), guarded=True,
    ),
    Holding(
        "metering_readingexception", {"en": "Exceptions of readings", "zh-hans": "抄表异常"},
        _of_days(ReadingException, "channel__supply_point_id"), Deed.KEEP, why="place",
        words=subjects.texts_marked("note"),
    ),
    Holding(
        "metering_dayproposal", {"en": "Proposals for readings", "zh-hans": "电量建议"},
        _of_days(DayProposal, "channel__supply_point_id"), Deed.KEEP, why="place",
        words=subjects.texts_marked("reason", "note"),
    ),
)  # fmt: skip
