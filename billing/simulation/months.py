"""Rates past months of many accounts under several sets of terms, from readings that were gathered once.

Each set of terms is a *case* with a past of its own: its tiers count the quantities that it rated itself. Where a
window of tiers, or a value carried on, reaches back before the first month, the months before are rated too and not
counted; one of them that cannot be rated counts as nothing used, like a bill that was never made.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing.invoices.lines import RETAILER
from billing.rating import tariffs
from billing.rating.bills import exact_sum
from billing.runs import gathering, rated, windows
from billing.runs.gathering import LabelCache, Plan
from billing.runs.history import History
from billing.runs.rated import Evaluated
from billing.runs.readings import Readings
from billing.simulation import proposals
from kernel.errors import GridhallError
from kernel.periods import Period
from tenants.tariffs.queries import Terms

LONGEST_MEMORY = 12
"""Months before the first one that are read at most: a year of tiers."""
Month = dt.date
"""The first day of a month."""


@dataclass(frozen=True, slots=True)
class MonthBill:
    """What a month comes to: all posted lines, those the retailer earns, and the energy used."""

    amount: Decimal
    income: Decimal
    energy_wh: int
    sections: tuple[Evaluated, ...]


@dataclass(slots=True, eq=False)
class Case:
    """One set of terms by supply point, for accounts each from a month on; ``bills`` is what came of it."""

    terms: Mapping[int, Sequence[Terms]]
    since: dict[int, Month] = field(default_factory=dict)
    history: History = field(default_factory=History)
    bills: dict[tuple[int, Month], MonthBill] = field(default_factory=dict)
    refusals: dict[tuple[int, Month], GridhallError] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Versions:
    """The tariff of each version, read once for a whole piece of work."""

    _known: dict[tuple[str, int], tariffs.Tariff] = field(default_factory=dict)

    def tariff_of(self, version: Any) -> tariffs.Tariff:
        """This will return the tariff of a product version or of a proposal."""
        key = (type(version).__name__, version.pk)
        if key not in self._known:
            self._known[key] = proposals.tariff_of_version(version)
        return self._known[key]


def rate(
    *,
    cases: Sequence[Case],
    months: Sequence[Period],
    occupancies: Mapping[int, Sequence[Any]],
    read: Mapping[int, Readings],
    versions: Versions,
) -> None:
    """This will fill the bills and refusals of every case, month by month, all accounts on one tariff at once."""
    for month in months:
        plans = [_plan(case, month, occupancies, versions) for case in cases]
        gathering.read_sources(plans=plans)
        labels = LabelCache(plans[0].facts)
        for case, made in zip(cases, plans, strict=True):
            _keep(case, month.start, made, rated.evaluated(made=made, read=read, labels=labels))


def starts(*, terms: Iterable[Terms], first: Month, versions: Versions) -> Month:
    """This will return the month from which terms must be rated, so that ``first`` finds its tiers filled."""
    found = [first]
    for each in terms:
        tariff = versions.tariff_of(each.version)
        contract = each.agreement.period.lower
        kinds = {charge.tiers.window for charge in tariff.charges if charge.tiers is not None and charge.tiers.already}
        found += [windows.start_of(window=kind, day=first, contract_start=contract) for kind in kinds]
        found += [months_before(first, rule.keep) for rule in tariff.carried.values()]
    return max(min(found), months_before(first, LONGEST_MEMORY)).replace(day=1)


def months_before(first: Month, count: int) -> Month:
    """This will return the first day of the month ``count`` months earlier."""
    number = first.year * 12 + first.month - 1 - count
    return dt.date(number // 12, number % 12 + 1, 1)


def _plan(case: Case, month: Period, occupancies: Mapping[int, Sequence[Any]], versions: Versions) -> Plan:
    payers = [(account_id, account_id) for account_id, since in case.since.items() if since <= month.start]
    made = gathering.cut(
        payers=payers, period=month, occupancies=occupancies, terms=case.terms, tariff_of=versions.tariff_of
    )
    made.history = case.history
    return made


def _keep(case: Case, month: Month, made: Plan, found: Sequence[Evaluated]) -> None:
    case.refusals.update({(account_id, month): refusal for account_id, refusal in made.refusals.items()})
    ordered = sorted(found, key=lambda each: each.section.account_id)
    for account_id, group in itertools.groupby(ordered, key=lambda each: each.section.account_id):
        case.bills[account_id, month] = _bill(tuple(group))


def _bill(sections: tuple[Evaluated, ...]) -> MonthBill:
    lines = [line for each in sections for line in each.bill.posted]
    return MonthBill(
        amount=exact_sum(each.bill.total for each in sections),
        income=exact_sum(line.posted for line in lines if (line.payee or RETAILER) == RETAILER),
        energy_wh=sum(each.past.energy_wh for each in sections),
        sections=sections,
    )
