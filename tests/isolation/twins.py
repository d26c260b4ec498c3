"""Two companies with the same numbers, ids and addresses inside, and only their people's names apart."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from billing.runs import operations as run_operations
from harness import supply
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel.periods import Period
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.customers.models import SupplyPoint

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
JANUARY = dt.date(2026, 1, 1)
MARCH = Period.of_month(2026, 3)
PASSWORD = "correct horse battery"
EMAIL = "customer@twins.test"
SCOPES = ["customers:read", "readings:read", "tariffs:read", "bills:read", "ledger:read"]
TARIFF = """
tariff: 1
code: flat
title: {{en: Plan of {name}}}
currency: {currency}
charges:
  - code: energy
    title: {{en: Energy of {name}}}
    quantity: sum(consumption)
    price: {price}
    round: {{line: 2}}
    payee: retailer
"""
PRICES = {"alder": "0.5283", "birch": "0.2911"}


def secret(retailer: Any) -> str:
    """Return the word that stands in everything of one company and in nothing of the other."""
    return f"secret-of-{retailer.code}"


def fill(retailer: Any) -> str:
    """Give the company a customer with a bill; return the secret of an API key."""
    with context.use(retailer):
        document = TARIFF.format(name=secret(retailer), currency=retailer.currency, price=PRICES[retailer.code])
        product = supply.product(document=document, valid_from=JANUARY, market=retailer.market)
        supply.supply(number="1", product=product, start=JANUARY, currency=retailer.currency, zone=retailer.time_zone)
        customer = customer_operations.update_customer(number="C1", name=f"Person {secret(retailer)}")
        channel = supply.channel(point=SupplyPoint.objects.get(identifier="P1"), minutes=30)
        period = Period(JANUARY, dt.date(2026, 4, 2))
        supply.read(channel=channel, period=period, each=lambda day: np.full(_slots(day, retailer), 200))
        run = run_operations.create_run(period=MARCH, at=AT, title=f"Run {secret(retailer)}")
        run = run_operations.run_to_review(run=run, at=AT)
        run_operations.issue_run_now(run=run, billing_date=dt.date(2026, 4, 2), at=AT)
        user = identity_operations.create_user(
            email=EMAIL, name=f"Person {secret(retailer)}", roles=[Role.CUSTOMER], at=AT, password=PASSWORD
        )
        customer_operations.link_sign_in(customer=customer, user=user)
        boss = identity_queries.user_by_email(email=f"staff@{retailer.code}.test")
        return identity_operations.create_key(name=secret(retailer), scopes=SCOPES, by=boss, at=AT)[1]


def _slots(day: dt.date, retailer: Any) -> int:
    from zoneinfo import ZoneInfo

    from kernel import market_time

    return market_time.slots_of_day(day, ZoneInfo(retailer.time_zone), 30)
