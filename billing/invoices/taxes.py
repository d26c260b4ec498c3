"""Tax on invoice lines: prices that include it, prices that come without, lines that bear none.

Note "cumulated rounding": the tax base is rounded on the running sum of the lines, never line by line, so that the
lines sum to the tax computed on the total, exactly, and each line is within one minor unit of its own.
"""

from __future__ import annotations

import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kernel.money import EXACT, round_to_minor

NO_TAX = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxPolicy:
    """How a market taxes electricity: ``rate`` as a ratio (0.13), and whether prices include it.

    Lines of ``exempt_payees`` bear none: what a household earns by feeding in is not the retailer's supply.
    """

    code: str
    titles: Mapping[str, str]
    rate: Decimal
    inclusive: bool
    exempt_payees: frozenset[str] = field(default_factory=frozenset)

    def rate_of(self, payee: str) -> Decimal:
        """Return the rate of a line that ``payee`` earns."""
        return NO_TAX if payee in self.exempt_payees else self.rate


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount and its tax, in minor units: ``net + tax == gross``."""

    net: Decimal
    tax: Decimal
    rate: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    def __neg__(self) -> Taxed:
        return Taxed(net=-self.net, tax=-self.tax, rate=self.rate)


def tax_amounts(*, amounts: Sequence[tuple[Decimal, str]], policy: TaxPolicy, currency: str) -> list[Taxed]:
    """Return the tax of each (amount in minor units, payee), summing per rate to the tax on the total.

    Inclusive: net = round(gross / (1 + rate)), tax = gross − net (market rules A10). Exclusive:
    tax = round(net × rate), added on top.
    """
    running: dict[Decimal, Decimal] = {}
    taxed = []
    for amount, payee in amounts:
        rate = policy.rate_of(payee)
        before = running.get(rate, Decimal(0))
        running[rate] = before + amount
        step = _tax_of(running[rate], rate, policy, currency) - _tax_of(before, rate, policy, currency)
        taxed.append(Taxed(net=amount - step if policy.inclusive else amount, tax=step, rate=rate))
    return taxed


def total(taxed: Sequence[Taxed]) -> tuple[Decimal, Decimal, Decimal]:
    """Return the sums of net, tax and gross."""
    net, tax = sum((line.net for line in taxed), Decimal(0)), sum((line.tax for line in taxed), Decimal(0))
    return net, tax, net + tax


def summary(taxed: Sequence[Taxed], policy: TaxPolicy) -> list[dict[str, object]]:
    """Return one row per rate, highest first, amounts as text: what the foot of an invoice shows."""
    rows = []
    for rate in sorted({line.rate for line in taxed}, reverse=True):
        net, tax, gross = total([line for line in taxed if line.rate == rate])
        row = {"code": policy.code, "titles": dict(policy.titles), "rate": str(rate)}
        rows.append(row | {"net": str(net), "tax": str(tax), "gross": str(gross)})
    return rows


def _tax_of(amount: Decimal, rate: Decimal, policy: TaxPolicy, currency: str) -> Decimal:
    with decimal.localcontext(EXACT):
        if policy.inclusive:
            return amount - round_to_minor(amount / (1 + rate), currency)
        return round_to_minor(amount * rate, currency)
