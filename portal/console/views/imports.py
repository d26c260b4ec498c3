"""Readings from meter files: given, checked, confirmed, taken; every row says what became of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from portal.console import csv_files, pages, xlsx_files
from portal.console.forms import import_columns as column_forms
from portal.console.forms import imports as forms
from portal.shared import tables
from tenants.metering import operations, queries
from tenants.metering import tasks as metering_tasks

SOURCE = "console"
UNDER_WAY = frozenset({"uploaded", "checking", "confirmed", "importing", "taking_back"})
COLUMNS = [
    tables.Column("file", _("File"), sort="file_name", primary=True),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("format", _("Format"), sort="format"),
    tables.Column("days", _("Days"), kind="number", sort="days_read"),
    tables.Column("accepted", _("New"), kind="number"),
    tables.Column("corrected", _("Corrected"), kind="number"),
    tables.Column("refused", _("Refused"), kind="number"),
    tables.Column("by", _("Given by")),
    tables.Column("created", _("Given at"), kind="day", sort="created_at"),
]
ROW_COLUMNS = [
    tables.Column("row", _("Row"), kind="number", primary=True),
    tables.Column("outcome", _("Outcome"), kind="status"),
    tables.Column("point", _("Supply point")),
    tables.Column("register", _("Register")),
    tables.Column("day", _("Day"), kind="day"),
    tables.Column("total", _("Day's total"), kind="energy"),
    tables.Column("missing", _("Missing slots"), kind="number"),
]
REFUSED_COLUMNS = [
    tables.Column("row", _("Row"), kind="number", primary=True),
    tables.Column("column", _("Column"), kind="number"),
    tables.Column("sentence", _("What is wrong")),
    tables.Column("code", _("Code")),
]


@pages.page(Capability.SEE_READINGS)
def imports(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.ImportFilter)
    found = queries.imports()
    if wanted["state"]:
        found = found.filter(state=wanted["state"])
    if wanted["q"].strip():
        found = found.filter(file_name__icontains=wanted["q"].strip())
    table = tables.paged(request, found, COLUMNS)
    return render(request, "console/imports.html", {"form": form, "table": table})


@pages.form_page(Capability.IMPORT_READINGS)
def upload(request: HttpRequest) -> HttpResponse:
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return redirect("console:import", import_id=_upload(request, form.cleaned_data))
    page = {"form": form, "crumbs": _crumbs(gettext("Import readings"))}
    return render(request, "console/import_upload.html", page, status=422 if form.errors else 200)


@pages.page(Capability.SEE_READINGS)
def reading_import(request: HttpRequest, import_id: int) -> HttpResponse:
    record = queries.reading_import(import_id=import_id)
    _form, wanted = pages.filters(request, forms.OutcomeFilter)
    outcome = wanted["outcome"] or ("refused" if record.rows_refused else "")
    rows = queries.import_report(import_id=record.pk, outcome=outcome or None).select_related("channel__supply_point")
    columns = REFUSED_COLUMNS if outcome == "refused" else ROW_COLUMNS
    table = tables.paged(request, rows, columns, size=100)
    for row in table.rows:
        row.sentence = queries.refusal_sentence(row=row)
        row.notes = queries.import_notes_sentence(params=row.params)
    page = _state(request, record) | {
        "table": table,
        "refusals": outcome == "refused",
        "outcome": outcome,
        "outcomes": _outcomes(record, outcome),
        "take_back_form": column_forms.TakeBackForm(),
        "crumbs": _crumbs(record.file_name),
    }
    return render(request, "console/import.html", page)


@pages.page(Capability.SEE_READINGS)
def progress(request: HttpRequest, import_id: int) -> HttpResponse:
    """Answer the progress bar; when the work is through, have the page loaded anew."""
    state = _state(request, queries.reading_import(import_id=import_id))
    response = render(request, "console/parts/import_progress.html", state)
    if not state["under_way"]:
        response["HX-Redirect"] = reverse("console:import", args=[import_id])
    return response


@pages.action(Capability.IMPORT_READINGS)
def confirm(request: HttpRequest, import_id: int) -> HttpResponse:
    record = queries.reading_import(import_id=import_id)
    address = reverse("console:import", args=[record.pk])
    with transaction.atomic():
        if not operations.confirm_import(import_id=record.pk):
            messages.error(request, gettext("This file does not wait for confirmation any more."))
            return redirect(address)
        pages.note(request, "readings.import", f"import {record.pk}", file=record.file_name)
        transaction.on_commit(partial(metering_tasks.import_readings.delay, record.pk))
    return redirect(address)


@pages.page(Capability.SEE_READINGS)
def rows(request: HttpRequest, import_id: int, kind: str = "csv") -> HttpResponse:
    record = queries.reading_import(import_id=import_id)
    _form, wanted = pages.filters(request, forms.OutcomeFilter)
    found = queries.import_report(import_id=record.pk, outcome=wanted["outcome"] or None)
    heads = ["row", "column", "outcome", "supply_point", "register", "day", "total", "missing", "code", "sentence"]
    lines = (
        [
            row.row, row.column, row.outcome, row.identifier, row.register_code, row.day, row.total, row.missing,
            row.code, queries.refusal_sentence(row=row) or queries.import_notes_sentence(params=row.params),
        ]
        for row in found.iterator(chunk_size=2000)
    )  # fmt: skip
    writer = xlsx_files if kind == "xlsx" else csv_files
    return writer.response(name=f"import-{record.pk}", heads=heads, rows=lines)


def _upload(request: HttpRequest, data: dict[str, Any]) -> int:
    with transaction.atomic():
        record = operations.upload_file(
            file=data["file"].file,
            file_name=data["file"].name,
            source=SOURCE,
            at=timezone.now(),
            zone=data["zone"],
            unit=data["unit"],
            identifier=data["identifier"].strip(),
            requested_by=request.user.email,  # type: ignore[union-attr]
            check_only=True,
        )
        transaction.on_commit(partial(metering_tasks.import_readings.delay, record.pk))
    return int(record.pk)


def _state(request: HttpRequest, record: Any) -> dict[str, Any]:
    """Return where the import stands, and how far its worker got."""
    share = record.bytes_read * 100 // record.bytes_total if record.bytes_total else 0
    return {
        "record": record,
        "under_way": record.state in UNDER_WAY,
        "share": min(share, 100),
        "poll": reverse("console:import_progress", args=[record.pk]),
        "changes": record.days_accepted + record.days_corrected,
    }


def _outcomes(record: Any, chosen: str) -> list[dict[str, Any]]:
    counts = {
        "accepted": record.days_accepted,
        "corrected": record.days_corrected,
        "unchanged": record.days_unchanged,
        "outdated": record.days_outdated,
        "refused": record.rows_refused,
    }
    every = {"label": gettext("All rows"), "url": "?outcome=", "active": not chosen, "count": sum(counts.values())}
    some = [
        {"label": label, "url": f"?outcome={code}", "active": code == chosen, "count": counts[code]}
        for code, label in forms.OUTCOMES
        if counts[code]
    ]
    return [every, *some] if not record.rows_refused else some


def _crumbs(title: str) -> list[tuple[str, str]]:
    return [(gettext("Reading imports"), reverse("console:imports")), (title, "")]
