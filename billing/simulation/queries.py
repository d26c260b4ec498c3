"""Reads of simulations: progress, results, rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext

from billing.runs import reasons
from billing.simulation import distribution
from billing.simulation.models import SimulatedAccount, SimulatedMonth, Simulation
from kernel import sentences
from kernel.errors import GridhallError, NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges

SIMULATION, ACCOUNT = gettext_noop("simulation"), gettext_noop("simulated account")
MOVERS = 10
ZERO = Decimal(0)
State = SimulatedAccount.State


@dataclass(frozen=True, slots=True)
class Progress:
    """How many accounts stand in each state."""

    counts: dict[str, int]

    @property
    def accounts(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        return self.accounts - self.counts.get("waiting", 0)

    @property
    def share(self) -> int:
        """Whole percents, for a progress bar."""
        return 100 if not self.accounts else self.done * 100 // self.accounts


@dataclass(frozen=True, slots=True)
class Margin:
    """What the retailer earns less what the energy costs it, over the months whose purchase prices are known."""

    series: str
    months: int
    months_without_price: int
    income_now: Decimal
    income_then: Decimal
    purchase: Decimal

    @property
    def now(self) -> Decimal:
        return self.income_now - self.purchase

    @property
    def then(self) -> Decimal:
        return self.income_then - self.purchase


@dataclass(frozen=True, slots=True)
class Results:
    """What a simulation found, over the accounts and months that could be compared, in ``currency``."""

    currency: str
    accounts: int
    months: int
    invoiced_months: int
    energy_wh: int
    now: Decimal
    then: Decimal
    difference: Decimal
    spread: distribution.Spread
    gainers: list[SimulatedAccount]
    """Who saves most, with account and customer."""
    payers: list[SimulatedAccount]
    """Who pays most more."""
    refused_accounts: int
    refused_months: int
    refusals: dict[str, int]
    """Accounts with a refused month, by the first reason, the most frequent first."""
    margin: Margin | None


def simulations() -> QuerySet[Simulation]:
    """This will list simulations, the latest first, with ``account_count`` and ``done_count``."""
    done: Any = Count("accounts", filter=~Q(accounts__state=State.WAITING))
    found = Simulation.objects.select_related("version__product")
    return found.annotate(account_count=Count("accounts"), done_count=done).order_by("-number")


def simulation(*, number: int) -> Simulation:
    """This will return the simulation with version and product; raises NotFound."""
    found = Simulation.objects.select_related("version__product").filter(number=number).first()
    if found is None:
        raise NotFound(what=SIMULATION, name=str(number))
    return found


def simulation_by_id(*, simulation_id: int) -> Simulation:
    """This will return the simulation with that key; raises NotFound."""
    found = Simulation.objects.filter(pk=simulation_id).first()
    if found is None:
        raise NotFound(what=SIMULATION, name=str(simulation_id))
    return found


def progress(*, simulation: Simulation) -> Progress:
    """This will count the accounts by state, in one query."""
    found = SimulatedAccount.objects.filter(simulation=simulation).order_by()
    return Progress(dict(found.values_list("state").annotate(count=Count("pk"))))


def results(*, simulation: Simulation) -> Results:
    """This will sum up what is compared so far, in a fixed number of queries."""
    compared = SimulatedAccount.objects.filter(simulation=simulation, state=State.COMPARED)
    sums = compared.aggregate(
        accounts=Count("pk"),
        months=Sum("months", default=0),
        energy=Sum("energy_wh", default=0),
        now=Sum("billed", default=ZERO),
        then=Sum("simulated", default=ZERO),
    )
    refused = SimulatedAccount.objects.filter(simulation=simulation).aggregate(
        accounts=Count("pk", filter=Q(state=State.REFUSED)), months=Sum("refused_months", default=0)
    )
    movers = compared.select_related("account__customer")
    return Results(
        currency=simulation.currency,
        accounts=sums["accounts"],
        months=sums["months"],
        invoiced_months=_months(simulation).filter(source=SimulatedMonth.Source.INVOICED, reason="").count(),
        energy_wh=int(sums["energy"]),
        now=sums["now"],
        then=sums["then"],
        difference=sums["then"] - sums["now"],
        spread=distribution.spread(_pairs(compared)),
        gainers=list(movers.filter(difference__lt=0).order_by("difference", "pk")[:MOVERS]),
        payers=list(movers.filter(difference__gt=0).order_by("-difference", "pk")[:MOVERS]),
        refused_accounts=refused["accounts"],
        refused_months=refused["months"],
        refusals=reason_counts(simulation=simulation),
        margin=_margin(simulation) if simulation.purchase_series else None,
    )


def reason_counts(*, simulation: Simulation) -> dict[str, int]:
    """This will count why accounts, or some months of theirs, could not be compared, the most frequent first."""
    rows = SimulatedAccount.objects.filter(simulation=simulation).exclude(reason="").values_list("reason")
    return dict(rows.annotate(count=Count("pk")).order_by("-count", "reason"))


def accounts(
    *, simulation: Simulation, state: str = "", reason: str = "", search: str = ""
) -> QuerySet[SimulatedAccount]:
    """This will list a simulation's accounts with account and customer, by key."""
    found = SimulatedAccount.objects.filter(simulation=simulation).select_related("account__customer").order_by("pk")
    if state:
        found = found.filter(state=state)
    if reason:
        found = found.filter(reason=reason)
    if search.strip():
        words = search.strip()
        found = found.filter(Q(account__number__istartswith=words) | Q(account__customer__name__holds=words))
    return found


