"""The sample customer of the studio: what is asked about him, and his bill beside the one of the published version."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext

from billing.rating.bills import Bill
from billing.rating.formulas import units
from billing.rating.tariffs import Parameter
from billing.runs import readings, sampling
from kernel import money
from kernel.errors import GridhallError, Invalid, NotFound, gettext_noop
from kernel.periods import Period
from portal.console import bands
from portal.console.studio.layout import Field
from portal.shared import formats, refusals
from tenants.customers import queries as customer_queries
from tenants.tariffs import queries as tariff_queries

TYPICAL, POINT = "typical", "point"
NUMBER, LONGEST = "number", 40
USUAL_LOAD = Decimal("0.5")
EARLIEST, LATEST = 2000, 2099


class NotANumber(Invalid):
    """A figure of the sample is a number."""

    code = "sample_not_a_number"
    template = gettext_noop("“{value}” is not a number.")


class NotAMonth(Invalid):
    """A sample covers a month."""

    code = "sample_not_a_month"
    template = gettext_noop("“{value}” is not a month such as 2026-03.")


@dataclass(slots=True)
class Sample:
    """What was asked and answered about the sample customer."""

    kind: str
    month: Field
    point: Field
    energy: list[Field] = field(default_factory=list)
    others: list[Field] = field(default_factory=list)
    parameters: list[Field] = field(default_factory=list)

    def every(self) -> Iterator[Field]:
        yield self.month
        yield self.point
        yield from self.energy
        yield from self.others
        yield from self.parameters

    def named(self, name: str) -> Field | None:
        return next((one for one in self.every() if one.name == f"/{name}"), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks: the answers, and what stands where nothing was answered."""

    given: QueryDict
    month: dt.date
    zone: ZoneInfo


def of(plan: sampling.Opened | None, labels: Mapping[str, str], asked: Asked) -> Sample:
    """This will ask what the tariff needs to know; without a tariff that holds, what was answered stays."""
    given = asked.given
    month = given.get("/sample/month") or f"{asked.month:%Y-%m}"
    sample = Sample(
        kind=POINT if given.get("/sample/kind") == POINT else TYPICAL,
        month=_field("month", gettext("Month"), month),
        point=_field("point", gettext("Supply point"), given.get("/sample/point") or ""),
    )
    if plan is None:
        return sample
    hours = _hours(plan, _month_or(sample, asked))
    sample.energy = [
        _energy(label, labels.get(label, label), hours.get(label, Decimal(0)), given, bands.tones(hours).get(label, ""))
        for label in hours
    ] or [_energy("", gettext("Energy used"), Decimal(_days(sample, asked) * 24), given, "")]
    sample.others = list(_others(plan, given))
    sample.parameters = [
        _parameter(one, given) for one in plan.tariff.parameters.values() if one.name not in plan.tariff.balances
    ]
    return sample


def bill(plan: sampling.Opened, sample: Sample, asked: Asked) -> Bill:
    """This will return the sample's bill; what refuses is shown at the sample's field and raised."""
    try:
        month = month_of(sample)
        load = _metered(sample, month) if sample.kind == POINT else _typical(plan, sample, month, asked)
        return sampling.rate(plan=plan, load=load, given=_given(plan, sample, month))
    except GridhallError as refusal:
        where = str(refusal.where or "")
        found = sample.named(f"sample/{where}") or sample.named(f"sample/parameter/{where}")
        if found is not None:
            found.error = refusals.sentence(refusal)
        raise


def month_of(sample: Sample) -> Period:
    """This will return the month; raises NotAMonth."""
    text = sample.month.text
    try:
        year, _, number = text.partition("-")
        if not EARLIEST <= int(year) <= LATEST:
            raise ValueError(text)
        return Period.of_month(int(year), int(number))
    except ValueError:
        raise NotAMonth(value=text[:LONGEST], where="month") from None


def _month_or(sample: Sample, asked: Asked) -> Period:
    try:
        return month_of(sample)
    except NotAMonth:
        return Period.of_month(asked.month.year, asked.month.month)


def _days(sample: Sample, asked: Asked) -> int:
    return _month_or(sample, asked).days


def _hours(plan: sampling.Opened, month: Period) -> dict[str, Decimal]:
    if plan.calendar is None:
        return {}
    try:
        return sampling.hours_by_label(calendar=plan.calendar, month=month)
    except GridhallError:
        return dict.fromkeys(plan.calendar.labels, Decimal(0))


