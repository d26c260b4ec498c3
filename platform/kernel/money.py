"""Money: a decimal amount in a currency, and the one rounding function of the platform."""

from __future__ import annotations

import decimal
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

EXACT = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_UP)
"""34 digits, half up: every money calculation happens in this context (tariff-language, Exactness)."""

_MINOR_UNITS = {"JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3, "TND": 3}
_USUAL_MINOR_UNITS = 2


class CurrencyMismatch(ValueError):
    """Amounts in two currencies were added or compared."""


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Round half away from zero to ``places`` decimals: -2.345 → -2.35. The only rounding of money."""
    return value.quantize(_step(places), rounding=decimal.ROUND_HALF_UP, context=EXACT)


@functools.cache
def _step(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def minor_places(currency: str) -> int:
    """Decimals of the currency's minor unit (ISO 4217)."""
    return _MINOR_UNITS.get(currency, _USUAL_MINOR_UNITS)


def round_to_minor(value: Decimal, currency: str) -> Decimal:
    """Round to what can be paid in ``currency``."""
    return round_half_up(value, minor_places(currency))


def largest_remainder(total: Decimal, weights: Sequence[Decimal], *, places: int) -> list[Decimal]:
    """Share ``total`` over ``weights`` in steps of 10^-places so that the shares sum to it exactly.

    Every share is first cut down; what is left goes, one step each, to the largest remainders, the earlier
    of two equal ones first. With weights that sum to zero the first share takes all.
    """
    if not weights:
        return []
    whole = sum(weights, Decimal(0))
    if whole == 0:
        return [total, *[Decimal(0).quantize(Decimal(1).scaleb(-places))] * (len(weights) - 1)]
    step = Decimal(1).scaleb(-places)
    with decimal.localcontext(EXACT):
        exact = [total * weight / whole for weight in weights]
        shares = [value.quantize(step, rounding=decimal.ROUND_FLOOR) for value in exact]
        left = int((total - sum(shares, Decimal(0))) / step)
        order = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
        for i in order[:left]:
            shares[i] += step
    return shares


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency; never a float, never more decimals than the currency has."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise TypeError("An amount of money is a finite Decimal.")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"“{self.currency}” is not a currency code of ISO 4217.")
        if self.amount != round_to_minor(self.amount, self.currency):
            raise ValueError(f"{self.amount} has more decimals than {self.currency} has.")

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Money:
        """Round ``amount`` half up to the minor unit of ``currency``."""
        return cls(round_to_minor(amount, currency), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls.rounded(Decimal(0), currency)

    def __str__(self) -> str:
        """Return the amount plainly, as it stands in stored sentences: 12.50 AUD. Doors write it their reader's way."""
        return f"{self.amount:f} {self.currency}"

    def __add__(self, other: Money) -> Money:
        self._require_same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._require_same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._require_same(other)
        return self.amount < other.amount

    def _require_same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be put together.")
