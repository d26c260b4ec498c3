"""Agreements: an account takes a product at a supply point, within the bounds of its tariff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from kernel.errors import Conflict, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges, refusals
from tenants.customers import queries as customer_queries
from tenants.customers.models import Account, Occupancy, SupplyPoint
from tenants.tariffs import in_force, queries, tariff_documents
from tenants.tariffs import parameters as agreement_parameters
from tenants.tariffs.models import Agreement, Product, ProductVersion


class NotTheOccupant(Conflict):
    """An agreement binds the account that answers for the supply point, and only while it does."""

    code = "not_the_occupant"
    template = gettext_noop(
        "The account {account} does not answer for {identifier} during the whole of this agreement."
    )


class AgreedAlready(Conflict):
    """One agreement at a time per supply point."""

    code = "agreed_already"
    template = gettext_noop("{identifier} already has an agreement in that period.")


class NothingAgreed(Conflict):
    """No agreement stands on that day."""

    code = "nothing_agreed"
    template = gettext_noop("{identifier} has no agreement before {date}.")


class CurrencyDiffers(Conflict):
    """An account pays in one currency, a tariff has its own."""

    code = "currency_differs"
    template = gettext_noop("The account pays in {account_currency}; the tariff is in {tariff_currency}.")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be agreed: who, where, what, from when until when, with which parameters."""

    account: Account
    supply_point: SupplyPoint
    product: Product
    start: dt.date
    end: dt.date | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


def agree(
    *,
    account: Account,
    supply_point: SupplyPoint,
    product: Product,
    start: dt.date,
    end: dt.date | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Agreement:
    """This will add an agreement under the version of ``product`` in force on ``start``.

    Raises NotTheOccupant, NoVersionInForce, CurrencyDiffers, AgreedAlready, or an Invalid that names the parameter.
    """
    return agree_many(terms=[Terms(account, supply_point, product, start, end, dict(parameters or {}))])[0]


@transaction.atomic
def agree_many(*, terms: Sequence[Terms]) -> list[Agreement]:
    """This will add many agreements at once, all or none; raises as ``agree`` does."""
    if not terms:
        return []
    occupancies = _occupancies(terms)
    versions = queries.versions_in_force(wanted={(each.product, each.start) for each in terms})
    made = [_agreement(each, versions[each.product.pk, each.start], occupancies) for each in terms]
    identifiers = ", ".join(sorted({each.supply_point.identifier for each in terms})[:3])
    with refusals.named({"tariffs_agreement_one_at_a_time": AgreedAlready(identifier=identifiers, where="start")}):
        return Agreement.objects.bulk_create(made)


@transaction.atomic
def end_agreement(*, supply_point: SupplyPoint, on: dt.date) -> Agreement:
    """This will end the agreement that stands on the day before ``on``; raises NothingAgreed."""
    agreement = (
        Agreement.objects.select_for_update()
        .filter(supply_point=supply_point, period__contains=on - dt.timedelta(days=1))
        .first()
    )
    if agreement is None:
        raise NothingAgreed(identifier=supply_point.identifier, date=on.isoformat(), where="on")
    agreement.period = date_ranges.to_range(agreement.period.lower, on)
    agreement.save(update_fields=["period"])
    return agreement


def _occupancies(terms: Sequence[Terms]) -> dict[tuple[int, int], list[Occupancy]]:
    first = min(each.start for each in terms)
    last = max(each.end or each.start + dt.timedelta(days=1) for each in terms)
    found = customer_queries.occupancies_in(period=Period(first, last), account_ids={each.account.pk for each in terms})
    grouped: dict[tuple[int, int], list[Occupancy]] = {}
    for occupancy in found:
        grouped.setdefault((occupancy.account_id, occupancy.supply_point_id), []).append(occupancy)
    return grouped


def _agreement(
    terms: Terms, version: ProductVersion | None, occupancies: Mapping[tuple[int, int], list[Occupancy]]
) -> Agreement:
    if version is None:
        raise in_force.NoVersionInForce(product=terms.product.code, date=terms.start.isoformat())
    held = occupancies.get((terms.account.pk, terms.supply_point.pk), [])
    if not any(date_ranges.covers(each.period, terms.start, terms.end) for each in held):
        raise NotTheOccupant(
            account=terms.account.number, identifier=terms.supply_point.identifier, where="supply_point"
        )
    tariff = tariff_documents.tariff_of(version=version)
    if tariff.currency != terms.account.currency:
        raise CurrencyDiffers(account_currency=terms.account.currency, tariff_currency=tariff.currency)
    given = agreement_parameters.checked(given=terms.parameters, declared=tariff.parameters)
    return Agreement(
        account=terms.account,
        supply_point=terms.supply_point,
        product=terms.product,
        parameters=given,
        period=date_ranges.to_range(terms.start, terms.end),
    )
