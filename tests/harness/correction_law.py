"""Random corrections after issue, held against twins that were billed once, when everything was known."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import Sum

from billing.charges import operations as charge_operations
from billing.corrections import operations as corrections
from billing.corrections.models import OPEN, Correction
from billing.invoices.models import BilledPeriod, Invoice
from billing.ledger import queries as ledger_queries
from billing.runs import operations, queries
from harness import supply
from identity.models import User
from kernel.money import Money
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.metering import operations as metering_operations
from tenants.metering.models import Register
from tenants.tariffs import indices
from tenants.tariffs.models import Agreement, IndexSeries

MONTHS = [Period.of_month(2026, month) for month in range(1, 7)]
START = dt.datetime(2026, 7, 2, tzinfo=dt.UTC)
MINUTES = 60
SIDE_BY_SIDE = 20
"""Sequences that share the statements of a look: their accounts have nothing to do with each other."""
INTERVALS = """
tariff: 1
code: law{n}
title: {{en: Law}}
currency: CNY
calendar: cn/jiangsu-residential
parameters:
  fee: {{unit: CNY}}
carried:
  past_peak: {{next: peak(demand), keep: 11, first: 0}}
charges:
  - {{code: fee, title: {{en: Fee}}, quantity: 1, price: fee, round: {{line: 2}}, payee: retailer}}
  - code: energy
    title: {{en: Energy}}
    quantity: sum(consumption)
    round: {{line: 2}}
    payee: retailer
    tiers: {{mode: graduated, window: year, already: used, bands: [{{to: 300, price: 0.40}}, {{to: 900, price: 0.55}},
      {{price: 0.80}}]}}
  - code: use
    title: {{en: Time of use}}
    by: [peak, valley]
    quantity: sum(consumption)
    price: '{{peak: 0.05, valley: -0.11}}[label]'
    round: {{line: 2}}
    payee: retailer
  - {{code: linked, title: {{en: Linked}}, quantity: sum(consumption), price: index(law{n}), round: {{line: 2}},
      payee: retailer}}
  - {{code: demand, title: {{en: Demand}}, quantity: 'max(peak(demand), peak(past_peak))', price: 3,
      round: {{line: 2}}, payee: grid}}
"""
REGISTERS = """
tariff: 1
code: law{n}
title: {{en: Law}}
currency: CNY
charges:
  - code: energy
    title: {{en: Energy}}
    quantity: sum(consumption)
    round: {{line: 2}}
    payee: retailer
    tiers: {{mode: graduated, window: year, already: used, bands: [{{to: 300, price: 0.40}}, {{to: 900, price: 0.55}},
      {{price: 0.80}}]}}
