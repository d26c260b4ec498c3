"""Rates the open days of many accounts: the same gathering and the same engine as a bill run, month by month."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.accruals import amounts, spans
from billing.accruals.amounts import Amounts
from billing.accruals.models import Unbilled
from billing.accruals.spans import Held, Open
from billing.invoices import queries as invoice_queries
from billing.invoices import terms as invoice_terms
from billing.rating import tariffs
from billing.runs import gathering, rated, readings, reasons
from billing.runs import history as bill_history
from billing.runs.gathering import LabelCache, Plan
from billing.runs.rated import Evaluated
from billing.runs.readings import Readings
from kernel.errors import GridhallError
from kernel.periods import Period
from markets import packs
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.tariffs import queries as tariff_queries
from tenants.tariffs import tariff_documents

CHUNK = 200
State = Unbilled.State
_FIELDS = [
    "state", "reason", "reason_params", "since", "rated_until", "until", "currency", "rated", "net", "gross", "income",
    "energy_wh", "computed_at",
]  # fmt: skip
logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Scene:
    """Accounts with their open days, and what is rated of them."""

    opens: Mapping[int, Open]
    refusals: dict[int, GridhallError] = field(default_factory=dict)
    ends: dict[int, dt.date] = field(default_factory=dict)
    sections: dict[int, list[Evaluated]] = field(default_factory=dict)

    @property
    def period(self) -> Period | None:
        since = min((each.since for each in self.opens.values()), default=None)
        until = max((each.until for each in self.opens.values()), default=None)
        return Period(since, until) if since is not None and until is not None and since < until else None


@transaction.atomic
def rate_unbilled(*, account_ids: Sequence[int], until: dt.date, at: dt.datetime) -> int:
    """This will rate what each account used since its last invoice, up to ``until``, and keep it; returns how many.

    Days at the end that have no readings yet are estimated. An account that cannot be rated keeps the reason and what
    its last invoice would make of the days.
    """
    accounts = list(customer_queries.accounts().filter(pk__in=account_ids).order_by("pk"))
    scene = _open_days([account.pk for account in accounts], until)
    period = scene.period
    if period is not None:
        _rate(scene, period)
    usual = invoice_queries.daily_amounts(account_ids=[account.pk for account in accounts])
    rows = [_row(account, scene, usual.get(account.pk, Decimal(0)), at) for account in accounts]
    Unbilled.objects.bulk_create(rows, update_conflicts=True, unique_fields=["account"], update_fields=_FIELDS)
    return len(rows)


def _open_days(account_ids: Sequence[int], until: dt.date) -> _Scene:
    whole = Period(dt.date.min, until)
    occupancies = gathering.occupancies_of(account_ids=account_ids, period=whole)
    points = {each.supply_point_id for held in occupancies.values() for each in held}
    billed = invoice_queries.billed_until(supply_point_ids=points)
    return _Scene(
        {
            account_id: spans.of_account(
                account_id=account_id, occupancies=occupancies.get(account_id, ()), billed=billed, until=until
            )
            for account_id in account_ids
        }
    )


def _rate(scene: _Scene, period: Period) -> None:
    points = {each.supply_point_id for one in scene.opens.values() for each in one.held}
    terms = tariff_queries.terms_in(supply_point_ids=points, period=period)
    whole = _cut(scene, period, terms, {key: one.held for key, one in scene.opens.items()})
    history = bill_history.of_sections(whole.sections)
    history.open_bills.clear()  # what is open is rated here, in its order
    for month in spans.months(since=period.start, until=period.end):
        _rate_month(scene, month, terms, history)


def _rate_month(scene: _Scene, month: Period, terms: Mapping[int, Any], history: bill_history.History) -> None:
    """Rate a month as far as its readings reach; what stopped in an earlier month is not gone on with."""
    held = {key: one.held for key, one in scene.opens.items() if key not in scene.refusals and key not in scene.ends}
    first = _cut(scene, month, terms, held)
    read = readings.of_supply_points(points=gathering.supply_points(first), period=month)
    ends = _ends(scene, first, read)
    made = _cut(scene, month, terms, {key: spans.up_to(each, ends) for key, each in held.items()})
    made.history = history
    gathering.read_sources(plans=[made])
    for each in rated.evaluated(made=made, read=read, labels=LabelCache(made.facts)):
        scene.sections.setdefault(each.section.account_id, []).append(each)
    scene.refusals.update(made.refusals)


def _cut(scene: _Scene, period: Period, terms: Mapping[int, Any], held: Mapping[int, Iterable[Held]]) -> Plan:
    made = gathering.cut(
        payers=[(key, key) for key in held],
        period=period,
        occupancies={key: list(each) for key, each in held.items()},
        terms=terms,
        tariff_of=_tariff_of,
    )
    scene.refusals.update(made.refusals)
    return made


def _ends(scene: _Scene, made: Plan, read: Mapping[int, Readings]) -> dict[int, dt.date]:
    """The first day without readings by supply point; an account goes as far as its first such day."""
    ends: dict[int, dt.date] = {}
    for section in made.sections:
        point = section.supply_point.pk
        end = spans.readings_end(section=section, found=read.get(point))
        if end < section.period.end and point not in ends:
            ends[point] = end
            known = scene.ends.get(section.account_id, end)
            scene.ends[section.account_id] = min(known, end)
    return {
        section.supply_point.pk: scene.ends[section.account_id]
        for section in made.sections
        if section.account_id in scene.ends
    }


def _row(account: Any, scene: _Scene, usual: Decimal, at: dt.datetime) -> Unbilled:
    one = scene.opens[account.pk]
    refusal = scene.refusals.get(account.pk)
    rated_until = one.since if refusal else max(scene.ends.get(account.pk, one.until), one.since)
    found = Amounts()
    if refusal is None:
        sections = scene.sections.get(account.pk, [])
        found = amounts.of_sections(sections=sections, policy=_tax_policy(), currency=account.currency)
    days, missing = (rated_until - one.since).days, (one.until - rated_until).days
    last = max((each.period.upper for each in one.held), default=one.until)
    missing = max(0, min(missing, (last - rated_until).days))
    whole = amounts.extended(rated=found, rated_days=days, missing_days=missing, usual=usual, currency=account.currency)
    reason, params = reasons.of_error(refusal) if refusal else ("", {})
    state = State.REFUSED if refusal else State.RATED if one.held else State.NOTHING
    return Unbilled(
        account_id=account.pk,
        state=state,
        reason=reason,
        reason_params=params,
        since=one.since,
        rated_until=rated_until,
        until=one.until,
        currency=account.currency,
        rated=whole.rated,
        net=whole.net,
        gross=whole.gross,
        income=whole.income,
        energy_wh=whole.energy_wh,
        computed_at=at,
    )


def _tariff_of(version: Any) -> tariffs.Tariff:
    return tariff_documents.tariff_of(version=version)


def _tax_policy() -> Any:
    return invoice_terms.tax_policy(policy=packs.pack(context.current_retailer().market).policies["tax"])
