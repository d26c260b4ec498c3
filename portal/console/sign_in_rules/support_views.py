"""Visits of the host's support: who is there now, who was, what was opened; allowed and ended by administrators."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hosting.operations import entering as hosting_entering
from identity import entering, policy
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import pages
from portal.shared import refusals, tables

VISIT_COLUMNS = [
    tables.Column("asked", _("Asked"), primary=True),
    tables.Column("who", _("Who")),
    tables.Column("reason", _("Reason")),
    tables.Column("rights", _("Rights")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("actions", _("Actions"), kind="actions"),
]
DEED_COLUMNS = [
    tables.Column("at", _("When"), primary=True),
    tables.Column("action", _("What")),
    tables.Column("subject", _("To what")),
    tables.Column("details", _("Details")),
]
PER_PAGE = 25


class RuleForm(forms.Form):
    """Whether the host's support may come in unasked."""

    support_consent = forms.BooleanField(
        label=_("Every visit needs our consent"), required=False,
        help_text=_("An administrator allows it here and names a code to the host. Otherwise a visit is only told."),
    )  # fmt: skip


@pages.page(Capability.SEE_AUDIT)
def visits(request: HttpRequest) -> HttpResponse:
    """Show who of the host is here now, who was, and the rule."""
    hosting_entering.end_overdue(at=timezone.now())
    initial = {"support_consent": policy.present().support_consent}
    page = {
        "table": tables.paged(request, entering.history(), VISIT_COLUMNS, size=PER_PAGE),
        "open": entering.open_entries(),
        "form": RuleForm(initial=initial),
        "may": request.user.can(Capability.MANAGE_STAFF),  # type: ignore[union-attr]
    }
    return render(request, "console/sign_in_rules/support.html", page)


@pages.page(Capability.SEE_AUDIT)
def visit(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Show all that was opened and changed during one visit."""
    entry = entering.entry(entry_id=entry_id)
    page = {
        "entry": entry,
        "table": tables.paged(request, entering.deeds(entry=entry), DEED_COLUMNS, size=PER_PAGE * 4),
        "may": request.user.can(Capability.MANAGE_STAFF),  # type: ignore[union-attr]
    }
    return render(request, "console/sign_in_rules/support_visit.html", page)


@pages.action(Capability.MANAGE_STAFF)
def allow(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Allow a visit; the code stands in this one answer and nowhere else."""
    try:
        code = entering.allow(entry_id=entry_id, **pages.signed(request))
    except GridhallError as refusal:
        if refusal.code == "not_found":
            raise
        messages.error(request, refusals.sentence(refusal))
        return redirect("console:support")
    page = {"entry": entering.entry(entry_id=entry_id), "code": code}
    answer = render(request, "console/sign_in_rules/support_code.html", page)
    answer["Cache-Control"] = "no-store"
    return answer


@pages.action(Capability.MANAGE_STAFF)
def end(request: HttpRequest, entry_id: int) -> HttpResponse:
    """End a visit at once, or refuse one that waits."""
    if hosting_entering.end_here(entry_id=entry_id, **pages.signed(request)):
        done = gettext("The visit has ended: nothing opens any more, also in a page that stands open.")
        messages.success(request, done)
    else:
        messages.info(request, gettext("The visit had ended already."))
    return redirect("console:support")


@pages.action(Capability.MANAGE_STAFF)
def rule(request: HttpRequest) -> HttpResponse:
    """Say whether each visit needs the company's consent."""
    form = RuleForm(request.POST)
    form.is_valid()
    return pages.carry_out(
        request,
        lambda: policy.change(**form.cleaned_data, **pages.signed(request)),
        done=gettext("The rule is saved; it holds for the next visit."),
        then=reverse("console:support"),
    )
