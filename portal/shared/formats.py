"""How numbers, money, energy and time are written for the reader (Babel, CLDR).

The language is the one Django has active; the territory (AU, US, CN ...) comes from the company's market and
only decides between spellings of one language, as the order of day and month.
"""

from __future__ import annotations

import datetime as dt
from contextvars import ContextVar
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from django.utils import translation

from kernel.energy import to_kwh
from kernel.money import Money, minor_places, round_half_up, round_to_minor
from kernel.periods import Period
from portal.shared import units

Number = Decimal | int
Instant = dt.datetime

SYMBOLS = {"CNY": "¥", "AUD": "A$", "USD": "US$", "NZD": "NZ$", "EUR": "€", "GBP": "£", "HKD": "HK$", "SGD": "S$"}
"""One way to write a currency in every language, never one that could be another dollar."""

_DEFAULT_TERRITORY = {"en": "AU", "zh": "CN"}
_MONTH_PATTERNS = {"en": "MMMM y", "zh": "y年M月"}
_SHARE_PLACES = 4
_PRICE_PLACES = 8

territory: ContextVar[str | None] = ContextVar("territory", default=None)
"""Set for each request by LanguageMiddleware."""


def current_locale() -> Locale:
    """Return the locale of the active language in the company's territory."""
    return _locale(translation.get_language() or "en", territory.get())


@lru_cache
def _locale(language: str, place: str | None) -> Locale:
    base = language.split("-", maxsplit=1)[0].lower()
    if base == "zh":
        return Locale("zh", "CN", script="Hant" if "hant" in language.lower() else "Hans")
    known = place if base == "en" and place in {"AU", "US", "GB", "NZ"} else _DEFAULT_TERRITORY.get(base)
    return Locale(base, known)


def number(value: Number, places: int | None = None) -> str:
    """Return the number grouped for the reader; ``places`` fixes the decimals, else they stay as they are (up to 6)."""
    if places is not None:
        return _fixed(Decimal(str(value)), places)
    return numbers.format_decimal(value, format="#,##0.######", locale=current_locale())


def percent(share: Number, places: int = 1) -> str:
    """Return a share of one as per cent: 0.123 → 12.3%."""
    pattern = f"#,##0.{'#' * places}%" if places else "#,##0%"
    return numbers.format_percent(share, format=pattern, locale=current_locale())


def money(value: Money | Number | None, currency: str | None = None) -> str:
    """Return an amount with its currency: ¥1,234.50, -A$12.00. Plain decimals need the currency code."""
    if value is None:
        return "–"
    amount: Number = value.amount if isinstance(value, Money) else value
    code = value.currency if isinstance(value, Money) else currency
    if not code:
        raise ValueError("An amount is shown with its currency.")
    rounded = round_to_minor(Decimal(amount), code)
    return _signed(rounded, symbol(code) + _fixed(abs(rounded), minor_places(code)))


def price(value: Number | None, currency: str) -> str:
    """Return a price with the decimals it was given, at least two: ¥0.5583, ¥0.6580."""
    if value is None:
        return "–"
    exact = Decimal(value)
    exponent = exact.as_tuple().exponent
    places = min(max(2, -exponent if isinstance(exponent, int) else 2), _PRICE_PLACES)
    return _signed(exact, symbol(currency) + _fixed(abs(exact), places))


def plain(value: Decimal) -> Decimal:
    """Return the number without idle zeros."""
    written = format(value, "f")
    return Decimal(written.rstrip("0").rstrip(".")) if "." in written else value


def quantity(value: Decimal | None, unit: str, currency: str) -> str:
    """Return a quantity with its unit, money as money: 31 days, 308.145 kWh, ¥252,881.43."""
    if value is None or not unit:
        return ""
    return money(value, currency) if unit == currency else f"{number(plain(value))}\u00a0{units.many(unit)}"


def unit_price(value: Number | None, currency: str, unit: str) -> str:
    """Return the price of one ``unit``; of money it is a share, as per cent: ¥0.5583, -0.45%."""
    if value is not None and unit == currency:
        return percent(Decimal(value), _SHARE_PLACES)
    return price(value, currency)


def symbol(currency: str) -> str:
    """Return how the currency is written before an amount."""
    return SYMBOLS.get(currency) or f"{currency}\u00a0"


def kwh(watt_hours: int | None, places: int | None = None) -> str:
    """Return energy in kWh: 53328 Wh → 53.328 kWh; ``places`` fixes the decimals."""
    if watt_hours is None:
        return "–"
    return f"{number(to_kwh(watt_hours), places)}\u00a0kWh"


def day(value: dt.date) -> str:
    """Return a day: 22 Nov 2026, 2026年11月22日."""
    return dates.format_date(value, format="medium", locale=current_locale())


def short_day(value: dt.date) -> str:
    """Return day and month where the year is known: 22 Nov, 11月22日."""
    return dates.format_skeleton("MMMd", dt.datetime.combine(value, dt.time()), locale=current_locale())


def month(value: dt.date) -> str:
    """Return the month: November 2026, 2026年11月."""
    locale = current_locale()
    return dates.format_date(value, format=_MONTH_PATTERNS.get(locale.language, "LLLL y"), locale=locale)


def short_month(value: dt.date) -> str:
    """Return the month's short name: Nov, 11月."""
    return dates.format_date(value, format="LLL", locale=current_locale())


def period(value: Period) -> str:
    """Return a half-open period as people say it, with its last day: 1–31 Oct 2026."""
    last = value.end - dt.timedelta(days=1)
    return dates.format_interval(value.start, last, skeleton="yMMMd", locale=current_locale())


def moment(value: Instant, zone: ZoneInfo | str | None = None) -> str:
    """Return an instant with minutes in ``zone`` (UTC when none is given): 22 Nov 2026, 14:05."""
    place = ZoneInfo(zone) if isinstance(zone, str) else zone or dt.UTC
    local = value.astimezone(place)
    return f"{day(local.date())}{'' if current_locale().language == 'zh' else ','} {local:%H:%M}"


def clock(value: dt.time | dt.datetime) -> str:
    """Return hours and minutes on the 24-hour clock: 14:05."""
    return f"{value:%H:%M}"


def file_size(size: int) -> str:
    """Return a number of bytes for people: 1.4 MB."""
    value, units = Decimal(size), ["B", "kB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{number(value, 0 if units[0] == 'B' else 1)}\u00a0{units[0]}"


def _fixed(value: Decimal, places: int) -> str:
    """Return the number with exactly ``places`` decimals, rounded as money is (half up), never "-0"."""
    rounded = round_half_up(value, places)
    pattern = f"#,##0.{'0' * places}".rstrip(".")
    return numbers.format_decimal(rounded or abs(rounded), format=pattern, locale=current_locale())


def _signed(value: Decimal, text: str) -> str:
    return f"-{text}" if value < 0 else text
