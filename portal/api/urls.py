"""The addresses of version 1. Numbers may hold a slash, so the longer addresses stand first."""

from __future__ import annotations

from typing import Any

from django.urls import path, re_path

from portal.api import reference, views
from portal.api.nouns import accounts, company, customers, supply_points

NUMBER, IDENTIFIER = "<path:number>", "<path:identifier>"
_Routes = dict[str, tuple[Any, dict[str, str]]]
ROUTES: _Routes = {
    "me": (company.Mine, {"get": "retrieve"}),
    "brand": (company.Brands, {"get": "retrieve"}),
    "market": (company.Markets, {"get": "retrieve"}),
    "market/calendars/<path:name>": (company.Markets, {"get": "calendar"}),
    "market/product-templates/<path:code>": (company.Markets, {"get": "template"}),
    "customers": (customers.Customers, {"get": "list", "post": "create"}),
    f"customers/{NUMBER}": (customers.Customers, {"get": "retrieve", "patch": "partial_update"}),
    "accounts": (accounts.Accounts, {"get": "list", "post": "create"}),
    f"accounts/{NUMBER}/balance": (accounts.Accounts, {"get": "balance"}),
    f"accounts/{NUMBER}/statement": (accounts.Accounts, {"get": "statement"}),
    f"accounts/{NUMBER}/close": (accounts.Accounts, {"post": "close"}),
    f"accounts/{NUMBER}": (accounts.Accounts, {"get": "retrieve"}),
    "supply-points": (supply_points.SupplyPoints, {"get": "list", "post": "create"}),
    f"supply-points/{IDENTIFIER}/occupancies": (
        supply_points.SupplyPoints,
        {"get": "occupancies", "post": "move_in"},
    ),
    f"supply-points/{IDENTIFIER}/move-out": (supply_points.SupplyPoints, {"post": "move_out"}),
    f"supply-points/{IDENTIFIER}": (supply_points.SupplyPoints, {"get": "retrieve", "patch": "partial_update"}),
}
urlpatterns = [
    path("openapi.json", reference.Description.as_view({"get": "retrieve"}), name="openapi"),
    path("docs/", reference.page, name="docs"),
    *(path(route, noun.as_view(actions)) for route, (noun, actions) in ROUTES.items()),
    re_path(
        r"",
        views.NotThere.as_view(
            {"get": "retrieve", "post": "retrieve", "put": "retrieve", "patch": "retrieve", "delete": "retrieve"}
        ),
    ),
]
