"""What customers may read themselves, what they gave, and what of it waits for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext, gettext_noop

from kernel.errors import NotFound
from markets import packs
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.metering.models import Channel, MeterPause, Register, RegisterFactor, RegisterRead, SelfRead
from tenants.metering.queries import register_facts
from tenants.metering.registers import factors, ordering, plausible, units
from tenants.metering.registers.policy import Policy
from tenants.metering.registers.self_read_policy import SelfReadPolicy

SELF_READ = gettext_noop("read by a customer")
KINDS = (Channel.Kind.CONSUMPTION, Channel.Kind.FEED_IN, Channel.Kind.GENERATION)
_MILLIONTHS = 10**6
SENTENCES = {
    plausible.NO_HISTORY: gettext_noop("There are too few earlier reads to compare it with."),
    plausible.ABOVE: gettext_noop("It is much more than usual: {went} since the last read, usually about {usual}."),
    plausible.BELOW: gettext_noop("It is much less than usual: {went} since the last read, usually about {usual}."),
    plausible.NOT_BETWEEN: gettext_noop("It does not fit the later read {last} of {last_day}."),
    ordering.BACKWARD: gettext_noop("It is below the last read {last} of {last_day}."),
    ordering.IMPLAUSIBLE: gettext_noop("It is so far beyond the last read {last} of {last_day} that it may be a slip."),
    ordering.SUSPENDED_USE: gettext_noop("Supply was off since {last_day}, and yet the register moved on from {last}."),
    "person": gettext_noop("Somebody looks at every number here before it counts."),
}


@dataclass(frozen=True, slots=True, eq=False)
class Readable:
    """A register a customer may read, of which days, with the last believed read."""

    register: Any
    first_day: dt.date
    last_day: dt.date
    last_read: RegisterRead | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.register.meter.supply_point.premises.time_zone)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is expected of a register on a day, and what is odd about a number; both empty when all is well."""

    expected: plausible.Expected
    low: Any
    high: Any
    oddities: tuple[plausible.Oddity, ...]


def self_read_policy() -> SelfReadPolicy:
    """This will return what the company's market lets customers read."""
    return SelfReadPolicy.of(policies=packs.pack(context.current_retailer().market).policies)


def readable(*, customer_id: int, at: dt.datetime) -> list[Readable]:
    """This will list the registers a customer may read ``at`` that instant, by supply point, meter and code.

    Those that hang at a supply point which is the customer's, count energy, and make bills: always, or where no
    intervals of their kind are recorded. The days go back as far as the market says, within the occupancy.
    """
    customer = customer_queries.customer_by_id(customer_id=customer_id)
    held = customer_queries.occupancies_of_customer(customer=customer)
    back = dt.timedelta(days=self_read_policy().days_back)
    found = []
    registers = list(_settling({occupancy.supply_point_id for occupancy in held}))
    last = _last_reads([register.pk for register in registers])
    for register in registers:
        point = register.meter.supply_point
        today = at.astimezone(ZoneInfo(point.premises.time_zone)).date()
        days = [
            day
            for occupancy in held
            if occupancy.supply_point_id == point.pk
            for day in _days(occupancy.period, register.meter.period, today - back, today)
        ]
        if days:
            found.append(Readable(register, min(days), max(days), last.get(register.pk)))
    return found


def judged(*, register: Any, day: dt.date, value: Any) -> Judged:
    """This will compare a number with the register's history; the read of that day itself is left out of it."""
    policies = packs.pack(context.current_retailer().market).policies
    own, policy = SelfReadPolicy.of(policies=policies), Policy.of(policies=policies)
    rules = ordering.Rules(register.digits, policy.rollover_share, _suspended(register))
    rows = RegisterRead.objects.filter(register=register, ended_at=None, doubt="").exclude(day=day).order_by("day")
    real = [row for row in rows if row.quality != RegisterRead.Quality.ESTIMATED]
    believed = [
        ordering.Standing(row.day, row.value, row.value if row.resumes_at is None else row.resumes_at) for row in real
    ]
    habits = plausible.Habits(own.above, own.below, _floor(register, day, own.floor_wh), own.history_days)
    expected = plausible.expected(believed=believed, day=day, rules=rules, habits=habits)
    given = ordering.Standing(day, value, value)
    odd = plausible.oddities(given=given, expected=expected, rules=rules)
    low, high = expected.range(digits=register.digits, decimals=register.decimals) or (None, None)
    return Judged(expected, low, high, tuple(odd))


