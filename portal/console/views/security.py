"""The company's rules of sign-in, locked accounts, alerts, and the audit trail with its filters."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity import alerts, attempts, policy, queries, second_factor, trail
from identity.capabilities import Capability
from portal.console import audit_words, csv_files, pages
from portal.console.forms import security as forms
from portal.shared import tables

AUDIT_COLUMNS = [
    tables.Column("at", _("When"), sort="at", primary=True),
    tables.Column("actor", _("Who"), sort="actor_name"),
    tables.Column("action", _("What"), sort="action"),
    tables.Column("subject", _("To what")),
    tables.Column("details", _("Details")),
]
ALERT_COLUMNS = [
    tables.Column("at", _("When"), sort="at", primary=True),
    tables.Column("kind", _("What"), sort="kind"),
    tables.Column("person", _("Person")),
    tables.Column("details", _("Details")),
    tables.Column("seen", _("Looked at"), kind="actions"),
]
ATTEMPT_COLUMNS = [
    tables.Column("at", _("When"), primary=True),
    tables.Column("email", _("Email")),
    tables.Column("from", _("From")),
    tables.Column("outcome", _("Outcome"), kind="status"),
]
ATTEMPTS_SHOWN = dt.timedelta(days=1)
PER_PAGE = 25


@pages.form_page(Capability.MANAGE_STAFF)
def security(request: HttpRequest) -> HttpResponse:
    """Show rules, locked accounts and who has a second factor; change the rules."""
    present = policy.present()
    initial = {name: getattr(present, name) for name in policy.FIELDS}
    form = forms.PolicyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        changed = pages.filled_in(form, lambda: policy.change(**form.cleaned_data, **pages.signed(request)))
        if changed is not None:
            messages.success(request, gettext("The rules of sign-in are changed; they hold within a minute."))
            return redirect("console:security")
    at = timezone.now()
    staff, holders = list(queries.staff().filter(is_active=True)), second_factor.holders()
    page = {
        "form": form,
        "locked": attempts.locked(at=at),
        "attempts": tables.paged(request, attempts.recent(since=at - ATTEMPTS_SHOWN), ATTEMPT_COLUMNS, size=PER_PAGE),
        "staff_count": len(staff),
        "without": [person for person in staff if person.pk not in holders],
        "open_alerts": alerts.find(open_only=True).count(),
    }
    return render(request, "console/security.html", page, status=422 if form.errors else 200)


@pages.action(Capability.MANAGE_STAFF)
def unlock(request: HttpRequest) -> HttpResponse:
    """Let a locked account try again at once."""
    email = request.POST.get("email", "")
    if not attempts.is_locked(email=email, at=timezone.now()):
        raise Http404
    return pages.carry_out(
        request,
        lambda: attempts.unlock(email=email, **pages.signed(request)),
        done=gettext("{email} may try again.").format(email=email),
        then=reverse("console:security"),
    )


@pages.action(Capability.MANAGE_STAFF)
def reset_factor(request: HttpRequest, user_id: int) -> HttpResponse:
    """Take a colleague's lost second factor away."""
    person = queries.staff().filter(pk=user_id).first()
    if person is None:
        raise Http404
    return pages.carry_out(
        request,
        lambda: second_factor.reset(user=person, **pages.signed(request)),
        done=gettext("{name} has no second factor now and is signed out everywhere.").format(name=person.name),
        then=reverse("console:staff"),
    )


@pages.page(Capability.MANAGE_STAFF)
def alert_list(request: HttpRequest) -> HttpResponse:
    """Show what somebody should look at."""
    form, wanted = pages.filters(request, forms.AlertFilter)
    found = alerts.find(kind=wanted["kind"], open_only=wanted["state"] != "all")
    table = tables.paged(request, found, ALERT_COLUMNS, default="-at")
    page = {"form": form, "table": table, "kinds": forms.ALERTS, "tones": forms.ALERT_TONES}
    return render(request, "console/alerts.html", page)


@pages.action(Capability.MANAGE_STAFF)
def mark_alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Note that somebody looked at an alert."""
    by: Any = request.user
    if not alerts.mark_seen(alert_ids=[alert_id], by=by, at=timezone.now()):
        raise Http404
    messages.success(request, gettext("Noted that you looked at it."))
    return redirect("console:alerts")


@pages.page(Capability.SEE_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Show what people did, filtered by person, action, subject and time."""
    form, found = _found(request)
    table = tables.paged(request, found, AUDIT_COLUMNS, default="-at", size=100)
    return render(request, "console/audit.html", {"table": table, "form": form})


@pages.page(Capability.SEE_AUDIT)
def audit_csv(request: HttpRequest) -> HttpResponse:
    """Give the same to an auditor as a file."""
    _form, found = _found(request)
    heads = ["number", "at", "person", "action", "subject", "details", "link", "title"]
    rows = (
        [e.pk, e.at, e.actor_name, e.action, e.subject, e.details, _link(e), audit_words.title(e.action)]
        for e in found.select_related("seal")
    )
    return csv_files.response(name="audit-trail", heads=heads, rows=rows)


def _link(event: Any) -> str:
    return getattr(getattr(event, "seal", None), "hashed", "")


def _found(request: HttpRequest) -> Any:
    form, wanted = pages.filters(request, forms.AuditFilter)
    if any("\x00" in str(value) for value in wanted.values()):
        raise BadRequest("a zero character")
    found = trail.find(
        person=wanted["person"],
        action=wanted["action"],
        or_actions=audit_words.named(wanted["action"]) if wanted["action"] else (),
        subject=wanted["subject"],
        since=_start(request, wanted["since"]),
        until=_start(request, wanted["until"], days=1),
    )
    return form, found


def _start(request: HttpRequest, day: Any, days: int = 0) -> dt.datetime | None:
    """The moment at which a day begins at the company, so many days later."""
    if not day or day.year >= dt.MAXYEAR:
        return None
    return dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), pages.zone(request))