"""
Change = Callable[["Home", dt.datetime], None]


@dataclass(slots=True)
class Home:
    """One of two twins: an account with one supply point."""

    account: Any
    number: str
    months: list[Period]
    channel: Any = None
    register: Any = None


@dataclass(slots=True)
class Figure:
    """What was measured: the largest difference of any period and balance."""

    sequences: int = 0
    corrections: int = 0
    bills_corrected: int = 0
    worst: Decimal = Decimal(0)
    odd: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"corrections in random order: {self.sequences} sequences, {self.corrections} corrections, "
            f"{self.bills_corrected} bills corrected, difference to billing from scratch {self.worst:.2f}"
        )


@dataclass(slots=True, eq=False)
class Twins:
    """One sequence: what is billed and corrected, its twin that is billed once, and the changes in their order."""

    corrected: Home
    twin: Home
    changes: list[Change]


def measure(
    *, sequences: int, seed: int, changes: int = 5, months: int = len(MONTHS), side_by_side: int = SIDE_BY_SIDE
) -> Figure:
    """This will try random sequences of corrections of so many months in the present company and return the figure.

    Sequences go side by side: each change of one comes with one of every other, and is worked off with them or later.
    """
    figure = Figure()
    chance = random.Random(seed)
    people = people_of_company()
    for first in range(0, sequences, side_by_side):
        names = [f"{seed}x{n}" for n in range(first, min(first + side_by_side, sequences))]
        together = [_twins(name, chance, changes, MONTHS[:months]) for name in names]
        _try(together, chance, people, figure)
        if sequences > side_by_side:
            print(figure, flush=True)
    return figure


def people_of_company() -> list[Any]:
    """Two people who approve."""
    made = {"created_at": supply.AT}
    return [User.objects.get_or_create(email=f"law{n}@example.org", defaults=made)[0] for n in range(2)]


def settle(at: dt.datetime, people: list[Any]) -> int:
    """Work through the queue with two people who approve everything; return how many bills were corrected."""
    done = corrections.work(at=at)
    while waiting := list(Correction.objects.filter(state__in=OPEN).order_by("period", "pk")):
        before = Correction.objects.filter(state="done").count()
        for row in waiting:
            row.refresh_from_db()
            if row.state in OPEN:
                _approve(row, at, people)
        done += Correction.objects.filter(state="done").count() - before
        done += corrections.work(at=at)
    return done


def _approve(row: Correction, at: dt.datetime, people: list[Any]) -> None:
    """Approve it; a second person does where one is not enough. What another decision overtook is left."""
    first, second = people
    try:
        if not corrections.approve(correction_id=row.pk, at=at, by=first).done:
            corrections.approve(correction_id=row.pk, at=at, by=second)
    except corrections.WrongCorrectionState:
        row.refresh_from_db()
        assert row.state not in OPEN, row


def _twins(name: str, chance: random.Random, changes: int, months: list[Period]) -> Twins:
    by_register = chance.random() < 0.3
    start = MONTHS[0].start
    product = supply.product(document=REGISTERS.format(n=name), valid_from=start) if by_register else _linked(name)
    homes = [_home(f"{name}{twin}", product, by_register, chance.getstate(), months) for twin in "ab"]
    chosen = [_change(name, by_register, chance, months) for _ in range(changes)]
    charge_month = chance.choice(months)
    for home in homes:
        charge_operations.add(
            account_id=home.account.pk, kind="adjustment", source="law", reference=home.number,
            amount=Money(Decimal("-3.21"), "CNY"), on=charge_month.start, at=START,
        )  # fmt: skip
    return Twins(homes[0], homes[1], chosen)


def _try(together: list[Twins], chance: random.Random, people: list[Any], figure: Figure) -> None:
    _bill([each.corrected for each in together], START)
    at = START
    for place in range(len(together[0].changes)):
        at += dt.timedelta(days=1)
        for each in together:
            each.changes[place](each.corrected, at)
            figure.corrections += 1
        if chance.random() < 0.5:
            figure.bills_corrected += settle(at, people)
    figure.bills_corrected += settle(at + dt.timedelta(hours=2), people)
    for each in together:
        for change in each.changes:
            change(each.twin, at)
    _bill([each.twin for each in together], at + dt.timedelta(hours=3))
    for each in together:
        figure.sequences += 1
        _compare(each.corrected, each.twin, figure)


def _linked(name: str) -> Any:
    series = IndexSeries.objects.create(code=f"law{name}", unit="CNY/kWh")
    for month in MONTHS:
        indices.publish(series=series, period=month, values=[Decimal("0.0123")], at=supply.AT)
    return supply.product(document=INTERVALS.format(n=name), valid_from=MONTHS[0].start)


def _home(number: str, product: Any, by_register: bool, state: Any, months: list[Period]) -> Home:
    parameters = None if by_register else {"fee": "5.00"}
    account = supply.supply(number=number, product=product, start=MONTHS[0].start, parameters=parameters)
    point = SupplyPoint.objects.get(identifier=f"P{number}")
    home = Home(account, number, months)
    same = random.Random()
    same.setstate(state)
    if by_register:
        dial = metering_operations.Dial("1", "consumption", digits=6, decimals=2, shows=Decimal(0))
        new = metering_operations.NewMeter(
            point.pk, f"M{number}", MONTHS[0].start, "Asia/Shanghai", dials=(dial,), position="1"
        )
        metering_operations.install_meter(meter=new, at=supply.AT, by="x")
        home.register = Register.objects.get(meter__supply_point=point)
        for place, month in enumerate(months, start=1):
            _read(home, month.end, Decimal(place * 200), START)
    else:
        home.channel = supply.channel(point=point, minutes=MINUTES)
        days = {day: [same.randint(100, 900) for _ in range(24)] for month in months for day in month}
        whole = Period(months[0].start, months[-1].end)
        supply.read(channel=home.channel, period=whole, each=lambda day: days[day])
    return home


def _read(home: Home, day: dt.date, value: Decimal, at: dt.datetime) -> None:
    given = metering_operations.NewRead(home.register.pk, day, value)
    metering_operations.store_reads(reads=[given], at=at, source="law")


def _change(name: str, by_register: bool, chance: random.Random, months: list[Period]) -> Change:
    days = (months[-1].end - months[0].start).days
    day = months[0].start + dt.timedelta(days=chance.randrange(1, days))
    if by_register:
        place = chance.randrange(1, len(months) + 1)
        value = Decimal(place * 200 + chance.randrange(-90, 90))
        return lambda home, at: _read(home, months[place - 1].end, value, at)
    kind = chance.choice(("reading", "reading", "reading", "parameter", "index"))
    if kind == "reading":
        peak = chance.choice((0, 0, 40_000))
        values = [chance.randint(0, 3000) + peak * (hour == 19) for hour in range(24)]
        return lambda home, at: _reread(home, day, values, at)
    if kind == "parameter":
        fee = str(Decimal(chance.randrange(100, 2000)) / 100)
        return lambda home, at: _new_fee(home, day, fee)
    month, price = chance.choice(months), Decimal(chance.randrange(-200, 900)) / 10_000
    return lambda home, at: _publish(name, month, price, home, at)


def _reread(home: Home, day: dt.date, values: list[int], at: dt.datetime) -> None:
    rows = [metering_operations.DayReadings(channel_id=home.channel.pk, day=day, values=np.array(values, np.int64))]
    metering_operations.store_interval_days(days=rows, at=at)


def _new_fee(home: Home, day: dt.date, fee: str) -> None:
    """The agreement that stands on ``day`` ends there, and one with another fee holds to where it ended."""
    standing = Agreement.objects.get(account=home.account, period__contains=day)
    if standing.period.lower == day:
        standing.parameters = {**standing.parameters, "fee": Decimal(fee)}
        standing.save()
        return
    start, end = standing.period.lower, standing.period.upper
    standing.period = (start, day)
    standing.save()
    Agreement.objects.create(
        account=home.account, supply_point=standing.supply_point, product=standing.product, period=(day, end),
        parameters={**standing.parameters, "fee": Decimal(fee)},
    )  # fmt: skip


def _publish(name: str, month: Period, price: Decimal, home: Home, at: dt.datetime) -> None:
    if home.number.endswith("a"):
        series = IndexSeries.objects.get(code=f"law{name}")
        indices.publish(series=series, period=month, values=[price], at=at)


def _bill(homes: list[Home], at: dt.datetime) -> None:
    for month in homes[0].months:
        run = operations.create_run(period=month, at=at, account_ids=[home.account.pk for home in homes])
        run = operations.run_to_review(run=run, at=at)
        for item in queries.items(run=run, state="parked"):
            operations.release(item_id=item.pk, at=at)
        run = operations.issue_run_now(run=run, billing_date=at.date(), at=at)
        odd = [
            (item.account_id, item.state, item.reason_params) for item in queries.items(run=run).exclude(state="issued")
        ]
        assert run.state == "done" and not odd, (month, run.state, odd)


def _in_force(home: Home) -> dict[Any, Decimal]:
    """What the invoices in force come to, by days."""
    keys = BilledPeriod.objects.filter(invoice__account=home.account).values("invoice")
    rows = Invoice.objects.filter(pk__in=keys).values_list("supply_period").annotate(gross=Sum("gross")).order_by()
    return {(days.lower, days.upper): gross for days, gross in rows}


def _compare(corrected: Home, twin: Home, figure: Figure) -> None:
    one, other = _in_force(corrected), _in_force(twin)
    differences = [abs(one.get(days, Decimal(0)) - other.get(days, Decimal(0))) for days in {*one, *other}]
    balances = [ledger_queries.balance(account_id=home.account.pk, currency="CNY").amount for home in (corrected, twin)]
    differences.append(abs(balances[0] - balances[1]))
    if any(differences) or len(one) != len(corrected.months):
        figure.odd.append(f"{corrected.number}: {one} instead of {other}, balances {balances}")
    figure.worst = max([figure.worst, *differences])
