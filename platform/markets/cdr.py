"""Electricity plans of the Australian Consumer Data Right (product data) as documents of the tariff language.

Prices of a plan are without GST, which is added as a charge of its own; its fees include GST. Blocks are sizes, one
after the other, for each ``period``; a bill has as many of them as its days make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kernel.errors import gettext_noop
from markets import cdr_demand, cdr_windows, foreign_json, packs
from markets.cdr_windows import MARKET, Season, Window
from markets.foreign_json import Entry, label_map, plain
from markets.urdb import Imported

SINGLE, BY_TIME, DEMAND = "singleRate", "timeOfUseRates", "demandCharges"
PRICING_MODELS = ("SINGLE_RATE", "TIME_OF_USE", "FLEXIBLE")
PERIOD_SHARE = {"P1D": "", "P1M": " * 12 / 365", "P3M": " * 4 / 365", "P1Y": " / 365"}
FEES = {"DAILY": "{amount}", "MONTHLY": "{amount} * 12 / 365", "ANNUAL": "{amount} / 365", "WEEKLY": "{amount} / 7"}
ANY_TIME, OTHER_TIMES = "any_time", "other_times"
OTHER_WORDS = {ANY_TIME: "Any time", OTHER_TIMES: "Other times"}
TITLES = {
    "supply": {"en": "Daily supply", "zh-hans": "每日供电费"},
    "usage": {"en": "Usage", "zh-hans": "用电费"},
    "fee": {"en": "Fee", "zh-hans": "会费及服务费"},
    "discount": {"en": "Discount", "zh-hans": "优惠"},
    "gst": {"en": "GST", "zh-hans": "商品及服务税"},
    "feed_in": {"en": "Solar feed-in", "zh-hans": "光伏上网电费"},
}

Blocks = tuple[tuple[str | None, Decimal], ...]
"""For each block its upper limit as a formula (None: open) and its price."""


@dataclass(slots=True)
class Plan:
    """What the document is put together from."""

    name: str
    time_zone: str
    region: str
    calendars: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add_calendar(self, found: Sequence[Window], titles: Mapping[str, str], otherwise: str | None) -> str:
        """This will keep the calendar of windows and return its name."""
        made = cdr_windows.document(
            found, titles=titles, title=self.name, time_zone=self.time_zone, region=self.region, otherwise=otherwise
        )
        self.calendars[made["calendar"]] = made
        return str(made["calendar"])


@dataclass(slots=True)
class Times:
    """Labels met so far, with their windows, words and blocks."""

    windows: list[Window] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, Blocks] = field(default_factory=dict)

    def add(self, wanted: str, title: str, blocks: Blocks) -> str:
        """This will name another label; a name that is taken gets a number."""
        word = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in wanted.lower()).strip("_")
        label, number = word or "time", 2
        while label in self.titles:
            label, number = f"{word or 'time'}_{number}", number + 1
        self.titles[label], self.blocks[label] = title, blocks
        return label


def convert(data: Mapping[str, Any], *, region: str | None = None) -> Imported:
    """This will return the tariff document of a plan (or of a response that holds one).

    ``region`` decides holidays and local time where the plan's postcodes do not. Raises ImportRefused with a sentence
    and a pointer for what the language or the data cannot hold.
    """
    foreign_json.require_shallow(data)
    root = Entry(data)
    plan_entry = root.get("data") if root.has("data") else root
    contract = plan_entry.get("electricityContract")
    if contract.value is None:
        raise contract.refuse(gettext_noop("At {place}: an electricity plan is expected here."))
    _refuse_unknown(contract)
    place = _region(plan_entry, region)
    plan = Plan(plan_entry.get("displayName").text(), _time_zone(contract, place), place)
    calendar = _charges(contract, plan)
    return Imported(_document(plan_entry, plan, calendar), tuple(plan.left_out))


def _refuse_unknown(contract: Entry) -> None:
    if contract.has("pricingModel"):
        contract.get("pricingModel").one_of(*PRICING_MODELS)
    if contract.has("controlledLoad"):
        raise contract.get("controlledLoad").refuse(
            gettext_noop("At {place}: a controlled load needs a meter channel of its own and cannot be expressed.")
        )


def _region(plan: Entry, given: str | None) -> str:
    regions = packs.pack(MARKET).regions
    if given is not None and given in regions:
        return given
    by_digit = packs.pack(MARKET).settings["formats"]["cdr"]["regions_by_postcode"]
    geography = plan.get("geography")
    codes = geography.get("includedPostcodes").optional_items() if geography.value is not None else []
    found = {by_digit.get(code.text()[0]) for code in codes} - {None}
    if len(found) == 1:
        return str(found.pop())
    return packs.pack(MARKET).default_region or next(iter(regions))


def _time_zone(contract: Entry, region: str) -> str:
    stated = contract.get("timeZone")
    zones = packs.pack(MARKET).settings["formats"]["cdr"]["time_zones"]
    if stated.value in (None, "LOCAL"):
        return str(packs.pack(MARKET).regions[region]["time_zone"])
    return str(zones[stated.one_of("LOCAL", *zones)])


def _charges(contract: Entry, plan: Plan) -> str | None:
    periods = contract.get("tariffPeriod").items()
    kinds = [period.get("rateBlockUType").one_of(SINGLE, BY_TIME, DEMAND) for period in periods]
    usage = [period for period, kind in zip(periods, kinds, strict=True) if kind != DEMAND]
    if not usage:
        raise contract.get("tariffPeriod").refuse(gettext_noop("At {place}: no price of energy stands here."))
    _supply(usage, plan)
    calendar = _usage(usage, plan)
    for period, kind in zip(periods, kinds, strict=True):
        if kind == DEMAND:
            cdr_demand.add(period, plan)
    _fees(contract, plan)
    _discounts(contract, plan)
    _gst(plan)
    _feed_in(contract, plan)
    plan.left_out += [key for key in ("greenPowerCharges", "incentives", "variation") if contract.has(key)]
    return calendar


def _document(entry: Entry, plan: Plan, calendar: str | None) -> dict[str, Any]:
    number = entry.get("planId").text() if entry.has("planId") else ""
    words = "".join(sign for sign in number if sign.isascii() and sign.isalnum()) or "plan"
    brand = entry.get("brandName").text() if entry.has("brandName") else ""
    return {
        "tariff": 1,
        "code": f"cdr-{words}"[:60],
        "title": {"en": plan.name, "zh-hans": plan.name},
        "currency": "AUD",
        "market": MARKET,
        "source": f"CDR plan {number} {brand}".strip(),
        **({"note": f"Left out: {'; '.join(plan.left_out)}"} if plan.left_out else {}),
        **({"calendar": calendar} if calendar else {}),
        **({"calendars": plan.calendars} if plan.calendars else {}),
        "charges": plan.charges,
    }


def _supply(periods: Sequence[Entry], plan: Plan) -> None:
    prices = []
    for period in periods:
        if period.has("dailySupplyChargeType"):
            period.get("dailySupplyChargeType").one_of("SINGLE")
        key = "dailySupplyCharge" if period.has("dailySupplyCharge") else "dailySupplyCharges"
        prices.append(period.get(key).number() if period.has(key) else Decimal(0))
    if len(set(prices)) > 1:
        raise periods[1].refuse(
            gettext_noop("At {place}: a supply charge that changes in the year cannot be expressed.")
        )
    if prices[0]:
        plan.charges.append(_charge("supply", quantity="days", price=plain(prices[0]), round={"line": 2}))


def _usage(periods: Sequence[Entry], plan: Plan) -> str | None:
    times = Times()
    for period, season in zip(periods, cdr_windows.seasons(periods), strict=True):
        if period.get("rateBlockUType").value == SINGLE:
            _any_time(period.get(SINGLE), season, times)
        else:
            for entry in period.get(BY_TIME).items():
                _by_time(entry, season, times)
    if len(periods) > 1 and any(len(blocks) > 1 for blocks in times.blocks.values()):
        raise periods[0].refuse(gettext_noop("At {place}: blocks in a plan with seasons cannot be expressed."))
    cdr_windows.refuse_gaps(times.windows, whole=True)
    if len(times.titles) == 1:
        plan.charges.append(
            _charge("usage", quantity="sum(consumption)", **_prices({None: next(iter(times.blocks.values()))}))
        )
        return None
    calendar = plan.add_calendar(times.windows, times.titles, None)
    plan.charges.append(
        _charge("usage", quantity="sum(consumption)", by=list(times.titles), **_prices(dict(times.blocks)))
    )
    return calendar


def _any_time(entry: Entry, season: Season, times: Times) -> None:
    label = times.add(ANY_TIME, _title(entry, ANY_TIME), _blocks(entry))
    times.windows += cdr_windows.windows(Entry({}, entry.pointer), label=label, season=season)


def _by_time(entry: Entry, season: Season, times: Times) -> None:
    kind = entry.get("type").text()
    label = times.add(kind, _title(entry, kind), _blocks(entry))
    for window in entry.get("timeOfUse").items():
        times.windows += cdr_windows.windows(window, label=label, season=season)


def _title(entry: Entry, kind: str) -> str:
    return entry.get("displayName").text() if entry.has("displayName") else OTHER_WORDS.get(kind, kind)


def _blocks(entry: Entry) -> Blocks:
    """The rates of an entry; ``volume`` is the size of each block but the last."""
    rates = entry.get("rates").items()
    limit, found = Decimal(0), list[tuple[str | None, Decimal]]()
    for rate in rates:
        if rate.has("measureUnit"):
            rate.get("measureUnit").one_of("KWH")
        last = rate is rates[-1]
        if rate.has("volume") == last:
            sentence = gettext_noop("At {place}: every block but the last needs a “volume”; the last one is open.")
            raise rate.refuse(sentence)
        price = rate.get("unitPrice").number()
        if last:
            found.append((None, price))
            break
        limit += _positive(rate.get("volume"))
        found.append((f"{plain(limit)} * days{_share(entry)}", price))
    return tuple(found)


def _positive(entry: Entry) -> Decimal:
    number = entry.number()
    if number <= 0:
        raise entry.refuse(gettext_noop("At {place}: a number above 0 is expected here."))
    return number


def _share(entry: Entry) -> str:
    return PERIOD_SHARE[entry.get("period").one_of(*PERIOD_SHARE)]


def _charge(code: str, **parts: Any) -> dict[str, Any]:
    title = TITLES[code.partition("__")[0]]
    return {"code": code.replace("__", "_"), "title": title, "payee": "retailer", **parts}


def _prices(by_label: Mapping[Any, Blocks], sign: int = 1) -> dict[str, Any]:
    if all(len(blocks) == 1 for blocks in by_label.values()):
        prices = {label or "": sign * blocks[0][1] for label, blocks in by_label.items()}
        return {"price": label_map(prices), "round": {"cell": 2}}
    written = {
        label: [{**({"to": limit} if limit else {}), "price": plain(sign * price)} for limit, price in blocks]
        for label, blocks in by_label.items()
    }
    bands = written.get(None, written)
    return {"tiers": {"mode": "graduated", "window": "bill", "bands": bands}, "round": {"cell": 2}}


def _fees(contract: Entry, plan: Plan) -> None:
    for at, fee in enumerate(contract.get("fees").optional_items()):
        term = fee.get("term").text()
        if term not in FEES:
            plan.left_out.append(f"fee {fee.get('type').text() if fee.has('type') else at}")
            continue
        price = FEES[term].format(amount=plain(fee.get("amount").number()))
        charge = _charge(f"fee__{at + 1}", quantity="days", price=f"{price} / {_with_tax()}", round={"line": 2})
        plan.charges.append(charge)


def _discounts(contract: Entry, plan: Plan) -> None:
    for at, discount in enumerate(contract.get("discounts").optional_items()):
        kind = discount.get("methodUType").value
        if discount.get("type").value != "GUARANTEED" or kind not in ("percentOfBill", "percentOfUse"):
            plan.left_out.append(f"discount {_title(discount, str(at + 1))}")
            continue
        share = discount.get(kind).get("rate").number()
        if not 0 <= share <= 1:
            raise (
                discount.get(kind).get("rate").refuse(gettext_noop("At {place}: a share from 0 to 1 is expected here."))
            )
        codes = ["usage"] if kind == "percentOfUse" else [charge["code"] for charge in plan.charges]
        quantity = f"amount({', '.join(codes)})"
        plan.charges.append(_charge(f"discount__{at + 1}", quantity=quantity, price=plain(-share), round={"line": 2}))


def _gst(plan: Plan) -> None:
    codes = ", ".join(charge["code"] for charge in plan.charges)
    charge = _charge("gst", quantity=f"amount({codes})", price=_tax_rate(), round={"line": 2})
    plan.charges.append({**charge, "payee": "state"})


def _tax_rate() -> str:
    return str(packs.pack(MARKET).policies["tax"]["rate"])


def _with_tax() -> str:
    return plain(1 + Decimal(_tax_rate()))


def _feed_in(contract: Entry, plan: Plan) -> None:
    times = Times()
    for entry in contract.get("solarFeedInTariff").optional_items():
        if entry.get("payerType").value == "GOVERNMENT":
            plan.left_out.append(f"feed-in {_title(entry, 'scheme')}")
            continue
        _credit(entry, times)
    if not times.blocks:
        return
    if len(times.blocks) == 1 and len(times.windows) == 1 and times.windows[0].end == cdr_windows.DAY_MINUTES:
        blocks: Mapping[Any, Blocks] = {None: next(iter(times.blocks.values()))}
        cut: dict[str, Any] = {}
    else:
        blocks = {**times.blocks}
        titles = {**times.titles, OTHER_TIMES: OTHER_WORDS[OTHER_TIMES]}
        cut = {"calendar": plan.add_calendar(times.windows, titles, OTHER_TIMES), "by": list(times.blocks)}
    charge = _charge("feed_in", quantity="sum(feed_in)", **cut, **_prices(blocks, sign=-1))
    plan.charges.append({**charge, "payee": "customer"})


def _credit(entry: Entry, times: Times) -> None:
    if entry.get("tariffUType").one_of("singleTariff", "timeVaryingTariffs") == "singleTariff":
        _any_time(entry.get("singleTariff"), Season(), times)
        return
    varying = entry.get("timeVaryingTariffs")
    for part in varying.items() if isinstance(varying.value, list) else [varying]:
        kind = part.get("type").text() if part.has("type") else "credit"
        label = times.add(kind, _title(part, kind), _blocks(part))
        for window in part.get("timeVariations").items():
            times.windows += cdr_windows.windows(window, label=label, season=Season())
