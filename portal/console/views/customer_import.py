"""Customers from a file: given, looked through cell by cell, and taken whole on a person's word."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import csv_files, customer_files, pages, xlsx_files
from portal.console.forms.customers import CustomerFileForm
from portal.shared import formats, refusals, tables
from tenants.customers import customer_rows
from tenants.tariffs import queries as tariff_queries
from tenants.tariffs.operations import customer_files as agreed_files
from tenants.tariffs.operations.customer_files import FileReport

COLUMNS = [
    tables.Column("row", _("Row"), kind="number", primary=True),
    tables.Column("column", _("Column")),
    tables.Column("sentence", _("What is wrong")),
]


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def upload(request: HttpRequest) -> HttpResponse:
    form = CustomerFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        token = _keep(form)
        if token:
            return redirect("console:customer_import", token=token)
    page = {
        "form": form,
        "needed": _named(customer_rows.REQUIRED),
        "optional": _named(customer_rows.OPTIONAL),
        "agreed": _named(agreed_files.COLUMNS),
        "products": tariff_queries.products(),
        "crumbs": _crumbs(),
    }
    return render(request, "console/customer_upload.html", page, status=422 if form.errors else 200)


@pages.page(Capability.CHANGE_CUSTOMERS)
def sample(request: HttpRequest, kind: str) -> HttpResponse:
    """Answer a table to fill in: the headings in the reader's language, and two rows that show how."""
    columns = (*customer_rows.REQUIRED, *customer_rows.OPTIONAL, *agreed_files.COLUMNS)
    retailer = request.retailer  # type: ignore[attr-defined]
    product = tariff_queries.products().first()
    given = {
        "region": "", "time_zone": retailer.time_zone, "language": retailer.default_language,
        "product": product.code if product else "", "agreed_from": "2026-09-01" if product else "",
    }  # fmt: skip
    rows = [[str({**row, **given}.get(column, "")) for column in columns] for row in _shown()]
    writer = xlsx_files if kind == "xlsx" else csv_files
    heads = [gettext(agreed_files.LABELS[column]) for column in columns]
    return writer.response(name=gettext("customers"), heads=heads, rows=rows)


@pages.page(Capability.CHANGE_CUSTOMERS)
def check(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    report = _import(request, token, dry_run=True)
    table = tables.paged(request, _errors(report), COLUMNS, size=100)
    page = {"report": report, "table": table, "token": token, "crumbs": _crumbs()}
    return render(request, "console/customer_check.html", page, status=422 if report.errors else 200)


@pages.page(Capability.CHANGE_CUSTOMERS)
def errors(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    rows = [list(error.values()) for error in _errors(_import(request, token, dry_run=True))]
    return csv_files.response(name="customer-import-errors", heads=["row", "column", "sentence"], rows=rows)


@pages.action(Capability.CHANGE_CUSTOMERS)
def confirm(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    with transaction.atomic():
        report = _import(request, token, dry_run=False)
        if not report.errors:
            pages.note(
                request,
                "customers.import",
                f"{report.rows} rows",
                customers=report.customers,
                moves=report.moves,
                agreements=report.agreements,
            )
    if report.errors:
        messages.error(request, gettext("Nothing was imported: the company's customers changed since the check."))
        return redirect("console:customer_import", token=token)
    customer_files.forget(token=token)
    done = gettext(
        "Added: customers {customers}, accounts {accounts}, supply points {points}, agreements {agreements}."
    )
    counts = {
        "customers": report.customers, "accounts": report.accounts, "points": report.supply_points,
        "agreements": report.agreements,
    }  # fmt: skip
    messages.success(request, done.format(**{name: formats.number(count) for name, count in counts.items()}))
    return redirect("console:customers")


def _named(columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return columns with what people call them."""
    return [(column, gettext(agreed_files.LABELS[column])) for column in columns]


def _shown() -> list[dict[str, str]]:
    """Return two customers as a file has them: a household and a business."""
    return [
        {
            "customer_number": "C0001", "name": gettext("Li Ming"), "account_number": "A0001",
            "supply_point": "320100000001", "address": gettext("1 Example Street"), "move_in": "2026-09-01",
            "kind": gettext("Household"), "segment": "", "email": "li.ming@example.com", "phone": "",
        },
        {
            "customer_number": "C0002", "name": gettext("Example Textiles Ltd"), "account_number": "A0002",
            "supply_point": "320100000002", "address": gettext("2 Example Street"), "move_in": "2026-09-01",
            "kind": gettext("Business"), "segment": "", "email": "office@example.com", "phone": "",
        },
    ]  # fmt: skip


def _keep(form: CustomerFileForm) -> uuid.UUID | None:
    try:
        return customer_files.keep(file=form.cleaned_data["file"])
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return None


def _import(request: HttpRequest, token: uuid.UUID, *, dry_run: bool) -> FileReport:
    retailer = request.retailer  # type: ignore[attr-defined]
    return agreed_files.import_customers(
        rows=customer_files.rows_of(token=token),
        currency=retailer.currency,
        time_zone=retailer.time_zone,
        dry_run=dry_run,
    )


def _errors(report: FileReport) -> list[dict[str, Any]]:
    return [
        {"row": error.row, "column": error.column, "sentence": refusals.sentence(error.error)}
        for error in report.errors
    ]


def _crumbs() -> list[tuple[str, str]]:
    return [(gettext("Customers"), reverse("console:customers")), (gettext("Import customers"), "")]
