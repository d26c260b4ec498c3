"""What the open days come to: rated lines with tax, and an estimate for days without readings. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.invoices import taxes
from billing.invoices.lines import RETAILER
from billing.invoices.taxes import Taxable, TaxPolicy
from billing.runs.rated import Evaluated
from kernel.money import EXACT, round_to_minor

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amounts:
    """``rated`` and ``gross`` with tax, ``net`` without, ``income`` the retailer's part of the net."""

    rated: Decimal = NOTHING
    net: Decimal = NOTHING
    gross: Decimal = NOTHING
    income: Decimal = NOTHING
    energy_wh: int = 0


def of_sections(*, sections: Sequence[Evaluated], policy: TaxPolicy, currency: str) -> Amounts:
    """This will add up what was rated, taxed as an invoice over the same lines would be."""
    lines = [
        Taxable(line.posted, line.payee or RETAILER, code=line.code, part=part)
        for part, each in enumerate(sections)
        for line in each.bill.posted
    ]
    taxed = taxes.tax_amounts(lines=lines, policy=policy, currency=currency)
    net, _tax, gross = taxes.total(taxed)
    own = sum((tax.net for line, tax in zip(lines, taxed, strict=True) if line.payee == RETAILER), NOTHING)
    return Amounts(gross, net, gross, own, sum(each.past.energy_wh for each in sections))


def extended(*, rated: Amounts, rated_days: int, missing_days: int, usual: Decimal, currency: str) -> Amounts:
    """This will add the days without readings at the daily mean of those with; without any, at ``usual`` a day.

    ``usual`` is the gross amount of a day on the last invoice. Parts grow alike; energy is left as it was measured.
    """
    if not missing_days:
        return rated
    if not rated_days:
        gross = round_to_minor(EXACT.multiply(usual, Decimal(missing_days)), currency)
        return Amounts(NOTHING, NOTHING, gross, NOTHING, 0)
    days = Decimal(rated_days + missing_days)

    def grown(amount: Decimal) -> Decimal:
        return round_to_minor(EXACT.divide(EXACT.multiply(amount, days), Decimal(rated_days)), currency)

    return Amounts(rated.rated, grown(rated.net), grown(rated.gross), grown(rated.income), rated.energy_wh)
