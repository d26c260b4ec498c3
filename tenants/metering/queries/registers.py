"""Reads of meters, their registers, factors, reads, pauses and corrections, and of what nobody answers for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Prefetch, QuerySet

from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.metering.models import Meter, MeterPause, QuantityCorrection, Register, RegisterFactor, RegisterRead


@dataclass(frozen=True, slots=True)
class Unowned:
    """Days on which a supply point is metered and no account answers for it; ``end`` None: until today and on."""

    supply_point_id: int
    identifier: str
    start: dt.date
    end: dt.date | None
    measured: bool


def meters(*, search: str = "") -> QuerySet[Meter]:
    """This will list meters with their supply points, by serial; ``search`` meets serials and identifiers."""
    found = Meter.objects.select_related("supply_point").order_by("serial", "pk")
    words = search.strip()
    if words:
        found = found.filter(serial__istartswith=words) | found.filter(supply_point__identifier__istartswith=words)
    return found


def meter(*, meter_id: int) -> Meter:
    """This will return a meter with its supply point and premises; raises NotFound."""
    found = Meter.objects.select_related("supply_point__premises").filter(pk=meter_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("meter"), name=str(meter_id))
    return found


def registers_of(*, supply_point_ids: Collection[int]) -> QuerySet[Register]:
    """This will list the registers of supply points with meters and factors, the latest meter first."""
    return (
        Register.objects.filter(meter__supply_point_id__in=supply_point_ids)
        .select_related("meter__supply_point")
        .prefetch_related(Prefetch("factors", RegisterFactor.objects.order_by("kind", "period")))
        .order_by("meter__supply_point_id", "-meter__period", "code")
    )


def register_of(*, supply_point_id: int, serial: str, code: str, day: dt.date) -> Register | None:
    """This will find the register by serial and code (without a serial by code alone) that hangs there on ``day``.

    The last day of a meter belongs to it too, for its removal read. None when there is none or more than one.
    """
    found = Register.objects.filter(meter__supply_point_id=supply_point_id, code=code).select_related("meter")
    return register_among(registers=found, serial=serial, day=day)


def registers_by_code(*, supply_point_ids: Collection[int]) -> dict[tuple[int, str], list[Register]]:
    """This will return the registers of many supply points by point and code, with their meters, in one query."""
    found: dict[tuple[int, str], list[Register]] = {}
    for each in Register.objects.filter(meter__supply_point_id__in=supply_point_ids).select_related("meter"):
        found.setdefault((each.meter.supply_point_id, each.code), []).append(each)
    return found


def register_among(*, registers: Iterable[Register], serial: str, day: dt.date) -> Register | None:
    """This will choose, of registers with one code at one place, the one that ``register_of`` would find."""
    named = [each for each in registers if not serial or each.meter.serial == serial]
    hanging = [each for each in named if each.meter.period.lower <= day and _until(each, day)]
    if len(hanging) > 1:
        hanging = [each for each in hanging if each.meter.period.upper is None or day < each.meter.period.upper]
    return hanging[0] if len(hanging) == 1 else None


def reads_of(*, register_ids: Collection[int], with_former: bool = False) -> QuerySet[RegisterRead]:
    """This will list the reads of registers, the latest first, with those that were set aside if wanted."""
    found = RegisterRead.objects.filter(register_id__in=register_ids).select_related("register__meter")
    found = found if with_former else found.filter(ended_at__isnull=True)
    return found.order_by("-day", "register__code", "-version")


def doubted_reads() -> QuerySet[RegisterRead]:
    """This will list the reads that wait for a decision, the oldest first."""
    return (
        RegisterRead.objects.filter(ended_at__isnull=True)
        .exclude(doubt="")
        .select_related("register__meter__supply_point")
        .order_by("recorded_at", "pk")
    )


def register_read(*, read_id: int) -> RegisterRead:
    """This will return one read with its register, meter and supply point; raises NotFound."""
    found = RegisterRead.objects.select_related("register__meter__supply_point__premises").filter(pk=read_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("register read"), name=str(read_id))
    return found


def register(*, register_id: int) -> Register:
    """This will return one register with its meter; raises NotFound."""
    found = Register.objects.select_related("meter__supply_point__premises").filter(pk=register_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("register"), name=str(register_id))
    return found


def pauses_of(*, supply_point_ids: Collection[int]) -> QuerySet[MeterPause]:
    """This will list the pauses of supply points, the latest first."""
    return MeterPause.objects.filter(supply_point_id__in=supply_point_ids).order_by("supply_point_id", "-period")


def corrections(*, state: str = "", supply_point_ids: Collection[int] | None = None) -> QuerySet[QuantityCorrection]:
    """This will list corrections of quantities with their supply points, the latest first."""
    found = QuantityCorrection.objects.select_related("supply_point").order_by("-pk")
    found = found.filter(state=state) if state else found
    return found if supply_point_ids is None else found.filter(supply_point_id__in=supply_point_ids)


def correction(*, correction_id: int) -> QuantityCorrection:
    """This will return one correction; raises NotFound."""
    found = corrections().filter(pk=correction_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("correction"), name=str(correction_id))
    return found


def unowned(*, period: Period, limit: int, after: tuple[str, dt.date] | None = None) -> list[Unowned]:
    """This will list the stretches of ``period`` in which something is metered that nobody answers for.

    A stretch is days of hanging meters, or days with readings, less the occupancies of the supply point: it follows
    from what stands, so no import or move can hide it. By identifier and day, ``limit`` of them from ``after`` on.
    """
    identifier, start = after or ("", period.start)
    with connection.cursor() as cursor:
        cursor.execute(
            _UNOWNED, {"start": period.start, "end": period.end, "name": identifier, "day": start, "n": limit}
        )
        return [Unowned(*row) for row in cursor.fetchall()]


def _until(register: Register, day: dt.date) -> bool:
    upper = register.meter.period.upper
    return upper is None or day <= upper


_UNOWNED = """
WITH wanted AS (SELECT daterange(%(start)s::date, %(end)s::date) AS days),
metered AS (
    SELECT m.supply_point_id, range_agg(m.period * w.days) AS days
      FROM metering_meter m, wanted w WHERE m.period && w.days GROUP BY 1),
