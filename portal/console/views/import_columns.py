"""The columns of a table of readings: shown with their first rows, told by a person, remembered for the next file."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms import import_columns as forms
from tenants.metering import operations, queries
from tenants.metering import tasks as metering_tasks

WIDEST_SHOWN = 14
LONGEST_CELL = 40


@pages.form_page(Capability.IMPORT_READINGS)
def columns(request: HttpRequest, import_id: int) -> HttpResponse:
    record = queries.reading_import(import_id=import_id)
    found = operations.suggestion_for(import_id=record.pk)
    if found is None:
        raise Http404
    suggestion, profile = found
    known = record.mapping or (profile.mapping if profile else suggestion.mapping.as_json())
    width = max(map(len, suggestion.rows), default=0)
    form = forms.ColumnsForm(
        request.POST or None, columns=_choices(suggestion.rows, known, width), initial=forms.initial_of(known)
    )
    if request.method == "POST" and form.is_valid() and _told(request, record.pk, form):
        return redirect("console:import", import_id=record.pk)
    page = {
        "record": record,
        "form": form,
        "profile": profile,
        "letters": [forms.letter_of(place) for place in range(min(width, WIDEST_SHOWN))],
        "rows": [_shown(row, min(width, WIDEST_SHOWN)) for row in suggestion.rows],
        "more": max(0, width - WIDEST_SHOWN),
        "crumbs": [
            (gettext("Reading imports"), reverse("console:imports")),
            (record.file_name, reverse("console:import", args=[record.pk])),
            (gettext("Columns"), ""),
        ],
    }
    return render(request, "console/import_columns.html", page, status=422 if form.errors else 200)


@pages.action(Capability.IMPORT_READINGS)
def take_back(request: HttpRequest, import_id: int) -> HttpResponse:
    record = queries.reading_import(import_id=import_id)
    form = forms.TakeBackForm(request.POST)
    because = form.cleaned_data["because"] if form.is_valid() else ""

    def order() -> None:
        operations.order_taking_back(
            import_id=record.pk,
            by=request.user.email,  # type: ignore[union-attr]
            because=because,
            at=timezone.now(),
        )
        pages.note(request, "readings.import_taken_back", f"import {record.pk}", file=record.file_name, reason=because)
        transaction.on_commit(partial(metering_tasks.import_readings.delay, record.pk))

    address = reverse("console:import", args=[record.pk])
    return pages.carry_out(request, order, done=gettext("The import is being taken back."), then=address)


def _told(request: HttpRequest, import_id: int, form: forms.ColumnsForm) -> bool:
    def tell() -> Any:
        record = operations.tell_columns(
            import_id=import_id,
            said=form.said(),
            at=timezone.now(),
            by=request.user.email,  # type: ignore[union-attr]
            profile_name=form.cleaned_data["profile_name"],
        )
        pages.note(request, "readings.columns", f"import {import_id}", profile=form.cleaned_data["profile_name"])
        transaction.on_commit(partial(metering_tasks.import_readings.delay, import_id))
        return record

    return pages.filled_in(form, tell) is not None


def _choices(rows: list[list[str]], known: dict[str, Any], width: int) -> list[tuple[str, str]]:
    """Name each column by its letter and its head."""
    head = rows[max(0, known["header_rows"] - 1)] if rows and known["header_rows"] <= len(rows) else []
    heads = [*head, *[""] * width]
    return [(str(place), f"{forms.letter_of(place)} {heads[place][:LONGEST_CELL]}".strip()) for place in range(width)]


def _shown(row: list[str], width: int) -> list[str]:
    return [cell[:LONGEST_CELL] for cell in [*row, *[""] * width][:width]]
