"""A supplied household or factory with agreed prices and readings, made in a line of a test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from kernel import market_time
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.metering import operations as metering_operations
from tenants.metering.models import Channel
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs import tariff_documents

AT = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
WattHours = int | Callable[[dt.date], Any]


def product(*, document: str | Mapping[str, Any], valid_from: dt.date, market: str = "cn") -> Any:
    """Publish a product from a document, or from the market's template of that code."""
    if isinstance(document, str) and "\n" not in document:
        version = tariff_operations.create_product_from_template(
            market=market, template=document, valid_from=valid_from
        )
    else:
        read = tariff_documents.read(document) if isinstance(document, str) else document
        version = tariff_operations.create_product(
            code=read["code"], titles=read["title"], market=market, document=read, valid_from=valid_from
        )
    return tariff_operations.publish(version=version, at=AT).product


def new_version(*, product: Any, document: str, valid_from: dt.date) -> Any:
    """Publish the next version of a product."""
    version = tariff_operations.add_version(
        product=product, document=tariff_documents.read(document), valid_from=valid_from
    )
    return tariff_operations.publish(version=version, at=AT)


def supply(
    *,
    number: str,
    product: Any,
    start: dt.date,
    currency: str = "CNY",
    zone: str = "Asia/Shanghai",
    parameters: Mapping[str, Any] | None = None,
    kind: str = "household",
) -> Any:
    """Make customer C…, account A…, supply point P… occupied and agreed from ``start``; return the account."""
    customer = customer_operations.create_customer(number=f"C{number}", name=f"Customer {number}", kind=kind)
    account = customer_operations.open_account(
        customer=customer, number=f"A{number}", currency=currency, opened_on=start
    )
    add_point(account=account, number=number, product=product, start=start, zone=zone, parameters=parameters)
    return account


def add_point(
    *,
    account: Any,
    number: str,
    product: Any,
    start: dt.date,
    zone: str = "Asia/Shanghai",
    parameters: Mapping[str, Any] | None = None,
) -> Any:
    """Give an account one more supply point P…; return it."""
    point = customer_operations.add_supply_point(
        identifier=f"P{number}", address=f"{number} Test Street", time_zone=zone
    )
    customer_operations.move_in(account=account, supply_point=point, on=start)
    tariff_operations.agree(account=account, supply_point=point, product=product, start=start, parameters=parameters)
    return point


def channel(*, point: Any, kind: str = "consumption", register: str = "E1", minutes: int = 15, zone: str = "") -> Any:
    """Add a register to a supply point."""
    units = {"reactive": "varh", "demand": "W"}
    return Channel.objects.create(
        supply_point=point,
        register_code=register,
        kind=kind,
        unit=units.get(kind, "Wh"),
        interval_minutes=minutes,
        recording_zone=zone or point.premises.time_zone,
    )


def read(*, channel: Any, period: Period, each: WattHours, at: dt.datetime = AT) -> Any:
    """Store readings for every day of ``period``: the same in each slot, or an array a day."""
    zone = ZoneInfo(channel.recording_zone)
    days = []
    for day in period:
        slots = market_time.slots_of_day(day, zone, channel.interval_minutes)
        values = np.full(slots, each) if isinstance(each, int) else np.asarray(each(day))
        days.append(metering_operations.DayReadings(channel_id=channel.pk, day=day, values=values.astype(np.int64)))
    return metering_operations.store_interval_days(days=days, at=at)