recorded AS (
    SELECT c.supply_point_id, range_agg(daterange(d.day, d.day + 1)) AS days
      FROM metering_channel c JOIN metering_intervalday d ON d.channel_id = c.id
     WHERE d.day >= %(start)s AND d.day < %(end)s
       AND NOT EXISTS (SELECT 1 FROM customers_occupancy o
                        WHERE o.supply_point_id = c.supply_point_id AND o.period @> d.day)
     GROUP BY 1),
both_of AS (
    SELECT supply_point_id, range_agg(days) AS days, bool_or(measured) AS measured FROM (
        SELECT supply_point_id, unnest(days) AS days, false AS measured FROM metered
        UNION ALL SELECT supply_point_id, unnest(days), true FROM recorded) each GROUP BY 1),
free AS (
    SELECT b.supply_point_id, b.measured, unnest(b.days - coalesce((
        SELECT range_agg(o.period) FROM customers_occupancy o
         WHERE o.supply_point_id = b.supply_point_id), '{}'::datemultirange)) AS days
      FROM both_of b)
SELECT f.supply_point_id, p.identifier, lower(f.days), upper(f.days),
       f.measured OR EXISTS (SELECT 1 FROM metering_registerread r
            JOIN metering_register g ON g.id = r.register_id JOIN metering_meter m ON m.id = g.meter_id
           WHERE m.supply_point_id = f.supply_point_id AND r.ended_at IS NULL AND r.day > lower(f.days)
             AND r.day <= upper(f.days))
  FROM free f JOIN customers_supplypoint p ON p.id = f.supply_point_id
 WHERE (p.identifier, lower(f.days)) > (%(name)s, %(day)s)
 ORDER BY p.identifier, lower(f.days) LIMIT %(n)s
"""
