"""What tests of the API share: a small register, and how a problem is read."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tenancy import context
from tenants.customers import operations

AT = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
MAY, JUNE = dt.date(2026, 5, 1), dt.date(2026, 6, 1)


def problem(response: Any) -> tuple[int, str, list[str]]:
    """Return status, code and the places of a problem; refuses anything that is no problem document."""
    assert response.headers["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"/api/v1/docs/#problem-{body['code']}"
    assert body["title"] and body["detail"]
    places = [
        next(error[name] for name in ("pointer", "parameter", "header") if name in error) for error in body["errors"]
    ]
    return response.status_code, body["code"], places


def add_customers(retailer: Any, count: int) -> None:
    """Add customers C1…, each with account A1… at supply point NMI1… since May 2026."""
    with context.use(retailer):
        for number in range(1, count + 1):
            customer = operations.create_customer(number=f"C{number}", name=f"Customer {number}")
            account = operations.open_account(
                customer=customer, number=f"A{number}", currency=retailer.currency, opened_on=MAY
            )
            point = operations.add_supply_point(
                identifier=f"NMI{number}", address=f"{number} Birch Street", time_zone=retailer.time_zone
            )
            operations.move_in(account=account, supply_point=point, on=MAY)
