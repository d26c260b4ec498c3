"""Very many accounts with a month of 15-minute readings and a tariff of eight charges, laid out in seconds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection

from harness import supply
from kernel.periods import Period
from tenants.customers import operations, queries
from tenants.customers.models import SupplyPoint
from tenants.metering import operations as metering_operations
from tenants.metering.models import Channel
from tenants.tariffs import operations as tariff_operations

MONTH = Period.of_month(2026, 1)
AT = dt.datetime(2026, 2, 2, tzinfo=dt.UTC)
ZONE = "Asia/Shanghai"
SLOTS = 96
CURVES = 500
"""Accounts whose readings differ; those after them have the same curves again."""
AT_ONCE = 10_000
LABELS = ("tip", "peak", "flat", "valley", "deep")
TARIFF = {
    "tariff": 1,
    "code": "portfolio",
    "title": {"en": "Portfolio", "zh-hans": "组合"},
    "currency": "CNY",
    "calendar": "cn/shandong-2023",
    "parameters": {"flat_price": {"unit": "CNY/kWh", "default": "0.40"}, "capacity": {"unit": "kVA", "default": "10"}},
    "charges": [
        {
            "code": "energy",
            "by": list(LABELS),
            "quantity": "sum(consumption)",
            "price": "flat_price * {tip: 1.8, peak: 1.6, flat: 1, valley: 0.4, deep: 0.2}[label]",
            "round": {"price": 4, "cell": 2},
        },
        {
            "code": "losses",
            "by": list(LABELS),
            "quantity": "sum(consumption)",
            "price": "{tip: 0.021, peak: 0.019, flat: 0.015, valley: 0.011, deep: 0.009}[label]",
            "round": {"cell": 2},
            "payee": "grid",
        },
        {"code": "system", "quantity": "sum(consumption)", "price": "0.0312", "round": {"line": 2}, "payee": "grid"},
        {"code": "funds", "quantity": "sum(consumption)", "price": "0.0285", "round": {"line": 2}, "payee": "state"},
        {"code": "capacity", "quantity": "capacity * days / period_days", "price": "2.35", "round": {"line": 2}},
        {"code": "demand", "quantity": "peak(demand)", "price": "1.20", "round": {"line": 2}, "payee": "grid"},
        {
            "code": "steps",
            "quantity": "sum(consumption)",
            "tiers": {
                "mode": "graduated",
                "bands": [{"to": "230", "price": "0"}, {"to": "400", "price": "0.05"}, {"price": "0.30"}],
            },
            "round": {"line": 2},
        },
        {"code": "discount", "quantity": "amount(energy, losses, capacity)", "price": "-0.02", "round": {"line": 2}},
    ],
}
_REPEAT = """
WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM metering_channel),
     pattern AS (SELECT n.place, d.* FROM metering_intervalday d JOIN numbered n ON n.id = d.channel_id)
INSERT INTO metering_intervalday
    (channel_id, day, "values", quality, total, missing, version, stamped_at, slot_stamps, recorded_at, import_id)
SELECT n.id, p.day, p."values", p.quality, p.total, p.missing, 1, NULL, NULL, p.recorded_at, NULL
  FROM numbered n JOIN pattern p ON p.place = n.place %% %s
 WHERE n.place <> p.place
"""


def lay_out(accounts: int) -> None:
    """Register the accounts of the present, empty company under the tariff; each gets a month of readings."""
    product = supply.product(document=TARIFF, valid_from=MONTH.start)
    for first in range(0, accounts, AT_ONCE):
        _register(product, range(first, min(first + AT_ONCE, accounts)))
    _curves(_channels()[:CURVES])
    with connection.cursor() as cursor:
        cursor.execute(_REPEAT, [CURVES])


def _register(product: Any, numbers: range) -> None:
    rows = [
        {
            "customer_number": f"C{number:07}",
            "name": f"Household {number}",
            "account_number": f"A{number:07}",
            "supply_point": f"P{number:07}",
            "address": "1 Long Street",
            "move_in": MONTH.start.isoformat(),
        }
        for number in numbers
    ]
    operations.import_customers(rows=rows, currency="CNY", time_zone=ZONE)
    points = queries.supply_points_by_identifier(identifiers=[row["supply_point"] for row in rows])
    found = queries.accounts().filter(number__in=[row["account_number"] for row in rows])
    accounts = {account.number: account for account in found}
    tariff_operations.agree_many(
        terms=[
            tariff_operations.Terms(
                accounts[row["account_number"]],
                points[row["supply_point"]],
                product,
                MONTH.start,
                parameters={"flat_price": f"{0.4 + number % 50 / 10_000:.4f}", "capacity": str(8 + number % 7)},
            )
            for number, row in zip(numbers, rows, strict=True)
        ]
    )


def _channels() -> list[int]:
    points = SupplyPoint.objects.order_by("pk").values_list("pk", flat=True)
    made = Channel.objects.bulk_create(
        (
            Channel(
                supply_point_id=point,
                register_code="E1",
                kind="consumption",
                interval_minutes=15,
                recording_zone=ZONE,
            )
            for point in points
        ),
        batch_size=AT_ONCE,
    )
    return [channel.pk for channel in made]


def _curves(channels: Sequence[int]) -> None:
    generator = np.random.default_rng(7)
    metering_operations.store_interval_days(
        days=(
            metering_operations.DayReadings(channel_id=channel, day=day, values=generator.integers(20, 250, SLOTS))
            for channel in channels
            for day in MONTH
        ),
        at=AT - dt.timedelta(days=1),
    )
