"""Fill the database of the browser test of corrections: tiers over two months, readings that changed, one corrected."""

from __future__ import annotations

import datetime as dt

import django

django.setup()

import numpy as np

from billing.corrections import operations
from harness import bill_cast, supply
from kernel.periods import Period
from tenancy import context
from tenants.metering import operations as metering_operations

APRIL = Period.of_month(2026, 4)
LATER = dt.datetime(2026, 5, 4, 2, 40, tzinfo=dt.UTC)
STEPPED = """
tariff: 1
code: stepped
title: {en: Stepped, zh-hans: 阶梯电价}
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
    round: {line: 2}
    payee: retailer
    tiers: {mode: graduated, window: year, already: used, bands: [{to: 400, price: 0.5283}, {price: 0.5783}]}
"""


def main() -> None:
    with context.use(context.retailer_by_code(code="alder")):
        channels = bill_cast.households(*map(str, range(1, 7)), document=STEPPED)
        bill_cast.issued(bill_cast.reviewed())
        for channel in channels.values():
            supply.read(channel=channel, period=APRIL, each=100, at=bill_cast.AT)
        bill_cast.issued(bill_cast.reviewed(APRIL), day=dt.date(2026, 5, 2))
        for number, (first, last, each) in {
            "1": (10, 10, 105), "2": (3, 9, 900), "3": (12, 13, 4000), "4": (1, 30, 9000), "5": (20, 20, 0),
        }.items():  # fmt: skip
            values = np.full(96, each, np.int64)
            days = [
                metering_operations.DayReadings(channels[number].pk, dt.date(2026, 3, day), values)
                for day in range(first, last + 1)
            ]
            metering_operations.store_interval_days(days=days, at=LATER)
        operations.work(at=LATER)


main()
