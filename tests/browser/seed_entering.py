"""A company with a customer, whose people and host's people meet in the browser."""

from __future__ import annotations

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from tenancy import context
from tenants.customers import operations as customer_operations


def seed() -> None:
    customer = customer_operations.create_customer(number="C1", name="Wang Xiaoming", email="wang@example.com")
    customer_operations.open_account(
        customer=customer, number="A1", currency="CNY", opened_on=dt.date(2026, 1, 1)
    )  # fmt: skip


if __name__ == "__main__":
    with context.use(context.retailer_by_code(code="alder")):
        seed()
