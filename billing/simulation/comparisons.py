"""One customer's own year on every product that could be agreed: ranked, with the saving against the present one.

All products, the present one too, are rated alike: the same readings, the same months, the versions in force on the
day, the customer's own parameters. So the present product's figure is what the year would cost at today's prices. Costs
are what bills would come to, with the market's tax.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.invoices import taxes
from billing.invoices import terms as terms_of_issue
from billing.invoices.lines import RETAILER
from billing.invoices.taxes import Taxable, TaxPolicy
from billing.runs import gathering, readings
from billing.runs.rated import ReadingsMissing
from billing.runs.readings import Readings
from billing.simulation import months as past_months
from billing.simulation import proposals, queries
from billing.simulation.months import Case, MonthBill, Versions
from billing.simulation.proposals import Proposal
from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period
from markets import packs
from tenancy import context
from tenants.metering import queries as metering_queries
from tenants.tariffs import queries as tariff_queries
from tenants.tariffs.queries import Terms

MONTHS = 12
PUBLISHED = "published"


class NotAgreed(GridhallError):
    """Without an agreement there is nothing to compare with."""

    code = "nothing_to_compare"
    template = gettext_noop("{identifier} has no agreement with a price in force on {date}.")


class NoReadings(GridhallError):
    """No month of the year has all the readings that the present product needs."""

    code = "no_month_with_readings"
    template = gettext_noop("{identifier} has no month with complete readings from {start} to {end}.")


class ChannelMissing(GridhallError):
    """A product prices something that the meter does not measure."""

    code = "channel_missing"
    template = gettext_noop("It needs {kind} readings, which the meter of {identifier} does not give.")


@dataclass(frozen=True, slots=True)
class Offer:
    """A product with what the compared months cost on it; ``saving`` against the present one, negative if dearer."""

    version: Any
    cost: Decimal
    saving: Decimal
    monthly: Mapping[dt.date, Decimal]
    is_present: bool


@dataclass(frozen=True, slots=True)
class Declined:
    """A product that cannot be compared, and why."""

    version: Any
    refusal: GridhallError


@dataclass(frozen=True, slots=True)
class Comparison:
    """Offers, the cheapest first, over ``compared`` months of ``period``.

    ``missing`` holds the months that are left out for every product, with the reason; ``days`` and ``energy_wh`` are
    those of the compared months.
    """

    period: Period
    compared: tuple[Period, ...]
    missing: Mapping[dt.date, GridhallError]
    days: int
    energy_wh: int
    currency: str
    present: Offer
    offers: tuple[Offer, ...]
    declined: tuple[Declined, ...]

    @property
    def best(self) -> Offer | None:
        """The cheapest other product, where it saves something."""
        found = self.offers[0]
        return found if found.saving > 0 else None

    @property
    def is_whole(self) -> bool:
        """Whether every month of the period is compared."""
        return len(self.compared) == len(queries.months_of(period=self.period))


def compare(*, account: Any, supply_point: Any, on: dt.date, months: int = MONTHS) -> Comparison:
    """This will rate the last ``months`` whole months before ``on`` on every product in force on that day.

    Readings are gathered once. A product of another market, in another currency, or that only customers of another
    kind have, is left out; one that needs readings or parameters that are not there is declined with the reason.
    Raises NotAgreed, NoReadings, or what refuses the present product.
    """
    end = on.replace(day=1)
    period = Period(past_months.months_before(end, months), end)
    present = _present(account, supply_point, on)
    scene = _Scene(account, supply_point, period, present)
    for version in _versions(present, on, account.customer.kind):
        scene.add(version)
        if not scene.cases:
            raise scene.declined[0].refusal
    scene.rate()
    return _compared(scene)


@dataclass(slots=True, eq=False)
class _Scene:
    """One account's supply point over a period, and the terms it might have; the present ones stand first."""

    account: Any
    supply_point: Any
    period: Period
    present: Terms
    versions: list[Any] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    read: Mapping[int, Readings] = field(default_factory=dict)
    measured: frozenset[str] = frozenset()
    tariffs: Versions = field(default_factory=Versions)

    @property
    def tax(self) -> TaxPolicy:
        """How the company's market taxes electricity."""
        return terms_of_issue.tax_policy(policy=packs.pack(context.current_retailer().market).policies["tax"])

    @property
    def memory(self) -> Period:
        """The days that a tier of the first month may reach back to."""
        return Period(past_months.months_before(self.period.start, past_months.LONGEST_MEMORY), self.period.end)

    def add(self, version: Any) -> None:
        """Take a product version in: as a case, or declined because the customer has no value for a parameter."""
        proposal = Proposal(pk=version.pk, tariff=self.tariffs.tariff_of(version))
        if proposal.tariff.currency not in (None, self.account.currency):
            return
        agreement = self.present.agreement
        try:
            parameters = proposals.parameters_for(
                proposal=proposal, agreed=agreement.parameters, attributes=self.supply_point.attributes
            )
        except GridhallError as refusal:
            self.declined.append(Declined(version, refusal))
            return
        terms = proposals.agreed(
            proposal=proposal,
            days=self.memory,
            payer=(agreement.pk, self.account.pk),
            running=agreement.period,
            parameters=parameters,
        )
        since = past_months.starts(terms=[terms], first=self.period.start, versions=self.tariffs)
        self.versions.append(version)
        self.cases.append(Case({self.supply_point.pk: [terms]}, {self.account.pk: since}))

    def rate(self) -> None:
        """Read the meter once, as far back as any tier reaches, and rate every case."""
        first = min(case.since[self.account.pk] for case in self.cases)
        reach = Period(first, self.period.end)
        zone = ZoneInfo(self.supply_point.premises.time_zone)
        held = gathering.occupancies_of(account_ids=[self.account.pk], period=reach).get(self.account.pk, [])
        self.read = readings.of_supply_points(points=[(self.supply_point.pk, zone)], period=reach)
        channels = metering_queries.channels_of(supply_point_ids=[self.supply_point.pk])
        kinds = frozenset(channel.kind for channel in channels)
        # Mean power follows from energy; nothing else follows from what is not measured.
        self.measured = kinds | {readings.DEMAND} if readings.CONSUMPTION in kinds else kinds
        past_months.rate(
            cases=self.cases,
            months=queries.months_of(period=reach),
            occupancies={self.account.pk: [each for each in held if each.supply_point_id == self.supply_point.pk]},
            read=self.read,
            versions=self.tariffs,
        )

    def missing_channel(self, version: Any) -> GridhallError | None:
        """What the product prices and the meter does not measure."""
        wanted = self.tariffs.tariff_of(version).required_channels & set(readings.KINDS)
        for kind in sorted(wanted - self.measured):
            return ChannelMissing(identifier=self.supply_point.identifier, kind=kind)
        return None


