"""Tax on invoice lines: prices that include it, prices that come without, lines that bear none.

Note "stated tax": where a tariff posts the tax as a charge of its own (its code is the policy's, the state earns it),
that charge is the tax of its part of the bill and nothing is taken out or added there.
Note "cumulated rounding": the tax base is rounded on the running sum of the lines, never line by line, so that the
lines sum to the tax computed on the total, exactly, and each line is within one minor unit of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from kernel.money import EXACT, round_to_minor

NO_TAX, ONE = Decimal(0), Decimal(1)
STATE = "state"
STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class TaxPolicy:
    """How a market taxes electricity: ``rate`` as a ratio (0.13), and whether prices include it.

    Lines of ``exempt_payees`` bear none: what a household earns by feeding in is not the retailer's supply. ``rates``
    are those of other classes than the standard one; ``by_line`` rounds each line by itself.
    """

    code: str
    titles: Mapping[str, str]
    rate: Decimal
    inclusive: bool
    exempt_payees: frozenset[str] = field(default_factory=frozenset)
    by_line: bool = False
    rates: Mapping[str, Decimal] = field(default_factory=dict)

    def is_tax(self, line: Taxable) -> bool:
        """Return whether a charge is the tax itself."""
        return line.code == self.code and line.payee == STATE

    def rate_of(self, line: Taxable) -> Decimal:
        """Return the rate of a line: none where it bears none, or what its payee earns does."""
        if line.untaxed or line.payee in self.exempt_payees:
            return NO_TAX
        return self.rates.get(line.tax_class, self.rate)


class Taxable(NamedTuple):
    """An amount to tax: what the charge is called, who earns it, and the part of the bill it stands in."""

    amount: Decimal
    payee: str
    code: str = ""
    part: Hashable = None
    untaxed: bool = False
    tax_class: str = STANDARD


class Taxed(NamedTuple):
    """An amount and its tax, in minor units: ``net + tax == gross``."""

    net: Decimal
    tax: Decimal
    rate: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    def __neg__(self) -> Taxed:
        return Taxed(net=-self.net, tax=-self.tax, rate=self.rate)


def tax_amounts(*, lines: Sequence[Taxable], policy: TaxPolicy, currency: str) -> list[Taxed]:
    """Return the tax of each line (amounts in minor units), summing per rate to the tax on the total.

    Inclusive: net = round(gross / (1 + rate)), tax = gross − net (market rules A10). Exclusive:
    tax = round(net × rate), added on top. See the note "stated tax" for tariffs that say it themselves.
    """
    stated = {line.part for line in lines if policy.is_tax(line)}
    running: dict[Decimal, tuple[Decimal, Decimal]] = {}
    return [
        _stated(line, policy) if line.part in stated else _computed(line, running, policy, currency) for line in lines
    ]


def total(taxed: Sequence[Taxed]) -> tuple[Decimal, Decimal, Decimal]:
    """Return the sums of net, tax and gross."""
    net, tax = sum([line.net for line in taxed], Decimal(0)), sum([line.tax for line in taxed], Decimal(0))
    return net, tax, net + tax


def summary(taxed: Sequence[Taxed], policy: TaxPolicy) -> list[dict[str, object]]:
    """Return one row per rate, highest first, amounts as text: what the foot of an invoice shows."""
    rows: list[dict[str, object]] = []
    for rate in sorted({line.rate for line in taxed}, reverse=True):
        net, tax, gross = total([line for line in taxed if line.rate == rate])
        row: dict[str, object] = {"code": policy.code, "titles": dict(policy.titles), "rate": str(rate)}
        rows.append(row | {"net": str(net), "tax": str(tax), "gross": str(gross)})
    return rows


def _stated(line: Taxable, policy: TaxPolicy) -> Taxed:
    if policy.is_tax(line):
        return Taxed(net=Decimal(0), tax=line.amount, rate=policy.rate)
    return Taxed(net=line.amount, tax=Decimal(0), rate=policy.rate_of(line))


def _computed(
    line: Taxable, running: dict[Decimal, tuple[Decimal, Decimal]], policy: TaxPolicy, currency: str
) -> Taxed:
    """Tax a line; ``running`` holds, by rate, the sum of the lines before it and the tax on that."""
    rate = policy.rate_of(line)
    before, taxed = (NO_TAX, NO_TAX) if policy.by_line else running.get(rate, (NO_TAX, NO_TAX))
    after = before + line.amount
    running[rate] = after, _tax_of(after, rate, policy, currency)
    tax = running[rate][1] - taxed
    return Taxed(net=line.amount - tax if policy.inclusive else line.amount, tax=tax, rate=rate)


def _tax_of(amount: Decimal, rate: Decimal, policy: TaxPolicy, currency: str) -> Decimal:
    if policy.inclusive:
        return EXACT.subtract(amount, round_to_minor(EXACT.divide(amount, EXACT.add(ONE, rate)), currency))
    return round_to_minor(EXACT.multiply(amount, rate), currency)
