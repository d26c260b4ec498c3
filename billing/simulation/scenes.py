"""Gathers many accounts once and rates what they have and what is proposed, month by month, in a few queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from billing.runs import gathering, readings
from billing.runs.readings import Readings
from billing.simulation import months, proposals, queries
from billing.simulation.months import Case, Versions
from billing.simulation.proposals import Proposal
from kernel.errors import GridhallError
from kernel.periods import Period
from tenants.tariffs import queries as tariff_queries
from tenants.tariffs.queries import Terms

TermsOfPoints = Mapping[int, Sequence[Terms]]


@dataclass(slots=True, eq=False)
class Scene:
    """Accounts rated under both cases over ``months``; ``refusals`` holds who cannot have the proposal."""

    months: Sequence[Period]
    present: Case
    proposed: Case
    read: Mapping[int, Readings]
    refusals: dict[int, GridhallError] = field(default_factory=dict)


def rated(
    *,
    accounts: Sequence[Any],
    period: Period,
    proposal: Proposal,
    product_code: str = "",
    billed: Collection[tuple[int, Period]] = (),
) -> Scene:
    """This will rate the accounts over the months of ``period`` under the proposal and under what they have.

    With ``product_code`` only supply points on that product get the proposal. Where ``billed`` holds every month of an
    account, what it has is not rated again.
    """
    memory = Period(months.months_before(period.start, months.LONGEST_MEMORY), period.end)
    occupancies = gathering.occupancies_of(account_ids=[each.pk for each in accounts], period=memory)
    points = {held.supply_point_id: held.supply_point for some in occupancies.values() for held in some}
    terms = tariff_queries.terms_in(supply_point_ids=points, period=memory)
    refusals = _wrong_currency(accounts, proposal)
    supposed = _supposed(terms, points, proposal, product_code, refusals)
    proposed, present = Case(supposed), Case(terms)
    versions = Versions()
    counted = queries.months_of(period=period)
    for account_id in (each.pk for each in accounts if each.pk not in refusals):
        proposed.since[account_id] = _since(account_id, supposed, period, versions)
        if not all((account_id, month) in billed for month in counted):
            present.since[account_id] = _since(account_id, terms, period, versions)
    first = min([period.start, *proposed.since.values(), *present.since.values()])
    reach = Period(first, period.end)
    zones = [(key, ZoneInfo(point.premises.time_zone)) for key, point in points.items()]
    read = readings.of_supply_points(points=zones, period=reach)
    months.rate(
        cases=[proposed, present],
        months=queries.months_of(period=reach),
        occupancies=occupancies,
        read=read,
        versions=versions,
    )
    return Scene(counted, present, proposed, read, refusals)


def _wrong_currency(accounts: Sequence[Any], proposal: Proposal) -> dict[int, GridhallError]:
    refusals: dict[int, GridhallError] = {}
    for account in accounts:
        try:
            proposals.require_currency(proposal=proposal, currency=account.currency)
        except GridhallError as refusal:
            refusals[account.pk] = refusal
    return refusals


def _supposed(
    terms: TermsOfPoints,
    points: Mapping[int, Any],
    proposal: Proposal,
    product_code: str,
    refusals: dict[int, GridhallError],
) -> dict[int, list[Terms]]:
    """The same terms with the proposal in them; an account that lacks a parameter of it is refused."""
    found: dict[int, list[Terms]] = {}
    for point, some in terms.items():
        for each in some:
            put = each
            if not product_code or each.version.product.code == product_code:
                try:
                    put = proposals.under(proposal=proposal, terms=each, attributes=points[point].attributes)
                except GridhallError as refusal:
                    refusals.setdefault(each.agreement.account_id, refusal)
            found.setdefault(point, []).append(put)
    return found


def _since(account_id: int, terms: TermsOfPoints, period: Period, versions: Versions) -> Any:
    """The month from which an account is rated, so that its tiers are filled when the period starts."""
    own = [
        each
        for some in terms.values()
        for each in some
        if each.agreement.account_id == account_id and each.period.end > period.start
    ]
    return months.starts(terms=own, first=period.start, versions=versions)