def account(*, simulation: Simulation, number: str) -> SimulatedAccount:
    """This will return one account's row by the account's number; raises NotFound."""
    found = accounts(simulation=simulation).filter(account__number=number).first()
    if found is None:
        raise NotFound(what=ACCOUNT, name=number)
    return found


def months(*, simulation: Simulation) -> QuerySet[SimulatedMonth]:
    """This will list the months of all accounts with account and customer, by account and month."""
    return (
        _months(simulation)
        .select_related("simulated_account__account__customer")
        .order_by("simulated_account_id", "month")
    )


def month_rows(*, simulation: Simulation) -> Iterator[SimulatedMonth]:
    """This will yield the same in pieces, for a file of any length."""
    return months(simulation=simulation).iterator(chunk_size=2000)


def reason_sentence(*, row: SimulatedAccount | SimulatedMonth) -> str:
    """This will say in the present language why an account or a month could not be compared; nothing when it was."""
    return _sentence(row.reason, row.reason_params)


def refusal_sentence(*, refusal: GridhallError) -> str:
    """This will say the same of a refusal that was not stored, as a comparison has it."""
    return _sentence(*reasons.of_error(refusal))


def months_of(*, period: Period) -> list[Period]:
    """This will cut whole months out of ``period``, whose first day starts one."""
    found: list[Period] = []
    day = period.start
    while day < period.end:
        found.append(Period.of_month(day.year, day.month))
        day = found[-1].end
    return found


def period_of(*, simulation: Simulation) -> Period:
    """This will return the simulated months as one period."""
    return date_ranges.to_period(simulation.period)


def waiting_count(*, simulation_id: int) -> int:
    """This will count the accounts still to be simulated."""
    return SimulatedAccount.objects.filter(simulation_id=simulation_id, state=State.WAITING).count()


def unfinished_ids() -> list[int]:
    """This will return the simulations whose work is not done: what a sweep enqueues again."""
    return list(Simulation.objects.filter(state=Simulation.State.RUNNING).values_list("pk", flat=True))


def _sentence(code: str, params: Mapping[str, str]) -> str:
    template = reasons.template_of(code, params)
    details = reasons.Text(params)
    word = reasons.KINDS.get(details.get("kind", ""))
    if word is not None:
        details["kind"] = gettext(word)
    return sentences.fill(gettext(template), details) if template else ""


def _pairs(compared: QuerySet[SimulatedAccount]) -> Iterator[distribution.Pair]:
    for billed, simulated in compared.order_by().values_list("billed", "simulated").iterator():
        yield billed or ZERO, simulated or ZERO


def _months(simulation: Simulation) -> QuerySet[SimulatedMonth]:
    return SimulatedMonth.objects.filter(simulated_account__simulation=simulation)


def _margin(simulation: Simulation) -> Margin:
    compared = _months(simulation).filter(reason="")
    priced: Any = Q(purchase__isnull=False)
    found = compared.aggregate(
        months=Count("pk", filter=priced),
        without=Count("pk", filter=~priced),
        now=Sum(F("income_billed"), filter=priced, default=ZERO),
        then=Sum(F("income_simulated"), filter=priced, default=ZERO),
        purchase=Sum(F("purchase"), filter=priced, default=ZERO),
    )
    return Margin(
        series=simulation.purchase_series,
        months=found["months"],
        months_without_price=found["without"],
        income_now=found["now"],
        income_then=found["then"],
        purchase=found["purchase"],
    )
