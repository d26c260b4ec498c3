"""Paying ahead: what is left, how long it lasts, and what happened."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from billing.prepayment import queries
from portal.customer.access import customer_page
from tenants.customers import queries as customer_queries

SHOWN = 20


@customer_page
def prepaid(request: HttpRequest, customer: Any) -> HttpResponse:
    balances = of_customer(customer)
    if not balances:
        raise Http404
    for row in balances:
        row.happened = list(queries.events(account_id=row.pk)[:SHOWN])
    return render(request, "customer/prepaid.html", {"balances": balances})


def of_customer(customer: Any) -> list[Any]:
    """Return the customer's accounts that pay ahead, each with how it stands."""
    keys = [account.pk for account in customer_queries.accounts_of_customer(customer=customer)]
    rows: list[Any] = list(queries.prepaid_accounts().filter(pk__in=keys))
    for row in rows:
        row.position = queries.position(row=row)
    return rows