def self_reads(
    *,
    customer_id: int | None = None,
    state: str = "",
    search: str = "",
    supply_point_ids: Collection[int] | None = None,
) -> QuerySet[SelfRead]:
    """This will list what customers gave, the latest first; in quarantine (``state``) the oldest first."""
    found = SelfRead.objects.select_related("register__meter__supply_point__premises", "customer", "read")
    if customer_id is not None:
        found = found.filter(customer_id=customer_id)
    if supply_point_ids is not None:
        found = found.filter(register__meter__supply_point_id__in=supply_point_ids)
    words = search.strip()
    if words:
        found = found.filter(register__meter__supply_point__identifier__istartswith=words) | found.filter(
            register__meter__serial__istartswith=words
        )
    if not state:
        return found.order_by("-pk")
    found = found.filter(state=state)
    return found.order_by("given_at", "pk") if state == SelfRead.State.QUARANTINED else found.order_by("-pk")


def self_read(*, self_read_id: int, customer_id: int | None = None) -> SelfRead:
    """This will return one of them, if it is that customer's; raises NotFound."""
    found = self_reads(customer_id=customer_id).filter(pk=self_read_id).first()
    if found is None:
        raise NotFound(what=SELF_READ, name=str(self_read_id))
    return found


def quarantined_count() -> int:
    """This will count what waits for a person."""
    return SelfRead.objects.filter(state=SelfRead.State.QUARANTINED).count()


def self_reads_beside(*, given: SelfRead) -> tuple[int | None, int | None]:
    """This will return the keys of the quarantined ones before and after in the queue, or None at its ends."""
    waiting = SelfRead.objects.filter(state=SelfRead.State.QUARANTINED)
    earlier = waiting.filter(given_at__lt=given.given_at) | waiting.filter(given_at=given.given_at, pk__lt=given.pk)
    later = waiting.filter(given_at__gt=given.given_at) | waiting.filter(given_at=given.given_at, pk__gt=given.pk)
    before = earlier.order_by("-given_at", "-pk").values_list("pk", flat=True).first()
    return before, later.order_by("given_at", "pk").values_list("pk", flat=True).first()


def oddity_sentence(*, oddity: dict[str, Any]) -> str:
    """This will say what is odd, in the reader's language."""
    template = SENTENCES.get(oddity["code"], "{code}")
    return gettext(template).format(code=oddity["code"], **oddity["params"])


def _settling(points: Collection[int]) -> QuerySet[Register]:
    alike = Channel.objects.filter(supply_point_id=OuterRef("meter__supply_point_id"), kind=OuterRef("kind"))
    return (
        Register.objects.filter(meter__supply_point_id__in=points, kind__in=KINDS)
        .exclude(settles=Register.Settles.NEVER)
        .exclude(Exists(alike), settles=Register.Settles.WITHOUT_INTERVALS)
        .select_related("meter__supply_point__premises")
        .order_by("meter__supply_point__identifier", "meter__serial", "code")
    )


def _last_reads(register_ids: Collection[int]) -> dict[int, RegisterRead]:
    rows = RegisterRead.objects.filter(register_id__in=register_ids, ended_at=None, doubt="")
    return {row.register_id: row for row in rows.order_by("register_id", "-day").distinct("register_id")}


def _days(held: Any, hangs: Any, first: dt.date, last: dt.date) -> list[dt.date]:
    """The first and last day that lie in all of them; the day on which something ends can still be read."""
    first = max(first, held.lower or first, hangs.lower or first)
    last = min(last, held.upper or last, hangs.upper or last)
    return [first, last] if first <= last else []


def _suspended(register: Any) -> list[tuple[dt.date, dt.date | None]]:
    pauses = MeterPause.objects.filter(supply_point_id=register.meter.supply_point_id, kind=MeterPause.Kind.SUSPENDED)
    return [(pause.period.lower, pause.period.upper) for pause in pauses]


def _floor(register: Any, day: dt.date, wh: int) -> Any:
    """What is no news, in units of the register; nothing where its factor is not known."""
    rows = RegisterFactor.objects.filter(register=register)
    exact = [register_facts.factor_of(row) for row in rows]
    try:
        ratio = factors.ratio(kinds=exact, on=day, unit=register.unit, register=register.code)
    except factors.FactorMissing:
        ratio = Fraction(0)
    scale = units.unit(name=register.unit).scale * ratio
    found = Fraction(wh) / scale if scale else Fraction(0)
    return Decimal(int(found * _MILLIONTHS)) / _MILLIONTHS
