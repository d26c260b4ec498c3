"""Fill the database of a browser test: a household, a shop with two places, and a home with a solar roof."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django

django.setup()

import numpy as np

from harness import portal_cast, supply
from kernel.periods import Period
from tenancy import context
from tenants.customers import queries as customer_queries

UNTIL = dt.date(2025, 4, 18)
READ = Period(portal_cast.START, UNTIL)
MONTHS = [Period.of_month(2025, month) for month in (1, 2, 3)]
SHOP = {"grid_price": "0.2035"}


def chinese() -> None:
    household = portal_cast.tiered_product()
    shop_product = supply.product(document="cn-commercial-tou", valid_from=portal_cast.START)
    for number, name in (("3200771204", "Lin Mei"), ("3200771299", "Wu Gang")):
        home = portal_cast.household(number=number, product=household, name=name)
        supply.read(channel=home.channel, period=READ, each=portal_cast.shape)
    shop = portal_cast.household(number="3600900018", product=shop_product, name="Lotus Tea House", parameters=SHOP)
    supply.read(channel=shop.channel, period=READ, each=lambda day: portal_cast.shape(day) * 6)
    second = supply.add_point(
        account=shop.account, number="3600900019", product=shop_product, start=portal_cast.START, parameters=SHOP
    )
    supply.read(channel=supply.channel(point=second), period=READ, each=lambda day: portal_cast.shape(day) * 2)


def australian() -> None:
    product = supply.product(document="au-time-of-use", valid_from=portal_cast.START, market="au")
    home = portal_cast.household(
        number="41030001234", product=product, name="Matilda Hart", currency="AUD", zone="Australia/Sydney"
    )
    point = customer_queries.supply_point_by_identifier(identifier="P41030001234")
    sold = supply.channel(point=point, kind="feed_in", register="B1")
    supply.read(channel=home.channel, period=READ, each=lambda day: by_clock(day, portal_cast.shape(day)))
    supply.read(channel=sold, period=READ, each=lambda day: by_clock(day, sun()))


def sun() -> Any:
    """Wh a quarter hour from a roof: nothing at night."""
    hours = np.arange(96) / 4
    return np.maximum(0, 420 * np.sin((hours - 6) / 12 * np.pi)).astype(np.int64)


def by_clock(day: dt.date, values: Any) -> Any:
    """Stretch a plain day to the day of 25 hours on which the clocks go back."""
    return np.concatenate([values, values[-4:]]) if day == dt.date(2025, 4, 6) else values


def bill(company: str, fill: Any) -> None:
    with context.use(context.retailer_by_code(code=company)):
        fill()
        for month in MONTHS:
            portal_cast.bill(month, issued=month.end + dt.timedelta(days=1))


if __name__ == "__main__":
    bill("alder", chinese)
    bill("birch", australian)
