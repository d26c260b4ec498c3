"""Tariffs of the United States Utility Rate Database (URDB, version 8) as documents of the tariff language.

A rate of URDB has two schedules of 12 months × 24 hours per structure, for weekdays and weekends; it knows no
holidays. Energy has a price per period and tier; the limits of tiers hold for the month's total, which is shared over
the periods pro rata. Demand is the highest kW of the month, per period and over all hours. Bills are those of months.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kernel.errors import gettext_noop
from markets import foreign_json, hour_schedules, urdb_demand, urdb_parts
from markets.foreign_json import Entry, label_map, plain
from markets.urdb_parts import MARKET, Parts

OPEN_LIMIT = Decimal("1e9")
"""A last tier up to this many kWh or more has no limit."""
LIMITS = {
    "kWh": "{limit}",
    "kWh daily": "{limit} * days",
    "kWh/kW": "{limit} * peak(demand)",
    "kWh/kW daily": "{limit} * days * peak(demand)",
}
TITLES = {
    "energy": {"en": "Energy", "zh-hans": "电能量电费"},
    "feed_in": {"en": "Energy sold", "zh-hans": "上网电量电费"},
    "fixed": {"en": "Fixed charge", "zh-hans": "基本费"},
    "minimum": {"en": "Up to the minimum charge", "zh-hans": "最低电费补足"},
}
ENERGY_CALENDAR = {"en": "Energy periods of {name}", "zh-hans": "{name} 电量时段"}
NOT_BILLED = {
    "demandreactivepowercharge": "charge for reactive power",
    "fixedchargeeaaddl": "fixed charge of further meters",
    "dgrules": "rules for own generation",
}
NOT_EXPRESSED = ("coincidentratestructure", "annualmincharge", "lookbackPercent", "lookbackRange")


@dataclass(frozen=True, slots=True)
class Imported:
    """A tariff document with its own calendars, and what of the rate it leaves out, in English words."""

    document: dict[str, Any]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tier:
    """A band of one period: up to ``limit`` (None: open) in ``unit``."""

    limit: Decimal | None
    unit: str
    price: Decimal
    sell: Decimal


def convert(data: Mapping[str, Any], *, time_zone: str) -> Imported:
    """This will return the tariff document of a URDB rate (or of a response with a single item).

    ``time_zone`` is that of the utility, which URDB does not give. Raises ImportRefused with a sentence and a pointer
    for what the language or the data cannot hold.
    """
    foreign_json.require_shallow(data)
    rate = _rate(Entry(data))
    _refuse_unknown(rate)
    parts = Parts(time_zone, _name(rate))
    main = _energy(rate, parts)
    urdb_demand.add(rate, parts)
    _fixed(rate, parts)
    _minimum(rate, parts)
    if not parts.charges:
        raise rate.refuse(gettext_noop("This rate has no prices that could be billed."))
    left_out = tuple(f"{words} ({key})" for key, words in NOT_BILLED.items() if rate.has(key))
    return Imported(_document(rate, parts, main, left_out), left_out)


def _rate(root: Entry) -> Entry:
    if not root.has("items"):
        return root
    items = root.get("items").items()
    if len(items) != 1:
        raise root.get("items").refuse(
            gettext_noop("At {place}: one rate at a time can be taken over; here are {count}."), count=len(items)
        )
    return items[0]


def _name(rate: Entry) -> str:
    return rate.get("name").text()


def _refuse_unknown(rate: Entry) -> None:
    for key in NOT_EXPRESSED:
        if rate.has(key) and _amounts(rate.get(key).value):
            raise rate.get(key).refuse(
                gettext_noop("At {place}: “{key}” cannot be expressed; take it out and add a charge of your own."),
                key=key,
            )


def _amounts(value: object) -> bool:
    """Whether any number but 0 stands in ``value``."""
    if isinstance(value, list):
        return any(_amounts(part) for part in value)
    if isinstance(value, Mapping):
        return any(_amounts(value[key]) for key in ("rate", "adj") if key in value)
    return str(value).strip("0.") != ""


def _document(rate: Entry, parts: Parts, calendar: str | None, left_out: tuple[str, ...]) -> dict[str, Any]:
    label = rate.get("label").text() if rate.has("label") else hour_schedules.digest({"name": parts.name})
    source = rate.get("uri").text() if rate.has("uri") else "URDB"
    words = "".join(sign for sign in label if sign.isascii() and (sign.isalnum() or sign in "_-"))
    return {
        "tariff": 1,
        "code": f"urdb-{words or 'rate'}"[:60],
        "title": {"en": parts.name, "zh-hans": parts.name},
        "currency": "USD",
        "market": MARKET,
        "source": source,
        **({"note": f"Billed by months. Left out: {'; '.join(left_out)}"} if left_out else {}),
        **({"calendar": calendar} if calendar else {}),
        "calendars": parts.calendars,
        **parts.extras,
        "charges": parts.charges,
    }


def _energy(rate: Entry, parts: Parts) -> str | None:
    """Add the charges for energy; returns the calendar of its periods."""
    if not rate.has("energyratestructure"):
        return None
    periods = [_tiers(period) for period in rate.get("energyratestructure").items()]
    calendar, labels = parts.add_calendar(urdb_parts.calendar_of(rate, "energy", len(periods), parts, ENERGY_CALENDAR))
    by_label = {label: periods[int(label.rpartition("_")[2]) - 1] for label in labels}
    for at, group in enumerate(_groups(by_label)):
        parts.charges.append(_energy_charge("energy" if at == 0 else f"energy_{at + 1}", group, by_label))
    _sold(rate, by_label, parts)
    return calendar


def _tiers(period: Entry) -> tuple[Tier, ...]:
    entries = period.items()
    tiers = [_tier(entry, last=entry is entries[-1]) for entry in entries]
    if len({tier.unit for tier in tiers}) > 1:
        raise period.refuse(gettext_noop("At {place}: tiers in different units cannot be expressed."))
    limits = [tier.limit for tier in tiers[:-1] if tier.limit is not None]
    if sorted(set(limits)) != limits:
        raise period.refuse(gettext_noop("At {place}: the limits of the tiers must rise."))
    return tuple(tiers)


def _tier(entry: Entry, *, last: bool) -> Tier:
    limit = entry.get("max").number() if entry.has("max") and str(entry.get("max").value).lower() != "1e+38" else None
    if last and limit is not None and limit < OPEN_LIMIT:
        raise entry.get("max").refuse(
            gettext_noop("At {place}: the last tier ends at {limit}; what is above it has no price."),
            limit=plain(limit),
        )
    if not last and (limit is None or limit <= 0):
        raise entry.refuse(gettext_noop("At {place}: a tier that is not the last needs a limit “max” above 0."))
    unit = entry.get("unit").one_of(*LIMITS) if entry.has("unit") else "kWh"
    sell = entry.get("sell").number() if entry.has("sell") else Decimal(0)
    return Tier(None if last else limit, unit, urdb_parts.price_of(entry), sell)


def _groups(by_label: Mapping[str, tuple[Tier, ...]]) -> list[dict[str, tuple[Tier, ...]]]:
    """Periods whose tiers have the same limits; each group is a charge."""
    groups: dict[tuple[Any, ...], dict[str, tuple[Tier, ...]]] = {}
    for label, tiers in by_label.items():
        key = tuple((tier.limit, tier.unit if len(tiers) > 1 else "") for tier in tiers)
        groups.setdefault(key, {})[label] = tiers
    return list(groups.values())


def _energy_charge(
    code: str, group: Mapping[str, tuple[Tier, ...]], by_label: Mapping[str, tuple[Tier, ...]]
) -> dict[str, Any]:
    first = next(iter(group.values()))
    charge = {"code": code, "title": TITLES["energy"], "quantity": "sum(consumption)", "payee": "retailer"}
    if len(first) == 1:
        prices = {label: tiers[0].price for label, tiers in group.items()}
        return {**charge, "by": list(group), "price": label_map(prices)}
    other = None if len(group) == len(by_label) else Decimal(0)
    bands = [
        {
            **({} if tier.limit is None else {"to": LIMITS[tier.unit].format(limit=plain(tier.limit))}),
            "price": label_map({label: tiers[at].price for label, tiers in group.items()}, other=other),
        }
        for at, tier in enumerate(first)
    ]
    return {
        **charge,
        "by": list(by_label),
        "tiers": {"mode": "graduated", "window": "bill", "share": "pro_rata", "bands": bands},
    }


def _sold(rate: Entry, by_label: Mapping[str, tuple[Tier, ...]], parts: Parts) -> None:
    if not any(tier.sell for tiers in by_label.values() for tier in tiers):
        return
    if any(len({tier.sell for tier in tiers}) > 1 for tiers in by_label.values()):
        raise rate.get("energyratestructure").refuse(
            gettext_noop("At {place}: a price “sell” that differs between the tiers of a period cannot be expressed.")
        )
    price = label_map({label: tiers[0].sell for label, tiers in by_label.items()})
    parts.charges.append(
        {
            "code": "feed_in",
            "title": TITLES["feed_in"],
            "quantity": "-sum(feed_in)",
            "by": list(by_label),
            "price": price,
            "payee": "customer",
        }
    )


def _fixed(rate: Entry, parts: Parts) -> None:
    for key, units in (("fixedchargefirstmeter", "fixedchargeunits"), ("fixedmonthlycharge", None)):
        if not rate.has(key) or rate.get(key).number() == 0:
            continue
        unit = rate.get(units).one_of("$/month", "$/day") if units and rate.has(units) else "$/month"
        charge = {"code": "fixed", "title": TITLES["fixed"], "price": plain(rate.get(key).number()), "payee": "grid"}
        parts.charges.append({**charge, "quantity": "days"} if unit == "$/day" else charge)
        return


def _minimum(rate: Entry, parts: Parts) -> None:
    for key, units in (("mincharge", "minchargeunits"), ("minmonthlycharge", None)):
        if not rate.has(key) or rate.get(key).number() == 0:
            continue
        unit = rate.get(units).one_of("$/month", "$/day") if units and rate.has(units) else "$/month"
        least = plain(rate.get(key).number()) + (" * days" if unit == "$/day" else "")
        billed = ", ".join(charge["code"] for charge in parts.charges if charge["code"] != "feed_in")
        price = f"max(0, {least} - amount({billed}))" if billed else least
        parts.charges.append({"code": "minimum", "title": TITLES["minimum"], "price": price, "payee": "grid"})
        return
