"""The demand charges of a URDB rate: by period, flat by months, with a ratchet on the highest of the past year."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kernel.errors import gettext_noop
from markets import hour_schedules, urdb_parts
from markets.foreign_json import Entry, label_map, plain
from markets.urdb_parts import Parts

UNITS = ("kW", "")
RATCHET_MONTHS = 11
RATCHET = "past_peak"
IN_USE = "in_use"
TITLES = {
    "demand_by_period": {"en": "Demand by period", "zh-hans": "分时需量电费"},
    "demand": {"en": "Demand", "zh-hans": "最大需量电费"},
}
DEMAND_CALENDAR = {"en": "Demand periods of {name}", "zh-hans": "{name} 需量时段"}
SEASON_CALENDAR = {"en": "Demand seasons of {name}", "zh-hans": "{name} 需量季节"}
SEASON_TITLES = {"en": "Season {number}", "zh-hans": "季节 {number}"}

Bands = tuple[tuple[Decimal | None, Decimal], ...]
"""For each tier its limit in kW and its price."""


def add(rate: Entry, parts: Parts) -> None:
    """This will add the demand charges of a rate to ``parts``. Raises ImportRefused."""
    _by_period(rate, parts)
    _flat(rate, parts)


def _by_period(rate: Entry, parts: Parts) -> None:
    structure = rate.get("demandratestructure")
    if not structure.value:
        return
    _require_kilowatts(rate, "demandrateunit")
    periods = [_bands(period) for period in structure.items()]
    if not any(price for period in periods for _, price in period):
        return
    calendar, labels = parts.add_calendar(urdb_parts.calendar_of(rate, "demand", len(periods), parts, DEMAND_CALENDAR))
    found = {label: periods[int(label.rpartition("_")[2]) - 1] for label in labels}
    priced: dict[str | None, Bands] = {
        label: bands for label, bands in found.items() if any(price for _, price in bands)
    }
    if priced:
        parts.charges.append(
            {**_charge("demand_by_period", "peak(demand)"), "calendar": calendar, "by": [*priced], **_prices(priced)}
        )


def _flat(rate: Entry, parts: Parts) -> None:
    structure = rate.get("flatdemandstructure")
    if not structure.value:
        _refuse_ratchet(rate)
        return
    _require_kilowatts(rate, "flatdemandunit")
    found = [_bands(entry) for entry in structure.items()]
    months = _months(rate, len(found))
    ratchets = _ratchets(rate)
    seasons = list(dict.fromkeys(zip(months, ratchets, strict=True)))
    if not any(price for month, _ in seasons for _, price in found[month]):
        _refuse_ratchet(rate)
        return
    if any(ratchets):
        parts.extras["carried"] = {RATCHET: {"next": "peak(demand)", "keep": RATCHET_MONTHS, "first": "0"}}
    if len(seasons) == 1:
        quantity = _ratcheted(plain(ratchets[0])) if ratchets[0] else "peak(demand)"
        parts.charges.append({**_charge("demand", quantity), **_prices({None: found[months[0]]})})
        return
    parts.charges.append(
        _seasonal(seasons, [seasons.index(pair) for pair in zip(months, ratchets, strict=True)], found, parts)
    )


def _seasonal(
    seasons: list[tuple[int, Decimal]], season_of: list[int], found: list[Bands], parts: Parts
) -> dict[str, Any]:
    """A price per group of months: a calendar whose labels are the groups."""
    schedule = tuple((season,) * hour_schedules.HOURS for season in season_of)
    calendar, labels = parts.add_calendar(
        hour_schedules.document(
            schedule,
            schedule,
            market=urdb_parts.MARKET,
            prefix="urdb",
            time_zone=parts.time_zone,
            title={language: text.format(name=parts.name) for language, text in SEASON_CALENDAR.items()},
            period_titles=SEASON_TITLES,
            label="season",
        )
    )
    bands: dict[str | None, Bands] = {label: found[seasons[at][0]] for at, label in enumerate(labels)}
    quantity = "peak(demand)"
    if any(ratchet for _, ratchet in seasons):
        shares = {label: seasons[at][1] for at, label in enumerate(labels)}
        quantity = f"{_ratcheted(label_map(shares))} * table({IN_USE}, count(demand))"
        parts.extras["tables"] = {IN_USE: [{"below": "1", "value": "0"}, {"value": "1"}]}
    return {**_charge("demand", quantity), "calendar": calendar, "by": labels, **_prices(bands)}


def _ratcheted(share: str) -> str:
    return f"max(peak(demand), {share} * peak({RATCHET}))"


def _charge(code: str, quantity: str) -> dict[str, Any]:
    return {"code": code, "title": TITLES[code], "quantity": quantity, "payee": "grid"}


def _prices(by_label: Mapping[str | None, Bands]) -> dict[str, Any]:
    if all(len(bands) == 1 for bands in by_label.values()):
        prices = {label or "": bands[0][1] for label, bands in by_label.items()}
        return {"price": label_map(prices)}
    written = {label: [_band(*band) for band in bands] for label, bands in by_label.items()}
    bands = written.get(None, written)
    return {"tiers": {"mode": "graduated", "window": "bill", "bands": bands}}


def _band(limit: Decimal | None, price: Decimal) -> dict[str, str]:
    return {**({} if limit is None else {"to": plain(limit)}), "price": plain(price)}


def _bands(period: Entry) -> Bands:
    entries = period.items()
    limits = [entry.get("max").number() for entry in entries[:-1] if entry.has("max")]
    if len(limits) != len(entries) - 1 or sorted(set(limits)) != limits or (limits and limits[0] <= 0):
        raise period.refuse(
            gettext_noop("At {place}: every tier but the last needs a limit “max”, and the limits must rise.")
        )
    return tuple(zip([*limits, None], [urdb_parts.price_of(entry) for entry in entries], strict=True))


def _months(rate: Entry, structures: int) -> list[int]:
    entry = rate.get("flatdemandmonths")
    if entry.value is None and structures == 1:
        return [0] * hour_schedules.MONTHS
    return [month.whole(0, structures - 1) for month in entry.exactly(hour_schedules.MONTHS)]


def _ratchets(rate: Entry) -> list[Decimal]:
    entry = rate.get("demandratchetpercentage")
    if not entry.value:
        return [Decimal(0)] * hour_schedules.MONTHS
    shares = [(part, part.number()) for part in entry.exactly(hour_schedules.MONTHS)]
    for part, share in shares:
        if not 0 <= share <= 1:
            raise part.refuse(gettext_noop("At {place}: a share from 0 to 1 is expected here."))
    return [share for _, share in shares]


def _refuse_ratchet(rate: Entry) -> None:
    if any(_ratchets(rate)):
        raise rate.get("demandratchetpercentage").refuse(
            gettext_noop("At {place}: a ratchet needs a flat demand charge; there is none.")
        )


def _require_kilowatts(rate: Entry, key: str) -> None:
    entry = rate.get(key)
    if entry.value not in (None, *UNITS):
        raise entry.refuse(
            gettext_noop("At {place}: demand in “{found}” cannot be expressed; only kW can."), found=entry.shown
        )
