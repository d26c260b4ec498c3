"""What the host offers: plans with their versions, and coupons."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hosting import plan_queries, prices
from hosting.operations import offering
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.hosting_admin import plan_forms as forms
from portal.shared import plan_words, refusals, tables
from portal.shared.access import requires

COLUMNS = [
    tables.Column("plan", _("Plan"), primary=True),
    tables.Column("version", _("Version"), kind="number"),
    tables.Column("prices", _("Prices")),
    tables.Column("companies", _("Companies"), kind="number"),
    tables.Column("state", _("State"), kind="status"),
]
COUPON_COLUMNS = [
    tables.Column("code", _("Coupon"), primary=True),
    tables.Column("percent", _("Per cent off"), kind="number"),
    tables.Column("months", _("Months"), kind="number"),
    tables.Column("companies", _("Companies"), kind="number"),
    tables.Column("actions", _("Actions"), kind="actions"),
]
VERSION_COLUMNS = [
    tables.Column("number", _("Version"), primary=True),
    tables.Column("made", _("Made"), kind="day"),
    tables.Column("companies", _("Companies"), kind="number"),
]
FIELDS = {"titles": "name_en", "summaries": "summary_en", "prices": "price_lines", "limits": None}


@require_safe
@requires(Capability.OPERATE_FLEET)
def plans_page(request: HttpRequest) -> HttpResponse:
    return _list(request, forms.CouponForm())


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.OPERATE_FLEET)
def new_plan(request: HttpRequest) -> HttpResponse:
    form = forms.PlanForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _saved(request, form, form.cleaned_data["code"]):
        return redirect("hosting:plans")
    return render(request, "hosting_admin/plan.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.OPERATE_FLEET)
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """Show a plan and take changes: they make a version; companies keep the one they signed."""
    try:
        found = plan_queries.offer(code=code)
    except NotFound as refusal:
        raise Http404 from refusal
    form = forms.PlanForm(request.POST or None, initial=forms.filled(found.version), fixed=True)
    if request.method == "POST" and form.is_valid() and _saved(request, form, code):
        return redirect("hosting:plan", code=code)
    page = {
        "form": form,
        "offer": found,
        "title": plan_words.title(found.version.titles),
        "table": tables.paged(request, plan_queries.versions(code=code), VERSION_COLUMNS),
    }
    return render(request, "hosting_admin/plan.html", page, status=422 if form.errors else 200)


@require_POST
@requires(Capability.OPERATE_FLEET)
def offer(request: HttpRequest, code: str) -> HttpResponse:
    return _done(
        request, lambda: offering.offer(code=code, on=request.POST.get("on") == "1"), gettext("Saved."), "hosting:plans"
    )


@require_POST
@requires(Capability.OPERATE_FLEET)
def load_defaults(request: HttpRequest) -> HttpResponse:
    return _done(
        request, lambda: offering.load_defaults(at=timezone.now()), gettext("The plans are offered."), "hosting:plans"
    )


@require_POST
@requires(Capability.OPERATE_FLEET)
def coupon(request: HttpRequest) -> HttpResponse:
    form = forms.CouponForm(request.POST)
    if form.is_valid():
        try:
            offering.make_coupon(**form.cleaned_data, at=timezone.now())
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            messages.success(request, gettext("The coupon can be given."))
            return redirect("hosting:plans")
    return _list(request, form, status=422)


@require_POST
@requires(Capability.OPERATE_FLEET)
def switch_coupon(request: HttpRequest, code: str) -> HttpResponse:
    on = request.POST.get("on") == "1"
    return _done(request, lambda: offering.switch_coupon(code=code, on=on), gettext("Saved."), "hosting:plans")


def _list(request: HttpRequest, form: forms.CouponForm, status: int = 200) -> HttpResponse:
    offers = [
        {"offer": each, "title": plan_words.title(each.version.titles), "prices": _prices(each.version)}
        for each in plan_queries.offers(all_plans=True)
    ]
    page = {
        "table": tables.paged(request, offers, COLUMNS),
        "coupons": tables.paged(request, plan_queries.coupons(), COUPON_COLUMNS),
        "form": form,
    }
    return render(request, "hosting_admin/plans.html", page, status=status)


def _prices(version: Any) -> list[str]:
    found = (prices.of(version.prices, currency=currency, interval="month") for currency in version.prices)
    return [plan_words.price(each) for each in found if each is not None]


def _saved(request: HttpRequest, form: forms.PlanForm, code: str) -> bool:
    try:
        made = offering.save_plan(code=code, content=form.content(), at=timezone.now())
    except GridhallError as refusal:
        refusal.where = FIELDS.get(refusal.where or "", refusal.where)
        refusals.show(form, refusal)
        return False
    messages.success(request, gettext("Version {number} is offered.").format(number=made.number))
    return True


def _done(request: HttpRequest, operation: Any, done: str, then: str) -> HttpResponse:
    try:
        operation()
    except NotFound as refusal:
        raise Http404 from refusal
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, done)
    return redirect(then)