def _energy(label: str, title: str, hours: Decimal, given: QueryDict, tone: str) -> Field:
    usual = str(money.round_half_up(hours * USUAL_LOAD, 0))
    note = gettext("{hours} hours").format(hours=formats.number(hours)) if label else ""
    made = _field(
        f"energy/{label}" if label else "energy", title, given.get(f"/sample/energy/{label}".rstrip("/"), usual)
    )
    made.suffix, made.tone, made.help, made.kind = "kWh", tone, note, NUMBER
    return made


def _others(plan: sampling.Opened, given: QueryDict) -> Iterator[Field]:
    tariff = plan.tariff
    metered = {
        readings.DEMAND: (gettext("Highest demand"), "kW", "5"),
        readings.FEED_IN: (gettext("Energy fed in"), "kWh", "100"),
        readings.REACTIVE: (gettext("Reactive energy"), "kvarh", "100"),
    }
    for kind, (title, unit, usual) in metered.items():
        if kind in tariff.required_channels:
            yield _number(kind, title, given, usual, unit)
    for code in sorted(tariff.required_indices):
        yield _number(f"index/{code}", gettext("Published value “{name}”").format(name=code), given, "")
    for name in tariff.facts:
        yield _number(f"fact/{name}", name, given, "0")
    for name in sorted(tariff.balances):
        yield _number(f"already/{name}", gettext("Used earlier ({name})").format(name=name), given, "0", "kWh")


def _parameter(declared: Parameter, given: QueryDict) -> Field:
    made = _number(f"parameter/{declared.name}", declared.name, given, _usual(declared))
    made.suffix = "" if declared.unit is None else units.write(declared.unit)
    least, most = declared.least, declared.most
    if least is not None or most is not None:
        least_text, most_text = ("…" if each is None else formats.number(each) for each in (least, most))
        made.help = gettext("{least} to {most}").format(least=least_text, most=most_text)
    return made


def _number(name: str, title: str, given: QueryDict, usual: str, unit: str = "") -> Field:
    made = _field(name, title, given.get(f"/sample/{name}", usual))
    made.kind, made.suffix = NUMBER, unit
    return made


def _field(name: str, title: str, value: str) -> Field:
    return Field(("sample", *name.split("/")), title, value.replace("\x00", "")[:LONGEST])


def _figure(one: Field) -> Decimal:
    text = one.text.strip() or "0"
    try:
        number = Decimal(text)
    except decimal.InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > LONGEST:
        raise NotANumber(value=text, where="/".join(one.path[1:]))
    return number


def _typical(plan: sampling.Opened, sample: Sample, month: Period, asked: Asked) -> sampling.Load:
    zone = plan.calendar.time_zone if plan.calendar is not None else asked.zone
    other = {one.path[-1]: _figure(one) for one in sample.others if len(one.path) == len(("sample", "demand"))}
    return sampling.typical(
        plan=plan,
        month=month,
        zone=zone,
        energy={
            one.path[2] if len(one.path) > len(("sample", "energy")) else "": _figure(one) for one in sample.energy
        },
        demand=other.get(readings.DEMAND, Decimal(0)),
        feed_in=other.get(readings.FEED_IN, Decimal(0)),
        reactive=other.get(readings.REACTIVE, Decimal(0)),
    )


def _metered(sample: Sample, month: Period) -> sampling.Load:
    identifier = sample.point.text.strip()
    try:
        point = customer_queries.supply_point_by_identifier(identifier=identifier)
    except NotFound as missing:
        missing.where = "point"
        raise
    return sampling.metered(supply_point=point, month=month)


def _given(plan: sampling.Opened, sample: Sample, month: Period) -> sampling.Given:
    parameters = {one.path[-1]: one.text.strip() for one in sample.parameters}
    if sample.kind == POINT:
        parameters |= _agreed(sample, month, plan)
    named: dict[str, dict[str, Decimal]] = {"index": {}, "fact": {}, "already": {}}
    for one in sample.others:
        if one.path[1] in named and one.text.strip():
            named[one.path[1]][one.path[2]] = _figure(one)
    return sampling.Given(parameters, named["index"], named["fact"], named["already"])


def _agreed(sample: Sample, month: Period, plan: sampling.Opened) -> dict[str, Any]:
    """What the agreement of the supply point says, where the answer is still the usual one."""
    point = customer_queries.supply_point_by_identifier(identifier=sample.point.text.strip())
    found = tariff_queries.agreements_in(supply_point_ids=[point.pk], period=month)
    usual = {one.name: _usual(one) for one in plan.tariff.parameters.values()}
    untouched = {one.path[-1] for one in sample.parameters if one.text == usual[one.path[-1]]}
    return {name: value for each in found for name, value in each.parameters.items() if name in untouched}


def _usual(declared: Parameter) -> str:
    value = declared.default if declared.default is not None else declared.least
    return "" if value is None else format(value, "f")
