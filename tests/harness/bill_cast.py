"""Households with one flat tariff that the tests of bill runs stand on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from billing.runs import operations, queries
from harness import supply
from kernel.money import Money
from kernel.periods import Period
from tenants.customers.models import SupplyPoint

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
BILLED = dt.date(2026, 4, 2)
JANUARY = dt.date(2026, 1, 1)
MARCH = Period.of_month(2026, 3)
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""
STANDING = """
tariff: 1
code: standing
title: {en: Standing, zh-hans: 基本}
currency: CNY
charges:
  - code: basic
    title: {en: Basic, zh-hans: 基本电费}
    price: 12.40
    round: {line: 2}
    payee: retailer
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""


def households(*numbers: str, document: str = FLAT, each: int = 100, period: Period = MARCH) -> dict[str, Any]:
    """Households with 96 readings of ``each`` Wh a day in ``period`` (100: 9.6 kWh a day); registers by number."""
    product = supply.product(document=document, valid_from=JANUARY)
    found = {}
    for number in numbers:
        supply.supply(number=number, product=product, start=JANUARY)
        found[number] = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
        supply.read(channel=found[number], period=period, each=each)
    return found


def reviewed(period: Period = MARCH, **given: Any) -> Any:
    """A run rated to its review."""
    run = operations.create_run(period=period, at=AT, **given)
    return operations.run_to_review(run=run, at=AT)


def issued(run: Any, day: dt.date = BILLED) -> Any:
    """The run issued as far as it goes."""
    return operations.issue_run_now(run=run, billing_date=day, at=AT)


def item(run: Any, number: str) -> Any:
    """The item of account A…."""
    return queries.items(run=run).get(account__number=f"A{number}")


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")
