"""Fill the database of the console's browser test: households, a factory, two billed months, and a third to be run."""

from __future__ import annotations

import datetime as dt
import io

import django

django.setup()

import numpy as np

from billing.runs import operations as run_operations
from harness import supply
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.periods import Period
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.metering import operations as metering_operations
from tenants.tariffs import operations as tariff_operations

AT = dt.datetime(2026, 5, 6, 3, 20, tzinfo=dt.UTC)
START = dt.date(2026, 1, 1)
LAST_FULL_DAY = dt.date(2026, 4, 29)
PASSWORD = "correct horse battery"
NAMES = [
    "Lin Mei", "Wu Gang", "Chen Yulan", "Zhao Min", "Sun Jie", "Zhou Tao", "Qian Hong", "Li Na", "Wang Fang", "Xu Lei",
    "He Jing", "Ma Chao", "Guo Li", "Tang Wei", "Feng Xia", "Deng Hui", "Song Yi", "Han Bing", "Cao Ying", "Peng Fei",
    "Luo Dan", "Xie Jun", "Yu Qing", "Pan Ting",
]  # fmt: skip
MONTHS = [Period.of_month(2026, month) for month in (1, 2, 3)]


def shape(scale: float):
    """Return a function of the day that gives a believable day of quarter hours in Wh."""

    def of_day(day: dt.date):
        hours = np.arange(96) / 4
        base = 40 + 85 * np.exp(-((hours - 7.5) ** 2) / 2) + 190 * np.exp(-((hours - 19.5) ** 2) / 6)
        wave = 1 + 0.2 * np.sin(day.toordinal() * 1.3 + hours)
        return (base * scale * wave * (1.2 if day.weekday() > 4 else 1)).astype(np.int64)

    return of_day


def main() -> None:
    with context.use(context.retailer_by_code(code="alder")):
        identity_operations.create_user(
            email="billing@alder.test", name="Bai Ling", roles=[Role.BILLING], at=AT, password=PASSWORD
        )
        home = supply.product(document="cn-residential-tiered", valid_from=START)
        industry = supply.product(document="cn-two-part-industrial", valid_from=START)
        tariff_operations.create_product_from_template(
            market="cn", template="cn-commercial-tou", valid_from=dt.date(2026, 7, 1), code="shop-2026"
        )
        add_households(home)
        add_factory(industry)
        for month in MONTHS[:2]:
            bill(month)
        add_imports()


def add_households(product) -> None:
    for place, name in enumerate(NAMES):
        number = f"3200{771204 + place * 37}"
        account = supply.supply(number=number, product=product, start=START)
        customer_operations.update_customer(
            number=f"C{number}", name=name, email=f"{name.split()[0].lower()}{place}@example.test", segment="urban"
        )
        channel = supply.channel(point=account.occupancies.get().supply_point)
        until = Period(START, dt.date(2026, 3, 20) if place == 5 else LAST_FULL_DAY)
        supply.read(channel=channel, period=until, each=shape(0.7 + place % 7 / 6), at=AT)
        if place == 2:
            spike = Period(dt.date(2026, 3, 5), dt.date(2026, 3, 25))
            supply.read(channel=channel, period=spike, each=shape(6), at=AT)


def add_factory(product) -> None:
    account = supply.supply(
        number="8800100", product=product, start=START, parameters={"capacity": "630"}, kind="business"
    )
    customer_operations.update_customer(number="C8800100", name="Lakeside Textiles Ltd.", segment="high voltage")
    point = account.occupancies.get().supply_point
    for kind, register, scale in (("consumption", "E1", 120.0), ("reactive", "Q1", 40.0)):
        channel = supply.channel(point=point, kind=kind, register=register)
        supply.read(channel=channel, period=Period(START, LAST_FULL_DAY), each=shape(scale), at=AT)


def bill(month: Period) -> None:
    issued = month.end + dt.timedelta(days=4)
    at = dt.datetime.combine(issued, dt.time(4), dt.UTC)
    run = run_operations.create_run(period=month, at=at, title=f"Month {month.start:%Y-%m}")
    run = run_operations.run_to_review(run=run, at=at)
    run_operations.issue_run_now(run=run, billing_date=issued, at=at)


def add_imports() -> None:
    good, bad = meter_file("P3200771204", "2026-04-29", "0.25"), meter_file("P3200771204", "2026-04-31", "x")
    for name, content in (("2026-04-29.csv", good), ("2026-04-31.csv", bad)):
        metering_operations.import_file(
            file=io.BytesIO(content.encode()),
            file_name=name,
            source="console",
            at=AT,
            unit="kWh",
            requested_by="metering@alder.test",
        )


def meter_file(identifier: str, day: str, each: str) -> str:
    """Return a file with one day of one supply point."""
    times = [f"{n // 4:02}:{n % 4 * 15:02}" for n in range(96)]
    return ",".join(["supply_point", "date", *times]) + "\n" + ",".join([identifier, day, *[each] * 96]) + "\n"


if __name__ == "__main__":
    main()
