"""What quantities of registers follow from, read in sets: registers, factors, reads, pauses, corrections."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.metering.models import Channel, MeterPause, QuantityCorrection, Register, RegisterFactor, RegisterRead
from tenants.metering.registers import checks, factors, stretches


@dataclass(frozen=True, slots=True)
class Correction:
    """An approved correction of a quantity: ``rate`` of what was recorded is added in its days."""

    id: int
    kind: str
    period: Period
    rate: Fraction


@dataclass(slots=True)
class Facts:
    """What was read of some supply points, ready to be put together."""

    registers: dict[int, list[Any]] = field(default_factory=dict)
    factors: dict[int, list[factors.Factor]] = field(default_factory=dict)
    reads: dict[int, list[stretches.Read]] = field(default_factory=dict)
    pauses: dict[int, list[Any]] = field(default_factory=dict)
    versions: dict[int, list[str]] = field(default_factory=dict)


def register_versions(*, supply_point_ids: Collection[int], period: Period) -> dict[int, dict[str, str]]:
    """This will name, by supply point, the reads, factors, pauses and corrections that its quantities follow from.

    A text a register: ``2026-01-01=1 2026-02-01=2 …``, day and version of each read, then the factors. Another text
    means that a bill made of them is made again.
    """
    corrections = corrections_in(supply_point_ids=supply_point_ids, period=period)
    return versions(read(supply_point_ids, period), corrections, period)


def versions(
    facts: Facts, corrections: Mapping[int, Sequence[Correction]], period: Period
) -> dict[int, dict[str, str]]:
    """This will name what was read of ``period``."""
    found: dict[int, dict[str, str]] = {}
    for point, registers in facts.registers.items():
        texts = {f"register:{each.pk}": " ".join(sorted(facts.versions.get(each.pk, ()))) for each in registers}
        paused = [_paused(each, period) for each in facts.pauses.get(point, ())]
        found[point] = texts | ({f"pauses:{point}": "; ".join(paused)} if paused else {})
    for point, held in corrections.items():
        found.setdefault(point, {})[f"corrections:{point}"] = " ".join(str(each.id) for each in held)
    return found


def _paused(pause: MeterPause, period: Period) -> str:
    days = date_ranges.within(pause.period, period) or period
    return f"{pause.kind} {pause.position}@{days.start}/{days.end}={pause.wh_per_day}"


def corrections_in(*, supply_point_ids: Collection[int], period: Period) -> dict[int, list[Correction]]:
    """This will return the approved corrections that touch ``period``, by supply point, in order of their days."""
    rows = QuantityCorrection.objects.filter(
        supply_point_id__in=supply_point_ids,
        state=QuantityCorrection.State.APPROVED,
        period__overlap=date_ranges.of_period(period),
    ).order_by("period")
    found: dict[int, list[Correction]] = {}
    for row in rows:
        rate = checks.correction_rate(right=row.power_right, wrong=row.power_wrong)
        days = date_ranges.to_period(row.period)
        found.setdefault(row.supply_point_id, []).append(Correction(row.pk, row.kind, days, rate))
    return found


def read(supply_point_ids: Collection[int], period: Period) -> Facts:
    """This will read the registers that settle bills, with their factors, pauses and the reads around ``period``."""
    facts = Facts()
    held = list(
        Register.objects.filter(meter__supply_point_id__in=supply_point_ids)
        .exclude(settles=Register.Settles.NEVER)
        .exclude(kind=Channel.Kind.CHECK)
        .select_related("meter")
        .order_by("meter__period", "meter_id", "code")
    )
    if not held:
        return facts
    for register in held:
        facts.registers.setdefault(register.meter.supply_point_id, []).append(register)
    ids = [register.pk for register in held]
    for row in reads_around(register_ids=ids, period=period):
        facts.reads.setdefault(row.register_id, []).append(read_of(row))
        facts.versions.setdefault(row.register_id, []).append(f"{row.day}={row.version}")
    for factor in RegisterFactor.objects.filter(register_id__in=ids).order_by("register_id", "kind", "period"):
        exact = factor_of(factor)
        facts.factors.setdefault(factor.register_id, []).append(exact)
        named = _named(exact, facts.reads.get(factor.register_id, ()))
        facts.versions.setdefault(factor.register_id, []).extend(named)
    days = date_ranges.of_period(period)
    pauses = MeterPause.objects.filter(supply_point_id__in=facts.registers, period__overlap=days)
    for pause in pauses.order_by("period"):
        facts.pauses.setdefault(pause.supply_point_id, []).append(pause)
    return facts


def _named(factor: factors.Factor, reads: Sequence[stretches.Read]) -> list[str]:
    """A factor as far as the reads reach: what changes beyond them changes no quantity of theirs."""
    if not reads:
        return []
    start = max(factor.start, reads[0].day)
    end = reads[-1].day if factor.end is None else min(factor.end, reads[-1].day)
    return [f"{factor.kind}={factor.ratio}@{start}/{end}"] if start < end else []


def factor_of(row: RegisterFactor) -> factors.Factor:
    """This will turn a stored factor into an exact ratio."""
    ratio = Fraction(row.numerator) / Fraction(row.denominator)
    return factors.Factor(row.kind, ratio, row.period.lower, row.period.upper)


def read_of(row: RegisterRead) -> stretches.Read:
    """This will turn a stored read into one for arithmetic."""
    estimated = row.quality in {RegisterRead.Quality.ESTIMATED, RegisterRead.Quality.SUBSTITUTED}
    return stretches.Read(row.pk, row.day, row.value, row.resumes_at, estimated)


def reads_around(*, register_ids: Collection[int], period: Period) -> list[RegisterRead]:
    """This will return the standing reads without doubt in ``period`` and the nearest ones on either side, by day."""
    if not register_ids:
        return []
    return list(RegisterRead.objects.raw(_READS_AROUND, [list(register_ids), period.start, period.end]))


def counter_of(register: Any, held: Sequence[factors.Factor]) -> stretches.Counter:
    """This will describe how a stored register counts."""
    return stretches.Counter(register.code, register.unit, register.digits, register.decimals, tuple(held))


_READS_AROUND = """
WITH wanted AS (SELECT unnest(%s::bigint[]) AS id, %s::date AS first, %s::date AS last)
SELECT r.* FROM wanted w
 CROSS JOIN LATERAL (
    SELECT coalesce((SELECT max(day) FROM metering_registerread b WHERE b.register_id = w.id AND b.day <= w.first
                        AND b.ended_at IS NULL AND b.doubt = ''), w.first) AS since,
           coalesce((SELECT min(day) FROM metering_registerread a WHERE a.register_id = w.id AND a.day >= w.last
                        AND a.ended_at IS NULL AND a.doubt = ''), w.last) AS until) bounds
  JOIN metering_registerread r ON r.register_id = w.id AND r.day BETWEEN bounds.since AND bounds.until
   AND r.ended_at IS NULL AND r.doubt = ''
 ORDER BY r.register_id, r.day
"""
