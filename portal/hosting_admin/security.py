"""The operator's view of sign-in security: numbers of each company, and the operator's own people in full."""

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

from hosting import queries
from identity import alerts, attempts
from identity.capabilities import Capability
from portal.shared import tables
from portal.shared.access import requires
from tenancy import context

LOOKED_BACK = dt.timedelta(days=30)
OWN_ALERTS = 20
PER_PAGE = 25
KINDS = {
    "new_device": _("New devices"),
    "new_network": _("New networks"),
    "locked": _("Locked accounts"),
    "many_failures": _("Addresses with many failures"),
    "mass_export": _("Large exports"),
    "foreign_company": _("Foreign cookies"),
    "factor_changed": _("Second factors changed"),
    "foreign_key": _("Foreign keys"),
    "foreign_link": _("Foreign links"),
    "guessed_numbers": _("Guessed numbers"),
}
COLUMNS = [
    tables.Column("company", _("Company"), primary=True),
    *(tables.Column(kind, title, kind="number") for kind, title in KINDS.items()),
]


@requires(Capability.OPERATE_FLEET)
def security(request: HttpRequest) -> HttpResponse:
    """Show how many alerts each company had in thirty days, never whose; and what concerns the operator's people."""
    at = timezone.now()
    table = tables.paged(request, queries.companies(at=at), COLUMNS, size=PER_PAGE)
    page = {
        "table": table,
        "rows": [_row(company, at) for company in table],
        "own": alerts.find(open_only=True)[:OWN_ALERTS],
        "kinds": KINDS,
        "locked": attempts.locked(at=at),
    }
    return render(request, "hosting_admin/security.html", page)


@require_POST
@requires(Capability.OPERATE_FLEET)
def unlock(request: HttpRequest) -> HttpResponse:
    """Let a locked account of the operator try again at once."""
    email, by = request.POST.get("email", ""), _person(request)
    if not attempts.is_locked(email=email, at=timezone.now()):
        raise Http404
    attempts.unlock(email=email, by=by, at=timezone.now())
    messages.success(request, gettext("{email} may try again.").format(email=email))
    return redirect("hosting:security")


@require_POST
@requires(Capability.OPERATE_FLEET)
def mark_alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Note that somebody of the operator looked at one of the operator's own alerts."""
    if not alerts.mark_seen(alert_ids=[alert_id], by=_person(request), at=timezone.now()):
        raise Http404
    return redirect("hosting:security")


def _row(company: Any, at: dt.datetime) -> dict[str, Any]:
    if company.retailer.status != "active":
        return {"company": company, "numbers": []}
    with context.use(company.retailer):
        counted = alerts.numbers(since=at - LOOKED_BACK)
    return {"company": company, "numbers": [(kind, counted.get(kind, 0)) for kind in KINDS]}


def _person(request: HttpRequest) -> Any:
    return request.user
