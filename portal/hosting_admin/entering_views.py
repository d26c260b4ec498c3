"""Entering a company: asked for with a reason and a second factor given just now, handed over by a link good once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows import reauthentication
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from hosting import queries
from hosting.operations import entering
from identity import entering_sessions
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.hosting_admin import entering_forms as forms
from portal.shared import refusals, tables
from portal.shared.access import requires
from tenancy import context

COLUMNS = [
    tables.Column("asked", _("Asked"), primary=True),
    tables.Column("who", _("Who")),
    tables.Column("reason", _("Reason")),
    tables.Column("rights", _("Rights")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("actions", _("Actions"), kind="actions"),
]
View = Callable[..., HttpResponse]


def _with_factor(view: View) -> View:
    """Ask for the second factor, unless it was given in the last two minutes; the order is carried out afterwards."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not entering_sessions.factor_is_fresh(request=request):
            return reauthentication.suspend_request(request, reverse("mfa_reauthenticate"))
        return view(request, *args, **kwargs)

    return asked


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.OPERATE_FLEET)
@_with_factor
def enter(request: HttpRequest, code: str) -> HttpResponse:
    """Show who was there and ask to enter; without a rule of the company the way is open at once."""
    form = forms.EnterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        entry = _asked(request, code, form)
        if entry is not None and entry.state == "waiting":
            messages.info(request, gettext("The company's administrators are asked. Ask one of them for the code."))
            return redirect("hosting:enter_company", code=code)
        if entry is not None:
            return _handed(request, code, entry.pk, "")
    return _page(request, code, form)


@require_POST
@requires(Capability.OPERATE_FLEET)
@_with_factor
def go(request: HttpRequest, code: str, entry_id: int) -> HttpResponse:
    """Go on with a visit that was asked for, with the company's code where it asks for one."""
    return _handed(request, code, entry_id, request.POST.get("code", ""))


@require_POST
@requires(Capability.OPERATE_FLEET)
def end(request: HttpRequest, code: str, entry_id: int) -> HttpResponse:
    """End a visit of whoever of the host is there, or take a wish back."""
    try:
        entering.end(code=code, entry_id=entry_id, by=request.user, at=timezone.now())
    except (context.UnknownRetailer, NotFound) as refusal:
        raise Http404 from refusal
    messages.success(request, gettext("The visit has ended."))
    return redirect("hosting:enter_company", code=code)


def _asked(request: HttpRequest, code: str, form: forms.EnterForm) -> Any:
    try:
        return entering.ask(code=code, by=request.user, wish=form.wish(), at=timezone.now())
    except context.UnknownRetailer as refusal:
        raise Http404 from refusal
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return None


def _handed(request: HttpRequest, code: str, entry_id: int, consent: str) -> HttpResponse:
    try:
        address = entering.hand_over(code=code, entry_id=entry_id, by=request.user, consent=consent, at=timezone.now())
    except (context.UnknownRetailer, NotFound) as refusal:
        raise Http404 from refusal
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("hosting:enter_company", code=code)
    page = {"company": queries.company(code=code, at=timezone.now()), "address": address}
    answer = render(request, "hosting_admin/entering_ready.html", page)
    answer["Cache-Control"] = "no-store"
    return answer


def _page(request: HttpRequest, code: str, form: forms.EnterForm) -> HttpResponse:
    try:
        company = queries.company(code=code, at=timezone.now())
        visits = entering.visits(code=code)
    except context.UnknownRetailer as refusal:
        raise Http404 from refusal
    mine = next((v for v in visits if v.operator_id == request.user.pk and v.state in ("waiting", "ready")), None)
    page = {
        "company": company,
        "form": form,
        "mine": mine,
        "consent_form": forms.ConsentForm() if mine is not None and mine.consent_needed else None,
        "open": company.retailer.status == "active",
        "table": tables.paged(request, visits, COLUMNS),
    }
    return render(request, "hosting_admin/entering.html", page, status=422 if form.errors else 200)
