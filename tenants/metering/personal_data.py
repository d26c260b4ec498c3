"""Numbers that a person gave go, with their photos; readings stay with the meter. Given out are his own days alone."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from tenancy import subjects
from tenancy.subjects import Deed, Holding, Subject
from tenants.metering.models import IntervalDay, RegisterRead, SelfRead


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
            Deed.KEEP, why="place"),
)  # fmt: skip
