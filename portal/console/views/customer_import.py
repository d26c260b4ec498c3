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
from portal.console import csv_files, customer_files, pages
from portal.console.forms.customers import CustomerFileForm
from portal.shared import refusals, tables
from tenants.customers import customer_rows, operations
from tenants.customers.operations.importing import ImportReport

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
    page = {"form": form, "needed": customer_rows.REQUIRED, "optional": customer_rows.OPTIONAL, "crumbs": _crumbs()}
    return render(request, "console/customer_upload.html", page, status=422 if form.errors else 200)


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
                request, "customers.import", f"{report.rows} rows", customers=report.customers, moves=report.moves
            )
    if report.errors:
        messages.error(request, gettext("Nothing was imported: the company's customers changed since the check."))
        return redirect("console:customer_import", token=token)
    customer_files.forget(token=token)
    done = gettext("{customers} customers, {accounts} accounts and {points} supply points were added.")
    messages.success(
        request, done.format(customers=report.customers, accounts=report.accounts, points=report.supply_points)
    )
    return redirect("console:customers")


def _keep(form: CustomerFileForm) -> uuid.UUID | None:
    try:
        return customer_files.keep(file=form.cleaned_data["file"])
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return None


def _import(request: HttpRequest, token: uuid.UUID, *, dry_run: bool) -> ImportReport:
    retailer = request.retailer  # type: ignore[attr-defined]
    return operations.import_customers(
        rows=customer_files.rows_of(token=token),
        currency=retailer.currency,
        time_zone=retailer.time_zone,
        dry_run=dry_run,
    )


def _errors(report: ImportReport) -> list[dict[str, Any]]:
    return [
        {"row": error.row, "column": error.column, "sentence": refusals.sentence(error.error)}
        for error in report.errors
    ]


def _crumbs() -> list[tuple[str, str]]:
    return [(gettext("Customers"), reverse("console:customers")), (gettext("Import customers"), "")]
