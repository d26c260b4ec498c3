"""The addresses of version 1. Numbers may hold a slash, so the longer addresses stand first."""

from __future__ import annotations

from typing import Any

from django.urls import path, re_path

from portal.api import reference, views
from portal.api.nouns import (
    accounts,
    agreements,
    bill_runs,
    company,
    comparisons,
    customers,
    invoices,
    ledger,
    meters,
    prepayment,
    products,
    reading_imports,
    readings,
    simulations,
    supply_points,
    unbilled,
)

NUMBER, IDENTIFIER = "<path:number>", "<path:identifier>"
CODE = "<path:code>"
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
    f"supply-points/{IDENTIFIER}/meters": (meters.SupplyPointMeters, {"get": "meters", "post": "install"}),
    f"supply-points/{IDENTIFIER}/channels": (meters.SupplyPointMeters, {"get": "channels"}),
    f"supply-points/{IDENTIFIER}/readings": (readings.SupplyPointReadings, {"get": "readings"}),
    f"supply-points/{IDENTIFIER}/comparison": (comparisons.SupplyPointComparison, {"get": "comparison"}),
    f"supply-points/{IDENTIFIER}": (supply_points.SupplyPoints, {"get": "retrieve", "patch": "partial_update"}),
    "readings": (readings.ReadingBatches, {"post": "create"}),
    "reading-imports": (reading_imports.ReadingImports, {"get": "list", "post": "create"}),
    "reading-imports/<int:import_id>": (reading_imports.ReadingImports, {"get": "retrieve"}),
    "reading-imports/<int:import_id>/rows": (reading_imports.ReadingImportRows, {"get": "list"}),
    "reading-imports/<int:import_id>/confirm": (reading_imports.ReadingImports, {"post": "confirm"}),
    "products": (products.Products, {"get": "list", "post": "create"}),
    f"products/{CODE}/versions": (products.ProductVersions, {"get": "versions", "post": "create"}),
    f"products/{CODE}/versions/<int:version>": (
        products.ProductVersions,
        {"get": "retrieve", "put": "update", "delete": "destroy"},
    ),
    f"products/{CODE}/versions/<int:version>/review": (products.ProductVersions, {"post": "review"}),
    f"products/{CODE}/versions/<int:version>/publish": (products.ProductVersions, {"post": "publish"}),
    f"products/{CODE}/versions/<int:version>/withdraw": (products.ProductVersions, {"post": "withdraw"}),
    f"products/{CODE}": (products.Products, {"get": "retrieve"}),
    "agreements": (agreements.Agreements, {"get": "list", "post": "create"}),
    "agreements/<int:agreement_id>": (agreements.Agreements, {"get": "retrieve"}),
    "agreements/<int:agreement_id>/end": (agreements.Agreements, {"post": "end"}),
    "simulations": (simulations.Simulations, {"get": "list", "post": "create"}),
    "simulations/<int:number>": (simulations.Simulations, {"get": "retrieve"}),
    "simulations/<int:number>/results": (simulations.Simulations, {"get": "results"}),
    "simulations/<int:number>/rows": (simulations.SimulationRows, {"get": "list"}),
    "simulations/<int:number>/rows.csv": (simulations.Simulations, {"get": "file"}),
    "simulations/<int:number>/cancel": (simulations.Simulations, {"post": "cancel"}),
    "bill-runs": (bill_runs.BillRuns, {"get": "list", "post": "create"}),
    "bill-runs/<int:number>": (bill_runs.BillRuns, {"get": "retrieve"}),
    "bill-runs/<int:number>/progress": (bill_runs.BillRuns, {"get": "progress"}),
    "bill-runs/<int:number>/rerate": (bill_runs.BillRuns, {"post": "rerate"}),
    "bill-runs/<int:number>/issue": (bill_runs.BillRuns, {"post": "issue"}),
    "bill-runs/<int:number>/close": (bill_runs.BillRuns, {"post": "close"}),
    "bill-runs/<int:number>/cancel": (bill_runs.BillRuns, {"post": "cancel"}),
    "bill-runs/<int:number>/items": (bill_runs.BillRunItems, {"get": "list"}),
    "bill-runs/<int:number>/items/<int:item_id>": (bill_runs.BillRunItems, {"get": "retrieve"}),
    "bill-runs/<int:number>/items/<int:item_id>/release": (bill_runs.BillRunItems, {"post": "release"}),
    "bill-runs/<int:number>/items/<int:item_id>/hold": (bill_runs.BillRunItems, {"post": "hold"}),
    "bill-runs/<int:number>/items/<int:item_id>/resume": (bill_runs.BillRunItems, {"post": "resume"}),
    "invoices": (invoices.Invoices, {"get": "list"}),
    f"invoices/{NUMBER}/document": (invoices.Invoices, {"get": "document"}),
    f"invoices/{NUMBER}/credit": (invoices.Invoices, {"post": "credit"}),
    f"invoices/{NUMBER}": (invoices.Invoices, {"get": "retrieve"}),
    "prepaid-accounts": (prepayment.PrepaidAccounts, {"get": "list"}),
    "unbilled": (unbilled.UnbilledAmounts, {"get": "list"}),
    "ledger/balances": (ledger.Balances, {"get": "list"}),
    "ledger/closings": (ledger.Closings, {"get": "list"}),
    "ledger/trial-balance": (ledger.Books, {"get": "trial_balance"}),
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
