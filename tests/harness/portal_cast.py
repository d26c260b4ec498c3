"""A household with a sign-in, readings and bills, as the customer portal shows it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.test import Client

from billing.runs import operations as run_operations
from harness import supply
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries

AT = dt.datetime(2025, 1, 2, tzinfo=dt.UTC)
START = dt.date(2025, 1, 1)
JANUARY, FEBRUARY, MARCH = (Period.of_month(2025, month) for month in (1, 2, 3))
PASSWORD = "correct horse battery"
TIERED = "cn-residential-tiered"


@dataclass(frozen=True, slots=True)
class Household:
    """A customer who signs in, with one account, one supply point and its channel of use."""

    customer: Any
    account: Any
    point: Any
    channel: Any
    email: str


def tiered_product() -> Any:
    """Publish the household product of the Chinese market: peak and valley, and tiers over the year."""
    return supply.product(document=TIERED, valid_from=START)


def household(
    *,
    number: str,
    product: Any,
    name: str = "Lin Mei",
    currency: str = "CNY",
    zone: str = "Asia/Shanghai",
    parameters: dict[str, str] | None = None,
) -> Household:
    """Make customer C…, account A…, supply point P…, and the person who signs in for it."""
    account = supply.supply(
        number=number, product=product, start=START, currency=currency, zone=zone, parameters=parameters
    )
    email = f"c{number.lower()}@example.test"
    customer = customer_operations.update_customer(number=f"C{number}", name=name, email=email, phone="13812345678")
    sign_in_of(email, customer)
    point = customer_queries.supply_point_by_identifier(identifier=f"P{number}")
    return Household(customer, account, point, supply.channel(point=point), email)


def sign_in_of(email: str, customer: Any) -> None:
    """Let a person sign in for the customer."""
    user = identity_operations.create_user(
        email=email, name=customer.name, roles=[Role.CUSTOMER], at=AT, password=PASSWORD, language="en"
    )
    customer_operations.link_sign_in(customer=customer, user=user)


def signed_in(email: str, host: str = "alder.localhost") -> Client:
    """Return a client in which the person is signed in, reading English."""
    client = Client(HTTP_HOST=host, HTTP_ACCEPT_LANGUAGE="en")
    response = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert response.status_code == 302, response.content.decode()
    return client


def bill(month: Period, *, issued: dt.date) -> Any:
    """Rate and issue everything of a month."""
    at = dt.datetime.combine(issued, dt.time(4), dt.UTC)
    run = run_operations.run_to_review(run=run_operations.create_run(period=month, at=at), at=at)
    return run_operations.issue_run_now(run=run, billing_date=issued, at=at)


def shape(day: dt.date) -> Any:
    """A believable day of quarter hours in Wh: morning and evening peaks, more at the weekend, never the same twice."""
    hours = np.arange(96) / 4
    base = 45 + 90 * np.exp(-((hours - 7.5) ** 2) / 2) + 210 * np.exp(-((hours - 19.5) ** 2) / 6)
    weekend = 1.25 if day.weekday() > 4 else 1.0
    wave = 1 + 0.18 * np.sin(day.toordinal() * 1.7 + hours)
    return (base * weekend * wave).astype(np.int64)
