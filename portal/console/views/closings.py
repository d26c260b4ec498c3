"""Closed days: what was shut, the proof of each to keep elsewhere, and closing another one."""

from __future__ import annotations

import datetime as dt
import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.ledger import operations, queries
from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms import closings as forms
from portal.shared import tables

COLUMNS = [
    tables.Column("day", _("Day"), kind="day", primary=True),
    tables.Column("seals", _("Seals"), kind="number"),
    tables.Column("proof", _("Proof")),
    tables.Column("closed", _("Closed at"), kind="day"),
    tables.Column("by", _("Closed by")),
    tables.Column("file", _("File to keep")),
]


@pages.page(Capability.SEE_LEDGER)
def closings(request: HttpRequest) -> HttpResponse:
    page = {
        "table": tables.paged(request, queries.closings(), COLUMNS),
        "first_open": queries.first_open_day(),
        "crumbs": [(gettext("Trial balance"), reverse("console:ledger")), (gettext("Closed days"), "")],
    }
    return render(request, "console/closings.html", page)


@pages.form_page(Capability.CLOSE_BOOKS)
def close(request: HttpRequest) -> HttpResponse:
    today = pages.today(request)
    form = forms.ClosingForm(request.POST or None, initial={"day": today - dt.timedelta(days=1)})
    if request.method == "POST" and form.is_valid() and pages.filled_in(form, lambda: _close(request, form, today)):
        return redirect("console:closings")
    title = gettext("Close the books")
    page = {
        "form": form,
        "title": title,
        "lead": gettext("Nothing can be posted into a closed day any more. This cannot be undone."),
        "back": reverse("console:closings"),
        "crumbs": [(gettext("Closed days"), reverse("console:closings")), (title, "")],
        "submit": gettext("Close up to this day"),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.page(Capability.SEE_LEDGER)
def document(request: HttpRequest, day: dt.date) -> HttpResponse:
    """The closing as a file: kept outside this system it proves later that the books are still those."""
    found = queries.closing_of(day=day)
    if found is None:
        raise Http404
    code = request.retailer.code  # type: ignore[attr-defined]
    text = json.dumps(found.as_closing().document(company=code), ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{code}-{day}.json"'
    return response


def _close(request: HttpRequest, form: forms.ClosingForm, today: dt.date) -> object:
    person = str(request.user.email)  # type: ignore[union-attr]
    made = operations.close_day(day=form.cleaned_data["day"], today=today, at=timezone.now(), closed_by=person)
    pages.note(request, "ledger.close", f"day {made.day}", proof=made.proof)
    return made
