"""What registers counted over a period, day by day, with the reads it follows from (docs/algorithms/registers.md)."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period
from markets import packs
from tenancy import context
from tenants.metering.models import Channel, Register
from tenants.metering.queries import register_facts
from tenants.metering.queries.register_facts import Correction, Facts
from tenants.metering.registers import checks, stretches
from tenants.metering.registers.policy import Policy

Days = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
ALL_DAY = ""


class RegistersDiffer(GridhallError):
    """The registers of the times of use and the total one say different things."""

    code = "registers_differ"
    template = gettext_noop(
        "From {start} to {end} the registers of {serial} by time of use sum to {parts} Wh, the total one to "
        "{total} Wh; {allowed} Wh may be between them."
    )


@dataclass(frozen=True, slots=True, eq=False)
class RegisterUse:
    """A stretch of one register: ``quantity`` in the kept unit (Wh), of which the days are shares.

    ``quantity`` differs from the stretch's own where the register takes the rest of the total one.
    """

    register: Any
    stretch: stretches.Stretch
    quantity: int

    @property
    def period(self) -> Period:
        return self.stretch.period

    def by_day(self) -> list[int]:
        """This will return what each day of the stretch has of the quantity."""
        own = self.stretch.quantity == self.quantity
        return self.stretch.by_day() if own else stretches.scaled(stretch=self.stretch, quantity=self.quantity)


@dataclass(frozen=True, slots=True, eq=False)
class KindUse:
    """One kind of energy at a supply point over a period of days.

    ``wh`` [labels × days] with ``labels`` ("" where a register counts all day); ``covered`` and ``estimated`` tell of
    each day whether it is known, and whether by an estimate or by sharing a longer stretch. ``always`` tells that bills
    follow the registers even where there are intervals.
    """

    labels: tuple[str, ...]
    wh: Days
    covered: Mask
    estimated: Mask
    always: bool
    first_day: dt.date
    uses: tuple[RegisterUse, ...]
    troubles: tuple[GridhallError, ...] = ()

    @property
    def per_day(self) -> Days:
        total: Days = self.wh.sum(axis=0)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class RegisterInputs:
    """All that bills need of the registers of one supply point: quantities, corrections, and the versions of both."""

    uses: dict[str, KindUse]
    corrections: list[Correction]
    versions: dict[str, str]


def register_inputs(*, supply_point_ids: Collection[int], period: Period) -> dict[int, RegisterInputs]:
    """This will return quantities, corrections and versions of supply points that have any, reading each fact once."""
    facts = register_facts.read(supply_point_ids, period)
    corrections = register_facts.corrections_in(supply_point_ids=supply_point_ids, period=period)
    versions = register_facts.versions(facts, corrections, period)
    uses = _uses(facts, period)
    return {
        point: RegisterInputs(uses.get(point, {}), corrections.get(point, []), named)
        for point, named in versions.items()
    }


def register_uses(*, supply_point_ids: Collection[int], period: Period) -> dict[int, dict[str, KindUse]]:
    """This will return what registers counted over ``period``, by supply point and kind; five queries for any number.

    Supply points and kinds without a register that settles bills are absent. A day is covered when every register of
    the kind that hangs there has reads around it, or a pause says that nothing counts.
    """
    return _uses(register_facts.read(supply_point_ids, period), period)


def _uses(facts: Facts, period: Period) -> dict[int, dict[str, KindUse]]:
    policy = Policy.of(policies=packs.pack(context.current_retailer().market).policies)
    found: dict[int, dict[str, KindUse]] = {}
    for point, registers in facts.registers.items():
        kinds = sorted({register.kind for register in registers})
        found[point] = {
            kind: _kind_use([each for each in registers if each.kind == kind], facts, period, policy, point)
            for kind in kinds
        }
    return found


def _kind_use(registers: Sequence[Any], facts: Facts, period: Period, policy: Policy, point: int) -> KindUse:
    uses: list[RegisterUse] = []
    troubles: list[GridhallError] = []
    covered = np.ones(period.days, np.bool_)
    hanging = np.zeros(period.days, np.bool_)
    for meter_registers in _by_meter(registers).values():
        made = _of_meter(meter_registers, facts, policy, period, troubles)
        uses += [use for group in made.values() for use in group]
        here = _mask(meter_registers[0].meter.period, period)
        hanging |= here
        for register in _counted(meter_registers):
            covered &= ~here | _days_of([use.period for use in made.get(register.pk, ())], period)
    labels = tuple(dict.fromkeys([ALL_DAY, *(use.register.label for use in uses)]))
    wh = np.zeros((len(labels), period.days), np.int64)
    estimated = np.zeros(period.days, np.bool_)
    for use in uses:
        _add(use, labels, wh, estimated, period)
    paused = _pause(registers[0].kind, facts.pauses.get(point, ()), wh[0], period, hanging)
    covered &= hanging | paused
    always = any(register.settles == Register.Settles.ALWAYS for register in registers)
    return KindUse(labels, wh, covered, estimated, always, period.start, tuple(uses), tuple(troubles))


def _by_meter(registers: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for register in registers:
        found.setdefault(register.meter_id, []).append(register)
    return found


def _counted(registers: Sequence[Any]) -> list[Any]:
    """The registers whose quantities add up: those by time of use where there are any, else the total ones."""
    labelled = [register for register in registers if register.label]
    return labelled or list(registers)


def _of_meter(
    registers: Sequence[Any], facts: Facts, policy: Policy, period: Period, troubles: list[GridhallError]
) -> dict[int, list[RegisterUse]]:
    made: dict[int, list[RegisterUse]] = {}
    for register in registers:
        made[register.pk] = _along(register, facts, policy, period, troubles)
    counted = _counted(registers)
    totals = [register for register in registers if register not in counted]
    for total in totals:
        for use in made.pop(total.pk):
            _settle_rest(use, counted, made, policy, troubles)
    return made


def _along(
    register: Any, facts: Facts, policy: Policy, period: Period, troubles: list[GridhallError]
) -> list[RegisterUse]:
    reads = facts.reads.get(register.pk, [])
    counter = register_facts.counter_of(register, facts.factors.get(register.pk, []))
    uses = []
    if register.kind == Channel.Kind.DEMAND:
        return [RegisterUse(register, each, each.quantity) for each in _peaks(register, counter, reads, troubles)]
    for start, end in itertools.pairwise(reads):
        try:
            made = stretches.between(counter=counter, start=start, end=end, rollover_share=policy.rollover_share)
        except GridhallError as trouble:
            troubles.append(trouble)
        else:
            uses.append(RegisterUse(register, made, made.quantity))
    return uses


def _peaks(
    register: Any, counter: stretches.Counter, reads: Sequence[stretches.Read], troubles: list[GridhallError]
) -> list[stretches.Stretch]:
    """The highest demand since the read before: a register of demand shows it and starts anew at each read."""
    found = []
    first = register.meter.period.lower
    for before, read in zip([None, *reads], reads, strict=False):
        start = first if before is None else before.day
        if start >= read.day:
            continue
        try:
            found.append(stretches.peak(counter=counter, since=start, read=read))
        except GridhallError as trouble:
            troubles.append(trouble)
    return found


def _settle_rest(
    total: RegisterUse,
    counted: Sequence[Any],
    made: dict[int, list[RegisterUse]],
    policy: Policy,
    troubles: list[GridhallError],
) -> None:
    """Check the times of use against the total register and give its rest to the label that takes rests."""
    if total.register.kind == Channel.Kind.DEMAND:
        return
    alike = [(each.pk, at) for each in counted for at, use in enumerate(made[each.pk]) if use.period == total.period]
    if len(alike) != len(counted):
        return
    parts = [made[pk][at].quantity for pk, at in alike]
    allowed = _allowed(total, policy)
    rest = checks.total_and_parts(total=total.quantity, parts=parts, allowed=allowed)
    if rest is None:
        start, end = total.period.start.isoformat(), total.period.end.isoformat()
        troubles.append(
            RegistersDiffer(
                serial=total.register.meter.serial,
                parts=str(sum(parts)),
                total=str(total.quantity),
                start=start,
                end=end,
                allowed=str(allowed),
            )
        )
        for pk, at in sorted(alike, reverse=True):
            del made[pk][at]
        return
    uses = {place: made[place[0]][place[1]] for place in alike}
    takes = max(alike, key=lambda place: (uses[place].register.label == policy.rest_label, uses[place].quantity))
    use = uses[takes]
    if rest and use.quantity + rest >= 0:
        made[takes[0]][takes[1]] = RegisterUse(use.register, use.stretch, use.quantity + rest)


def _allowed(use: RegisterUse, policy: Policy) -> int:
    return checks.tolerance(
        quantity=use.quantity,
        decimals=use.register.decimals,
        unit=use.register.unit,
        multiplier=max(part.multiplier for part in use.stretch.parts),
        limits=policy.limits,
    )


def _add(use: RegisterUse, labels: Sequence[str], wh: Days, estimated: Mask, period: Period) -> None:
    inside = use.period.intersection(period)
    if inside is None:
        return
    at = slice((inside.start - period.start).days, (inside.end - period.start).days)
    row = wh[labels.index(use.register.label)]
    if use.register.kind == Channel.Kind.DEMAND:
        row[at] = np.maximum(row[at], use.quantity)
        return
    offset = (inside.start - use.period.start).days
    row[at] += np.array(use.by_day()[offset : offset + inside.days], np.int64)
    estimated[at] |= use.stretch.estimated or inside != use.period


def _pause(kind: str, pauses: Iterable[Any], total: Days, period: Period, hanging: Mask) -> Mask:
    covered = np.zeros(period.days, np.bool_)
    for pause in pauses:
        days = _mask(pause.period, period) & ~hanging
        covered |= days
        if kind == Channel.Kind.CONSUMPTION:
            total[days] += pause.wh_per_day
    return covered


def _mask(days: Any, period: Period) -> Mask:
    start = max(days.lower, period.start)
    end = period.end if days.upper is None else min(days.upper, period.end)
    return _days_of([Period(start, end)] if start < end else [], period)


def _days_of(parts: Iterable[Period], period: Period) -> Mask:
    mask = np.zeros(period.days, np.bool_)
    for part in parts:
        inside = part.intersection(period)
        if inside is not None:
            mask[(inside.start - period.start).days : (inside.end - period.start).days] = True
    return mask
