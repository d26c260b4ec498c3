"""Demand charges of Consumer Data Right plans: the highest kW of a bill inside a window, per day or per month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kernel.errors import gettext_noop
from markets import cdr_windows
from markets.foreign_json import Entry, plain

if TYPE_CHECKING:
    from markets.cdr import Plan

TITLE = {"en": "Demand", "zh-hans": "需量电费"}
IN_WINDOW, OUTSIDE = "demand_window", "outside"
WORDS = {IN_WINDOW: "Demand window", OUTSIDE: "Outside the demand window"}
SHARES = {"DAY": "{amount} * days", "MONTH": "{amount} * days * 12 / 365"}


def add(period: Entry, plan: Plan) -> None:
    """This will add the demand charges of a tariff period to the plan. Raises ImportRefused."""
    season = cdr_windows.season_of(period)
    for entry in period.get("demandCharges").items():
        number = sum(charge["code"].startswith("demand") for charge in plan.charges) + 1
        plan.charges.append(_charge(entry, season, plan, number))


def _charge(entry: Entry, season: cdr_windows.Season, plan: Plan, number: int) -> dict[str, Any]:
    if entry.has("measureUnit"):
        entry.get("measureUnit").one_of("KW")
    entry.get("measurementPeriod").one_of("MONTH")
    _refuse_limits(entry)
    price = SHARES[entry.get("chargePeriod").one_of(*SHARES)].format(amount=plain(entry.get("amount").number()))
    found = cdr_windows.windows(entry, label=IN_WINDOW, season=season)
    return {
        "code": f"demand_{number}",
        "title": TITLE,
        "quantity": "peak(demand)",
        "calendar": plan.add_calendar(found, WORDS, OUTSIDE),
        "by": [IN_WINDOW],
        "price": price,
        "round": {"line": 2},
        "payee": "retailer",
    }


def _refuse_limits(entry: Entry) -> None:
    for key in ("minDemand", "maxDemand"):
        if entry.has(key) and entry.get(key).number() != 0:
            raise entry.get(key).refuse(
                gettext_noop("At {place}: “{key}” of a demand charge cannot be expressed."), key=key
            )
