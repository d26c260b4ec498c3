"""A tariff for people: the hours of the day with their prices, and every charge in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext

from kernel import texts
from kernel.periods import Period
from portal.customer import bands, formula_values, tariffs
from portal.shared import charts, formats, units

DAYS_AHEAD = 7
COARSE, FINE = 15, 5
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BandRow:
    """A label of the day: its hours and the price of a kilowatt hour."""

    tone: str
    title: str
    hours: str
    price: str


@dataclass(frozen=True, slots=True)
class DayView:
    """How the prices of one kind of day run."""

    title: str
    rows: Sequence[BandRow]
    figure: Any


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge: what is charged, the prices it knows, and for whom it is collected."""

    title: str
    prices: Sequence[tuple[str, str]]
    note: str

    @property
    def price(self) -> str:
        """The price where there is a single one."""
        return self.prices[0][1] if len(self.prices) == 1 else ""


def days(agreed: tariffs.InForce, currency: str) -> list[DayView]:
    """Return the day of the agreement and, within a week, the next one whose prices run otherwise."""
    first = tariffs.day_prices(agreed)
    if first is None or first.calendar is None:
        return []
    today = gettext("Today, {day}").format(day=formats.day(agreed.period.start))
    shown = [_day(first, today, currency)]
    for ahead in range(1, DAYS_AHEAD):
        start = agreed.period.start + ahead * ONE_DAY
        other = tariffs.day_prices(replace(agreed, period=Period(start, start + ONE_DAY)))
        if other is not None and other.spans != first.spans:
            return [*shown, _day(other, formats.day(start), currency)]
    return shown


def flat_price(agreed: tariffs.InForce) -> Decimal | None:
    """Return the price of a kilowatt hour where it is the same all day."""
    found = tariffs.day_prices(agreed)
    return found.price_at("") if found is not None and found.calendar is None else None


def charges(agreed: tariffs.InForce, currency: str) -> list[ChargeRow]:
    """Return every charge that can stand on a bill."""
    return [_charge(agreed, charge, currency) for charge in agreed.tariff.charges if charge.post]


def title_of(agreed: tariffs.InForce) -> str:
    return texts.pick(agreed.terms.version.product.titles or agreed.tariff.title, get_language() or "en")


def _day(prices: tariffs.DayPrices, title: str, currency: str) -> DayView:
    labels = list(dict.fromkeys(span.label for span in prices.spans))
    tone_of = bands.tones(prices.price_of)
    ordered = sorted(labels, key=lambda label: -(prices.price_at(label) or Decimal(0)))
    title_of_label = {label: texts.pick(prices.titles[label], get_language() or "en") for label in prices.titles}
    rows = [
        BandRow(
            tone=tone_of[label],
            title=title_of_label[label],
            hours=", ".join(f"{span.start}–{span.end}" for span in prices.spans if span.label == label),
            price=formats.price(formats.plain(prices.price_of[label]), currency),
        )
        for label in ordered
    ]
    return DayView(title, rows, _curve(prices, tone_of, title_of_label, currency).figure())


def _curve(
    prices: tariffs.DayPrices, tone_of: Mapping[str, str], titles: Mapping[str, str], currency: str
) -> charts.Curve:
    step = COARSE if all(int(span.start[3:]) % COARSE == 0 for span in prices.spans) else FINE
    clocks = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(0, 24 * 60, step)]
    labels = [next(span.label for span in prices.spans if span.start <= clock < span.end) for clock in clocks]
    return charts.Curve(
        title=gettext("Price of a kilowatt hour through the day"),
        times=clocks,
        values=[prices.price_at(label) for label in labels],
        unit=f"{formats.symbol(currency)}/kWh",
        places=4,
        label=gettext("Price"),
        bands=[tone_of[label] for label in labels],
        band_labels={tone_of[label]: titles[label] for label in labels} | {"": gettext("Time of use")},
    )


def _charge(agreed: tariffs.InForce, charge: Any, currency: str) -> ChargeRow:
    title = texts.pick(charge.title, get_language() or "en") or charge.code
    if charge.tiers is not None:
        prices = _tier_prices(agreed, charge, currency)
    else:
        prices = _label_prices(agreed, charge, currency)
    return ChargeRow(title, prices, _note(charge))


def _label_prices(agreed: tariffs.InForce, charge: Any, currency: str) -> list[tuple[str, str]]:
    titles = tariffs.label_titles(charge.calendar) if charge.by and charge.calendar else {}
    found = []
    for label in charge.by or (None,):
        value = formula_values.value(charge.price, formula_values.scope_of(agreed, label))
        name = texts.pick(titles.get(label, label) or "", get_language() or "en") if label else ""
        found.append((name, _priced(value, charge, charge.price, currency)))
    return found


def _tier_prices(agreed: tariffs.InForce, charge: Any, currency: str) -> list[tuple[str, str]]:
    found = []
    for label, tier_bands in charge.tiers.bands.items():
        scope = formula_values.scope_of(agreed, label)
        for band in tier_bands:
            value = formula_values.value(band.price, scope)
            found.append((_limit(band, scope, charge), _priced(value, charge, band.price, currency)))
    return found


def _limit(band: Any, scope: formula_values.Agreed, charge: Any) -> str:
    if band.to is None:
        return gettext("above")
    value = formula_values.value(band.to, scope)
    shown = formats.number(value) if value is not None else _read(band.to.text)
    return gettext("up to {limit} {unit}").format(limit=shown, unit=charge.unit)


def _priced(value: Decimal | None, charge: Any, formula: Any, currency: str) -> str:
    """Write a price with what it is for; one that depends on more is shown as its formula."""
    if value is None:
        return _read(formula.text) if formula is not None else ""
    if charge.unit == currency:
        return formats.percent(value)
    unit = f"\u00a0/\u00a0{units.one(charge.unit)}" if charge.unit else ""
    return f"{formats.price(formats.plain(value), currency)}{unit}"


def _read(formula: str) -> str:
    return formula.replace("*", "×")


def _note(charge: Any) -> str:
    collected = {
        "grid": gettext("collected for the grid"),
        "state": gettext("collected for the state"),
        "customer": gettext("in your favour"),
    }
    return collected.get(charge.payee or "", "")
