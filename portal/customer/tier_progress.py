"""How far the use of the year has come through the tiers of a price: the last bill's count and what was used since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from kernel.energy import to_kwh
from kernel.periods import Period
from portal.customer import formula_values
from portal.customer.tariffs import CONSUMPTION, InForce
from portal.shared import charts, formats

YEAR = "year"
ONE_DAY = dt.timedelta(days=1)

DayTotals = Mapping[dt.date, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the last bill says: the kWh it counted in the year, and the day after its last."""

    used: Decimal
    until: dt.date


def charge_of(agreed: InForce) -> Any:
    """Return the charge with tiers over the year, None when the tariff has none that are the same for all labels."""
    found = (c for c in agreed.tariff.charges if c.tiers is not None and c.tiers.window == YEAR and c.post)
    return next((charge for charge in found if charge.tiers.of_label(None)), None)


def counted(invoice: Any, identifier: str, charge: Any) -> Counted | None:
    """Return how much the bill counted for a place, None when it says nothing."""
    parts = invoice.draft.parts if invoice is not None and invoice.draft is not None else []
    mine = [part for part in parts if part["identifier"] == identifier and charge.code in part["bill"]["used"]]
    if not mine:
        return None
    last = max(mine, key=lambda part: str(part["to"]))
    by_label = last["bill"]["used"][charge.code]
    used = sum((Decimal(band) for bands in by_label.values() for band in bands), Decimal(0))
    return Counted(used, dt.date.fromisoformat(last["to"]))


def used_in_year(before: Counted | None, days: DayTotals, until: dt.date) -> Decimal:
    """Return the kWh used in the year of ``until``, whose days not on a bill are in ``days``."""
    first = dt.date(until.year, 1, 1)
    known = before if before is not None and (before.until - ONE_DAY).year == until.year else None
    start = known.until if known else first
    since = sum(wh for day, wh in days.items() if start <= day <= until)
    return (known.used if known else Decimal(0)) + to_kwh(since)


def unbilled(before: Counted | None, until: dt.date) -> Period:
    """Return the days that must be read to complete the count."""
    first = dt.date(until.year, 1, 1)
    start = max(before.until, first) if before is not None else first
    return Period(min(start, until), until + ONE_DAY)


def figure(agreed: InForce, charge: Any, used: Decimal, currency: str) -> charts.Tiers | None:
    """Return the tiers with what was used; None where their limits depend on more than the agreement."""
    scope = formula_values.scope_of(agreed)
    tiers, adds = [], _adds(agreed, charge)
    bands = charge.tiers.of_label(None)
    for number, band in enumerate(bands, start=1):
        limit = formula_values.value(band.to, scope)
        if limit is None and number < len(bands):
            return None
        price = formula_values.value(band.price, scope)
        tiers.append(charts.Tier(gettext("Tier {number}").format(number=number), limit, _note(price, adds, currency)))
    return charts.Tiers(gettext("Your tiers this year"), used, tiers)


def _adds(agreed: InForce, charge: Any) -> bool:
    """Whether the tiers' price comes on top of another price of the same energy."""
    others = [c for c in agreed.tariff.charges if c.channel == CONSUMPTION and c.code != charge.code]
    return bool(others)


def _note(price: Decimal | None, adds: bool, currency: str) -> str:
    if price is None or (adds and price == 0):
        return ""
    sign = "+" if adds and price >= 0 else ""
    return f"{sign}{formats.price(price, currency)}/kWh"
