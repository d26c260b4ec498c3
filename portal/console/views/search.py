"""Search by anything: what the command palette asks for while one types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from billing.invoices import queries as invoice_queries
from billing.runs import queries as run_queries
from identity.capabilities import Capability
from portal.console import pages
from portal.shared import formats
from tenants.customers import queries as customer_queries

SHORTEST, LONGEST, MOST = 2, 100, 6
Item = dict[str, str]


@pages.staff_page
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    mine = request.user.capabilities  # type: ignore[union-attr]
    groups = _groups(query, mine) if len(query) >= SHORTEST else []
    page = {"groups": groups, "query": query}
    partial = request.headers.get("HX-Request") == "true"
    return render(request, "console/parts/found.html" if partial else "console/search.html", page)


def _groups(query: str, mine: frozenset[Capability]) -> list[dict[str, Any]]:
    places: list[tuple[str, Capability, Callable[[str], list[Item]]]] = [
        (gettext("Customers"), Capability.SEE_CUSTOMERS, _customers),
        (gettext("Accounts"), Capability.SEE_CUSTOMERS, _accounts),
        (gettext("Supply points"), Capability.SEE_CUSTOMERS, _supply_points),
        (gettext("Invoices"), Capability.SEE_BILLS, _invoices),
        (gettext("Bill runs"), Capability.SEE_BILLS, _runs),
    ]
    found = [{"title": title, "items": ask(query)} for title, needed, ask in places if needed in mine]
    return [group for group in found if group["items"]]


def _item(name: str, key: Any, label: str, note: str) -> Item:
    return {"url": reverse(f"console:{name}", args=[key]), "label": label, "note": note}


def _customers(query: str) -> list[Item]:
    found = customer_queries.customers(search=query)[:MOST]
    return [_item("customer", each.number, each.name, each.number) for each in found]


def _accounts(query: str) -> list[Item]:
    found = customer_queries.accounts(search=query)[:MOST]
    return [_item("account", each.number, each.number, each.customer.name) for each in found]


def _supply_points(query: str) -> list[Item]:
    found = customer_queries.supply_points(search=query)[:MOST]
    return [_item("supply_point", each.identifier, each.identifier, each.premises.address) for each in found]


def _invoices(query: str) -> list[Item]:
    found = invoice_queries.invoices(search=query)[:MOST]
    return [
        _item("invoice", each.number, each.number, f"{each.account.customer.name} · {formats.day(each.issued_on)}")
        for each in found
    ]


def _runs(query: str) -> list[Item]:
    found = run_queries.runs()
    number = int(query) if query.isascii() and query.isdigit() and len(query) < 9 else None
    by_name = found.filter(title__icontains=query) if number is None else found.filter(number=number)
    return [
        _item(
            "run",
            each.number,
            each.title or gettext("Run {number}").format(number=each.number),
            each.get_state_display(),
        )
        for each in by_name[:MOST]
    ]
