"""The fleet at a glance, then one company in depth."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from hosting import fleet_queries, operations, plan_queries, queries, queue_depths, signup_queries
from hosting import tasks as hosting_tasks
from hosting.operations import signing_up
from identity.capabilities import Capability
from kernel import texts
from kernel.errors import GridhallError
from portal.hosting_admin import backup_views, company_pages, figures, fleet_forms, fleet_words, forms
from portal.shared import formats, refusals, tables
from portal.shared.access import requires
from tenancy import context

COLUMNS = [
    tables.Column("company", _("Company"), sort="name", primary=True),
    tables.Column("status", _("Status"), sort="status", kind="status"),
    tables.Column("wrong", _("What is wrong"), sort="severity"),
    tables.Column("plan", _("Plan"), sort="owing"),
    tables.Column("points", _("Supply points"), sort="supply_points", kind="number"),
    tables.Column("work", _("Work"), sort="busy"),
    tables.Column("errors", _("Errors"), sort="faults_week", kind="number"),
    tables.Column("backup", _("Backup"), sort="backup_at"),
    tables.Column("storage", _("Storage"), sort="storage", kind="number"),
]
PER_PAGE, WORST_SHOWN, EVENTS_SHOWN, SEARCHED = 25, 8, 8, 10
OLD_QUEUE = dt.timedelta(minutes=5)


@requires(Capability.OPERATE_FLEET)
def fleet(request: HttpRequest) -> HttpResponse:
    """Show all companies: what needs attention first, the queues, and a table with filters in the address."""
    now = timezone.now()
    found = fleet_queries.rows(at=now)
    form = fleet_forms.FleetFilter(request.GET)
    form.is_valid()
    wrong = [kind for kind in request.GET.getlist("wrong") if kind in fleet_words.PROBLEMS]
    chosen = fleet_queries.chosen(
        found, search=form.cleaned_data.get("q", ""), wrong=wrong, status=form.cleaned_data.get("status", "")
    )
    table = tables.paged(request, chosen, COLUMNS, size=PER_PAGE)
    page = {
        "table": table,
        "rows": figures.rows(list(table), at=now),
        "totals": figures.totals(found),
        "worst": figures.rows(fleet_queries.worst(found, most=WORST_SHOWN), at=now),
        "bad": len(fleet_queries.worst(found, most=len(found))),
        "form": form,
        "kinds": _kinds(request, fleet_queries.counts(found), wrong),
        "queues": _queues(),
        "platform_faults": sum(each["times"] for each in fleet_queries.faults(retailer_id=None, at=now)),
        "active": bool(request.GET),
    }
    return render(request, "hosting_admin/fleet.html", page)


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
    found = fleet_queries.chosen(fleet_queries.rows(at=timezone.now()), search=request.GET.get("q", ""))
    items = [
        {
            "url": reverse("hosting:company", args=[each.retailer.code]),
            "label": texts.pick(each.retailer.names, get_language() or "en"),
            "note": each.company.host,
        }
        for each in found[:SEARCHED]
    ]
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
    now = timezone.now()
    row = company_pages.row_of(code, now)
    history = fleet_queries.history(retailer_id=row.retailer.pk, at=now)
    events = [
        {"event": each, "title": fleet_words.event(each.action), "details": fleet_words.event_details(each)}
        for each in queries.events(code=code)[:EVENTS_SHOWN]
    ]
    page = {
        "company": row.company,
        "row": row,
        "retailer": row.retailer,
        "tab": "company",
        "marks": fleet_words.marks(row, at=now),
        "address": figures.address(request, row.company),
        "facts": figures.facts(row),
        "figures": figures.figures(row.company, history),
        "limits": figures.limits(row),
        "work": figures.work(row),
        "owed": [formats.money(each) for each in row.owed],
        "jobs": tables.Table(backup_views.JOB_COLUMNS, company_pages.job_rows(row.jobs)),
        "backup_age": fleet_words.ago(row.backup_at, now),
        "drill_age": fleet_words.ago(row.tried_at, now),
        "events": events,
        "form": form,
        "administrator_form": forms.AdministratorForm(),
    }
    return render(request, "hosting_admin/company.html", page, status=status)


def _company(code: str, at: dt.datetime) -> queries.Company:
    try:
        return queries.company(code=code, at=at)
    except context.UnknownRetailer as refusal:
        raise Http404 from refusal


def _kinds(request: HttpRequest, counts: dict[str, int], wrong: list[str]) -> list[dict[str, Any]]:
    """Return the kinds of problems as switches: each link adds its kind to the filter, or takes it away."""
    found = []
    for kind, label in fleet_words.PROBLEMS.items():
        query = request.GET.copy()
        query.pop(tables.PAGE, None)
        query.setlist("wrong", [each for each in wrong if each != kind] if kind in wrong else [*wrong, kind])
        if counts[kind] or kind in wrong:
            found.append({"label": label, "count": counts[kind], "on": kind in wrong, "url": f"?{query.urlencode()}"})
    return found


def _queues() -> list[dict[str, Any]] | None:
    """Return what waits in each queue; None when the broker does not answer."""
    depths = queue_depths.depths()
    if depths is None:
        return None
    return [
        {
            "name": each.name,
            "waiting": formats.number(each.waiting),
            "oldest": fleet_words.lasting(dt.timedelta(seconds=each.age)) if each.waiting and each.age else "",
            "late": each.age > OLD_QUEUE.total_seconds(),
        }
        for each in depths
    ]
