"""Fill the database of a browser test: a household with readings and bills, and one more account of another home."""

from __future__ import annotations

import datetime as dt

import django

django.setup()

from harness import portal_cast, supply
from kernel.periods import Period
from tenancy import context

UNTIL = dt.date(2025, 4, 18)
MONTHS = [Period.of_month(2025, month) for month in (1, 2, 3)]


def main() -> None:
    with context.use(context.retailer_by_code(code="alder")):
        product = portal_cast.tiered_product()
        lin = portal_cast.household(number="3200771204", product=product)
        wu = portal_cast.household(number="3200771299", product=product, name="Wu Gang")
        for each in (lin, wu):
            supply.read(channel=each.channel, period=Period(portal_cast.START, UNTIL), each=portal_cast.shape)
        for month in MONTHS:
            portal_cast.bill(month, issued=month.end + dt.timedelta(days=1))


if __name__ == "__main__":
    main()
