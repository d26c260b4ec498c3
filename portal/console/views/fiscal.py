"""Fiscal invoices: what goes to the tax bureau, what it answered, and red letters."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.invoices import fiscal_queries, operations
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import pages
from portal.console.forms import documents as forms
from portal.shared import refusals, tables

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = [
    tables.Column("invoice", _("Invoice"), primary=True),
    tables.Column("customer", _("Customer")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("number", _("Number of the bureau")),
    tables.Column("issued", _("Issued on"), kind="day"),
    tables.Column("gross", _("Total"), kind="money"),
    tables.Column("batch", _("Batch")),
]
NEWEST = 10
SHOWN_REASONS = 5


@pages.page(Capability.SEE_BILLS)
def documents(request: HttpRequest) -> HttpResponse:
    return _page(request, forms.ExportForm(), forms.ResultForm(), forms.ConfirmForm())


@pages.action(Capability.ISSUE_BILLS)
def export(request: HttpRequest) -> HttpResponse:
    form = forms.ExportForm(request.POST)
    if form.is_valid():
        made = pages.filled_in(form, lambda: operations.export_fiscal(**form.cleaned_data, at=timezone.now()))
        if made:
            pages.note(request, "fiscal.export", f"batch {made.batch.pk}", documents=made.batch.documents)
            messages.success(request, gettext("Batch {number} is ready.").format(number=made.batch.pk))
            for refusal in made.left_out[:SHOWN_REASONS]:
                messages.warning(request, refusals.sentence(refusal))
            return redirect("console:fiscal")
    return _page(request, form, forms.ResultForm(), forms.ConfirmForm(), status=422)


@pages.action(Capability.ISSUE_BILLS)
def results(request: HttpRequest) -> HttpResponse:
    form = forms.ResultForm(request.POST, request.FILES)
    if form.is_valid():
        content = form.cleaned_data["file"].read()
        made = pages.filled_in(form, lambda: operations.import_fiscal_results(content=content))
        if made:
            operations.find_red_letters(at=timezone.now())
            pages.note(request, "fiscal.results", form.cleaned_data["file"].name, issued=made.issued)
            said = gettext("{issued} issued, {refused} refused, {known} known before.")
            messages.success(request, said.format(issued=made.issued, refused=made.refused, known=made.known))
            return redirect("console:fiscal")
    return _page(request, forms.ExportForm(), form, forms.ConfirmForm(), status=422)


@pages.action(Capability.ISSUE_BILLS)
def confirm(request: HttpRequest) -> HttpResponse:
    form = forms.ConfirmForm(request.POST)
    if form.is_valid():
        made = pages.filled_in(form, lambda: operations.confirm_red_letter(**form.cleaned_data))
        if made:
            pages.note(request, "fiscal.confirm", f"document {made.pk}", confirmation=made.confirmation)
            messages.success(request, gettext("The red letter goes into the next file."))
            return redirect(f"{reverse('console:fiscal')}?state=confirming")
    return _page(request, forms.ExportForm(), forms.ResultForm(), form, status=422)


@pages.page(Capability.SEE_BILLS)
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    found, content = fiscal_queries.batch_file(batch_id=batch_id)
    name = f'attachment; filename="fiscal-{found.pk}.xlsx"'
    return HttpResponse(content, XLSX, headers={"Content-Disposition": name})


def _page(
    request: HttpRequest,
    export_form: forms.ExportForm,
    result_form: forms.ResultForm,
    confirm_form: forms.ConfirmForm,
    *,
    status: int = 200,
) -> HttpResponse:
    form, wanted = pages.filters(request, forms.FiscalFilter)
    found = fiscal_queries.fiscal_documents(state=wanted["state"], search=wanted["q"])
    counts = fiscal_queries.counts_by_state()
    page = {
        "form": form,
        "table": tables.paged(request, found, COLUMNS),
        "counts": [(label, counts.get(value, 0), value) for value, label in fiscal_queries.STATES.choices],
        "confirming": fiscal_queries.fiscal_documents(state="confirming")[:NEWEST],
        "batches": fiscal_queries.batches()[:NEWEST],
        "export_form": export_form,
        "result_form": result_form,
        "confirm_form": confirm_form,
        "offered": _offered(),
        "crumbs": [(gettext("Invoices"), reverse("console:invoices")), (gettext("Tax bureau"), "")],
    }
    return render(request, "console/fiscal.html", page, status=status)


def _offered() -> bool:
    try:
        operations.rules_here()
    except GridhallError:
        return False
    return True
