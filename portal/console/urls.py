"""The staff's pages. What is not a record's own page stands under ``-``, which no number starts with."""

from __future__ import annotations

import datetime as dt

from django.urls import include, path, register_converter

from portal.console.views import (
    accounts,
    brand,
    closings,
    customer_import,
    customers,
    home,
    imports,
    invoices,
    ledger,
    people,
    run_items,
    runs,
    search,
    supply_points,
    tariffs,
    unbilled,
)


class NumberConverter:
    """Numbers of customers, accounts, products and invoices: what the rooms accept as one."""

    regex = r"[A-Za-z0-9_][A-Za-z0-9_\-./]{0,47}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


class KeyConverter:
    """Keys of rows: no longer than the database counts."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class CountConverter(KeyConverter):
    """Numbers of runs and versions, which count from one."""

    regex = "[0-9]{1,9}"


class DayConverter:
    """Days as the calendar has them: 2026-03-31."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> dt.date:
        return dt.date.fromisoformat(value)

    def to_url(self, value: dt.date | str) -> str:
        return str(value)


register_converter(NumberConverter, "number")
register_converter(DayConverter, "day")
register_converter(KeyConverter, "key")
register_converter(CountConverter, "count")

RUN, ITEM = "runs/<count:number>/", "runs/<count:number>/bills/<key:item_id>/"
VERSION = "tariffs/<number:code>/-/<count:number>/"

urlpatterns = [
    path("", include("portal.console.studio_urls")),
    path("", home.home, name="home"),
    path("components/", home.components, name="components"),
    path("search/", search.search, name="search"),
    path("customers/", customers.customers, name="customers"),
    path("customers/-/export.csv", customers.export, name="customers_csv"),
    path("customers/-/new/", customers.new, name="new_customer"),
    path("customers/-/import/", customer_import.upload, name="import_customers"),
    path("customers/-/import/<uuid:token>/", customer_import.check, name="customer_import"),
    path("customers/-/import/<uuid:token>/errors.csv", customer_import.errors, name="customer_import_errors"),
    path("customers/-/import/<uuid:token>/confirm/", customer_import.confirm, name="confirm_customer_import"),
    path("customers/-/accounts/<number:number>/-/statement.csv", accounts.statement, name="statement_csv"),
    path("customers/-/accounts/<number:number>/", accounts.account, name="account"),
    path("customers/-/supply-points/<number:identifier>/-/readings.csv", supply_points.readings, name="readings_csv"),
    path("customers/-/supply-points/<number:identifier>/-/agree/", supply_points.agree, name="agree"),
    path("customers/-/supply-points/<number:identifier>/", supply_points.supply_point, name="supply_point"),
    path("customers/<number:number>/-/edit/", customers.edit, name="edit_customer"),
    path("customers/<number:number>/-/accounts/", customers.open_account, name="open_account"),
    path("customers/<number:number>/", customers.customer, name="customer"),
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.upload, name="new_import"),
    path("imports/<key:import_id>/", imports.reading_import, name="import"),
    path("imports/<key:import_id>/progress/", imports.progress, name="import_progress"),
    path("imports/<key:import_id>/confirm/", imports.confirm, name="confirm_import"),
    path("imports/<key:import_id>/rows.csv", imports.rows, name="import_rows"),
    path("tariffs/", tariffs.products, name="products"),
    path("tariffs/-/new/", tariffs.new, name="new_product"),
    path("tariffs/-/policy/", tariffs.policy, name="tariff_policy"),
    path("tariffs/<number:code>/-/versions/", tariffs.add_version, name="add_version"),
    path(VERSION, tariffs.version, name="version"),
    path(f"{VERSION}edit/", tariffs.edit_draft, name="edit_draft"),
    path(f"{VERSION}review/", tariffs.review, name="review"),
    path(f"{VERSION}publish/", tariffs.publish, name="publish"),
    path(f"{VERSION}withdraw/", tariffs.withdraw, name="withdraw"),
    path(f"{VERSION}delete/", tariffs.delete_draft, name="delete_draft"),
    path("tariffs/<number:code>/", tariffs.product, name="product"),
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.new, name="new_run"),
    path(RUN, runs.run, name="run"),
    path(f"{RUN}progress/", runs.progress, name="run_progress"),
    path(f"{RUN}issue/", runs.issue, name="issue_run"),
    path(f"{RUN}rerate/", runs.rerate, name="rerate_run"),
    path(f"{RUN}close/", runs.close, name="close_run"),
    path(f"{RUN}cancel/", runs.cancel, name="cancel_run"),
    path(ITEM, run_items.item, name="run_item"),
    path(f"{ITEM}release/", run_items.release, name="release"),
    path(f"{ITEM}hold/", run_items.hold, name="hold"),
    path(f"{ITEM}resume/", run_items.resume, name="resume"),
    path(f"{ITEM}rerate/", run_items.rerate, name="rerate"),
    path(f"{ITEM}rebill/", run_items.rebill, name="rebill"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/-/export.csv", invoices.export, name="invoices_csv"),
    path("invoices/<number:number>/-/document/", invoices.document, name="document"),
    path("invoices/<number:number>/-/credit/", invoices.credit, name="credit"),
    path("invoices/<number:number>/", invoices.invoice, name="invoice"),
    path("ledger/", ledger.trial_balance, name="ledger"),
    path("ledger/export.csv", ledger.export, name="ledger_csv"),
    path("ledger/seals/", ledger.verify, name="seals"),
    path("ledger/unbilled/", unbilled.unbilled, name="unbilled"),
    path("ledger/unbilled/export.csv", unbilled.export, name="unbilled_csv"),
    path("ledger/days/", closings.closings, name="closings"),
    path("ledger/days/close/", closings.close, name="close_books"),
    path("ledger/days/<day:day>.json", closings.document, name="closing"),
    path("ledger/entries/", ledger.entries, name="entries"),
    path("ledger/entries/<key:entry_id>/", ledger.entry, name="entry"),
    path("company/brand/", brand.brand, name="brand"),
    path("company/staff/", people.staff, name="staff"),
    path("company/staff/invite/", people.invite, name="invite"),
    path("company/staff/<key:user_id>/deactivate/", people.deactivate, name="deactivate"),
    path("company/staff/<key:user_id>/link/", people.send_link, name="send_link"),
    path("company/keys/", people.keys, name="keys"),
    path("company/keys/new/", people.new_key, name="new_key"),
    path("company/keys/<key:key_id>/revoke/", people.revoke, name="revoke_key"),
    path("company/audit/", people.audit, name="audit"),
]
