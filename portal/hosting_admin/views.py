"""The fleet at a glance, then one company in depth."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from hosting import operations, plan_queries, queries, signup_queries
from hosting import tasks as hosting_tasks
from hosting.operations import signing_up
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.hosting_admin import figures, forms
from portal.shared import refusals, tables
from portal.shared.access import requires
from tenancy import context

COLUMNS = [
    tables.Column("company", _("Company"), primary=True),
    tables.Column("status", _("Status"), kind="status"),
    tables.Column("market", _("Market")),
    tables.Column("customers", _("Customers"), kind="number"),
    tables.Column("supply_points", _("Supply points"), kind="number"),
    tables.Column("readings", _("Readings until"), kind="day"),
    tables.Column("invoices", _("Invoices"), kind="number"),
    tables.Column("storage", _("Storage"), kind="number"),
    tables.Column("measured", _("Measured"), kind="day"),
]


@requires(Capability.OPERATE_FLEET)
def fleet(request: HttpRequest) -> HttpResponse:
    companies = queries.companies(at=timezone.now(), search=request.GET.get("q", ""))
    table = tables.paged(request, figures.rows(companies), COLUMNS)
    return render(request, "hosting_admin/fleet.html", {"table": table, "totals": figures.totals(companies)})


@requires(Capability.OPERATE_FLEET)
def new_company(request: HttpRequest) -> HttpResponse:
    form = forms.NewCompanyForm(request.POST or None, offers=plan_queries.offers())
    if request.method == "POST" and form.is_valid():
        code = _register(request, form)
        if code:
            messages.success(request, gettext("The company is registered; its space is being made."))
            return redirect("hosting:company", code=code)
    return render(request, "hosting_admin/new_company.html", {"form": form}, status=422 if form.errors else 200)


@requires(Capability.OPERATE_FLEET)
def company(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, code, forms.ReasonForm())


@require_POST
@requires(Capability.OPERATE_FLEET)
def suspend(request: HttpRequest, code: str) -> HttpResponse:
    return _move(request, code, operations.suspend_company, gettext("The company's doors are closed."))


@require_POST
@requires(Capability.OPERATE_FLEET)
def resume(request: HttpRequest, code: str) -> HttpResponse:
    return _move(request, code, operations.resume_company, gettext("The company's doors are open again."))


@require_POST
@requires(Capability.OPERATE_FLEET)
def measure(request: HttpRequest, code: str) -> HttpResponse:
    retailer = _company(code, timezone.now()).retailer
    with context.use(retailer):
        hosting_tasks.measure_health.delay()
    messages.info(request, gettext("The company measures itself now; look again in a moment."))
    return redirect("hosting:company", code=code)


@require_POST
@requires(Capability.OPERATE_FLEET)
def provision(request: HttpRequest, code: str) -> HttpResponse:
    form = forms.AdministratorForm(request.POST)
    try:
        operations.require_waiting(code=code)
    except context.UnknownRetailer as refusal:
        raise Http404 from refusal
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        progress = signup_queries.of_company(retailer_id=context.retailer_by_code(code=code).pk)
        if progress is not None:
            signing_up.retry(sign_up_id=progress.sign_up.pk, at=timezone.now())
            messages.info(request, gettext("The order is sent again."))
        elif form.is_valid():
            _order(request, code, form.cleaned_data["admin_email"], form.cleaned_data["admin_name"])
    return redirect("hosting:company", code=code)


@requires(Capability.OPERATE_FLEET)
def search(request: HttpRequest) -> HttpResponse:
    found = queries.companies(at=timezone.now(), search=request.GET.get("q", ""))[:10]
    items = [{"url": f"/companies/{c.retailer.code}/", "label": c.retailer.legal_name, "note": c.host} for c in found]
    groups = [{"title": gettext("Companies"), "items": items}] if items else []
    return render(request, "hosting_admin/search.html", {"groups": groups})


def _register(request: HttpRequest, form: forms.NewCompanyForm) -> str:
    company, beside = form.company(), {name: form.cleaned_data[name] for name in form.BESIDE}
    beside["interval"] = beside["interval"] or "month"
    try:
        signing_up.enter(company=company, at=timezone.now(), actor_id=int(request.user.pk or 0), **beside)
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return ""
    return company.code


def _order(request: HttpRequest, code: str, email: str, name: str) -> None:
    """Send the order to the owner's queue; a broker that is away is said, and the order can be sent again."""
    try:
        hosting_tasks.provision.delay(code=code, admin_email=email, admin_name=name)
    except OperationalError:
        messages.error(request, gettext("The order could not be sent: the queue does not answer. Send it again below."))


def _move(request: HttpRequest, code: str, operation: Any, done: str) -> HttpResponse:
    _company(code, timezone.now())
    form = forms.ReasonForm(request.POST)
    if form.is_valid():
        try:
            operation(code=code, reason=form.cleaned_data["reason"], at=timezone.now(), actor_id=request.user.pk)
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            messages.success(request, done)
            return redirect("hosting:company", code=code)
    return _page(request, code, form, status=422)


def _page(request: HttpRequest, code: str, form: forms.ReasonForm, status: int = 200) -> HttpResponse:
    company = _company(code, timezone.now())
    page = {
        "company": company,
        "address": figures.address(request, company),
        "facts": figures.facts(company),
        "figures": figures.figures(company),
        "events": queries.events(code=code)[:50],
        "form": form,
        "administrator_form": forms.AdministratorForm(),
    }
    return render(request, "hosting_admin/company.html", page, status=status)


def _company(code: str, at: dt.datetime) -> queries.Company:
    try:
        return queries.company(code=code, at=at)
    except context.UnknownRetailer as refusal:
        raise Http404 from refusal
