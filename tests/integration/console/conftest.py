"""What tests of the console share: people of every post, a company with customers, readings, prices and bills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from harness import supply
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.periods import Period
from tenancy.database import connection
from tenants.customers import operations as customer_operations

AT = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
JANUARY, FEBRUARY = Period.of_month(2026, 1), Period.of_month(2026, 2)
PASSWORD = "correct horse battery"
TARIFF = """
tariff: 1
code: home
title: {en: Home, zh-hans: 居民}
currency: CNY
calendar: cn/jiangsu-residential
parameters:
  rebate: {unit: CNY/kWh, min: 0, max: 0.1, default: 0}
charges:
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    by: [peak, valley]
    price: "{peak: 0.5583, valley: 0.3583}[label] - rebate"
    round: {line: 2}
    payee: retailer
  - code: funds
    title: {en: Funds, zh-hans: 基金}
    quantity: sum(consumption)
    price: 0.0297
    round: {line: 2}
    payee: state
"""


class Browser(Client):
    """A browser that leaves the test working for the company it worked for before the request."""

    def request(self, **request: Any) -> Any:
        before = connection.tenant
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(before)


def client_of(email: str, host: str = "alder.localhost", language: str = "en") -> Client:
    """Sign somebody in and return the browser."""
    client = Browser(HTTP_HOST=host, HTTP_ACCEPT_LANGUAGE=language)
    answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


@pytest.fixture
def as_role(in_alder: Any) -> Callable[[str], Client]:
    """Return a function that signs in somebody of alder with one role."""

    def signed_in(role: str) -> Client:
        email = f"{role}@alder.test"
        if role != Role.METERING:
            identity_operations.create_user(email=email, name=role.title(), roles=[role], at=AT, password=PASSWORD)
        return client_of(email)

    return signed_in


@pytest.fixture
def admin(alder: Any) -> Client:
    """The administrator of alder, reading English."""
    return client_of("staff@alder.test")


@pytest.fixture
def stranger(birch: Any) -> Client:
    """The administrator of the other company."""
    return client_of("staff@birch.test", host="birch.localhost")


@pytest.fixture
def home(in_alder: Any) -> Any:
    """A published product."""
    return supply.product(document=TARIFF, valid_from=dt.date(2026, 1, 1))


@pytest.fixture
def household(home: Any) -> Iterator[Any]:
    """Account A1 of customer C1 at P1, with 250 Wh in every quarter of an hour of January and February 2026."""
    account = supply.supply(number="1", product=home, start=dt.date(2026, 1, 1))
    _read(account, Period(dt.date(2026, 1, 1), dt.date(2026, 3, 1)), 250)
    return account


def _read(account: Any, period: Period, each: int) -> Any:
    """Store readings for the only supply point of an account."""
    point = account.occupancies.get().supply_point
    channel = point.channels.first() or supply.channel(point=point)
    return supply.read(channel=channel, period=period, each=each)


@pytest.fixture
def read() -> Callable[..., Any]:
    """Return a function that stores readings for the only supply point of an account."""
    return _read


@pytest.fixture
def add_customer(in_alder: Any) -> Callable[..., Any]:
    """Return a function that adds a customer."""
    return customer_operations.create_customer


@pytest.fixture
def add_customers(in_alder: Any) -> Callable[[int], None]:
    """Return a function that adds customers K001 …, each with account KA… at supply point KP…."""

    def add(count: int) -> None:
        for number in range(1, count + 1):
            customer = customer_operations.create_customer(number=f"K{number:03}", name=f"Customer {number:03}")
            account = customer_operations.open_account(
                customer=customer, number=f"KA{number:03}", currency="CNY", opened_on=dt.date(2026, 1, 1)
            )
            point = customer_operations.add_supply_point(
                identifier=f"KP{number:03}", address=f"{number} Elm Road", time_zone="Asia/Shanghai"
            )
            customer_operations.move_in(account=account, supply_point=point, on=dt.date(2026, 1, 1))

    return add