def _present(account: Any, supply_point: Any, on: dt.date) -> Terms:
    day = Period(on, on + dt.timedelta(days=1))
    found = tariff_queries.terms_in(supply_point_ids=[supply_point.pk], period=day).get(supply_point.pk, [])
    own = [each for each in found if each.agreement.account_id == account.pk]
    if not own:
        raise NotAgreed(identifier=supply_point.identifier, date=on.isoformat())
    return own[0]


def _versions(present: Terms, on: dt.date, kind: str) -> list[Any]:
    """The present version, and of every other product of its market the one in force, by the product's code.

    A product that only customers of another kind have is not for this one.
    """
    product = present.version.product
    others = tariff_queries.products().filter(market=product.market).exclude(pk=product.pk)
    had = tariff_queries.agreements(on=on).order_by().values_list("product_id", "account__customer__kind").distinct()
    kinds: dict[int, set[str]] = {}
    for product_id, other in had:
        kinds.setdefault(product_id, set()).add(other)
    found: list[Any] = [present.version]
    for each in others.prefetch_related("versions"):
        if kind not in kinds.get(each.pk, {kind}):
            continue
        versions = [v for v in each.versions.all() if v.status == PUBLISHED and v.valid_from <= on]
        found += sorted(versions, key=lambda version: version.valid_from)[-1:]
    return found


def _compared(scene: _Scene) -> Comparison:
    key = scene.account.pk
    first, *others = scene.cases
    months = [each for each in queries.months_of(period=scene.period) if (key, each.start) in first.bills]
    missing = {month: refusal for (_key, month), refusal in first.refusals.items() if month in scene.period}
    if not months:
        raise _nothing(scene, missing)
    bills = [first.bills[key, month.start] for month in months]
    present = _offer(scene, 0, months, None)
    offers, declined = [present], list(scene.declined)
    for place, (version, case) in enumerate(zip(scene.versions[1:], others, strict=True), start=1):
        refusal = scene.missing_channel(version) or next(
            (case.refusals[key, month.start] for month in months if (key, month.start) in case.refusals), None
        )
        if refusal is None:
            offers.append(_offer(scene, place, months, present.cost))
        else:
            declined.append(Declined(version, refusal))
    return Comparison(
        period=scene.period,
        compared=tuple(months),
        missing=missing,
        days=sum(each.section.period.days for bill in bills for each in bill.sections),
        energy_wh=sum(bill.energy_wh for bill in bills),
        currency=scene.account.currency,
        present=present,
        offers=tuple(sorted(offers, key=lambda offer: (offer.cost, not offer.is_present, offer.version.product.code))),
        declined=tuple(sorted(declined, key=lambda each: each.version.product.code)),
    )


def _offer(scene: _Scene, place: int, months: Sequence[Period], present: Decimal | None) -> Offer:
    version, case, key = scene.versions[place], scene.cases[place], scene.account.pk
    monthly = {month.start: _with_tax(case.bills[key, month.start], scene) for month in months}
    cost = sum(monthly.values(), Decimal(0))
    saving = Decimal(0) if present is None else present - cost
    return Offer(version, cost, saving, monthly, is_present=present is None)


def _with_tax(bill: MonthBill, scene: _Scene) -> Decimal:
    """What an invoice over the same lines would come to."""
    lines = [
        Taxable(line.posted, line.payee or RETAILER, code=line.code, part=part)
        for part, each in enumerate(bill.sections)
        for line in each.bill.posted
    ]
    return taxes.total(taxes.tax_amounts(lines=lines, policy=scene.tax, currency=scene.account.currency))[2]


def _nothing(scene: _Scene, missing: Mapping[dt.date, GridhallError]) -> GridhallError:
    others = [refusal for refusal in missing.values() if not isinstance(refusal, ReadingsMissing)]
    last = scene.period.end - dt.timedelta(days=1)
    none = NoReadings(
        identifier=scene.supply_point.identifier, start=scene.period.start.isoformat(), end=last.isoformat()
    )
    return others[0] if others else none
