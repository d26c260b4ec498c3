"""How a document writes money, energy and days, in its own language whatever the reader's is (Babel, CLDR)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from babel import Locale, dates, numbers

from kernel.energy import to_kwh
from kernel.money import minor_places
from kernel.periods import Period

SYMBOLS = {"CNY": "¥", "AUD": "A$", "USD": "US$"}
_TERRITORIES = {"AUD": "AU", "USD": "US"}
_MINUS = "−"


@dataclass(frozen=True)
class Wording:
    """Writes for a reader of ``language`` what is counted in ``currency``."""

    language: str
    currency: str

    def money(self, amount: Decimal, currency: str | None = None) -> str:
        """Return an amount with its currency: ¥1,234.50, −A$12.00."""
        code = currency or self.currency
        digits = "." + "0" * minor_places(code) if minor_places(code) else ""
        text = numbers.format_decimal(abs(amount), format=f"#,##0{digits}", locale=self._locale)
        return (_MINUS if amount < 0 else "") + SYMBOLS.get(code, f"{code} ") + text

    def number(self, value: Decimal, least: int = 0, most: int = 6) -> str:
        """Return a number with ``least`` to ``most`` decimals: 1,234.5."""
        pattern = "#,##0." + "0" * least + "#" * (most - least)
        text = numbers.format_decimal(abs(value), format=pattern.rstrip("."), locale=self._locale)
        return (_MINUS if value < 0 else "") + text

    def price(self, value: Decimal) -> str:
        """Return a price with the decimals it has, at least two: 0.5583."""
        return self.number(value, least=2, most=8)

    def kwh(self, watt_hours: int) -> str:
        """Return energy in kWh: 53328 → 53.328."""
        return self.number(to_kwh(watt_hours), most=3)

    def percent(self, ratio: Decimal) -> str:
        """Return a ratio of one: 0.13 → 13%."""
        return f"{self.number(ratio * 100, most=4)}%"

    def day(self, value: dt.date) -> str:
        """Return a day: 2 Apr 2026, 2026年4月2日."""
        return dates.format_date(value, format="medium", locale=self._locale)

    def long_day(self, value: dt.date) -> str:
        """Return a day with its month in full: 2 April 2026, 2026年4月2日."""
        return dates.format_date(value, format="long", locale=self._locale)

    def period(self, value: Period) -> str:
        """Return a half-open period with its last day: 1–31 Mar 2026."""
        last = value.end - dt.timedelta(days=1)
        return dates.format_interval(value.start, last, skeleton="yMMMd", locale=self._locale)

    @cached_property
    def _locale(self) -> Locale:
        if self.language.split("-")[0].lower() == "zh":
            return Locale("zh", "CN", script="Hans")
        return Locale("en", _TERRITORIES.get(self.currency, "AU"))
