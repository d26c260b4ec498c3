"""Companies that end: asked for with the code typed, taken back, carried out, certified."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from hosting import certificate_pages, certificates, deletion_queries
from hosting.operations import deleting
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.shared import refusals, tables
from portal.shared.access import requires
from tenancy import context

STATES = {
    "waiting": _("Waits for its day"), "revoked": _("Taken back"), "running": _("Being removed"), "done": _("Deleted"),
}  # fmt: skip
TONES = {"waiting": "warn", "running": "danger", "done": "neutral", "revoked": "success"}
MEANWHILE = {"closed": _("The doors are closed"), "read_only": _("Everything can be read, nothing changed")}
FORMATS = {"json": "application/json", "pdf": "application/pdf"}
LONGEST = 400
COLUMNS = [
    tables.Column("company", _("Company"), primary=True),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("asked", _("Asked for"), kind="day"),
    tables.Column("due", _("Its day"), kind="day"),
    tables.Column("record", _("Certificate"), kind="actions"),
]


class AskForm(forms.Form):
    """Asking for a company's end."""

    typed = forms.CharField(label=_("The company's code"), max_length=40)
    meanwhile = forms.ChoiceField(label=_("Until then"), choices=list(MEANWHILE.items()))
    reason = forms.CharField(label=_("Reason"), max_length=LONGEST, help_text=_("The company can read it."))


class RevokeForm(forms.Form):
    """Taking it back."""

    reason = forms.CharField(label=_("Reason"), max_length=LONGEST, help_text=_("The company can read it."))


@require_safe
@requires(Capability.OPERATE_FLEET)
def overview(request: HttpRequest) -> HttpResponse:
    """Show every company that ends or ended, with its certificate."""
    table = tables.paged(request, deletion_queries.everything(), COLUMNS)
    rows = [(each, STATES[each.state], TONES[each.state]) for each in table]
    return render(request, "hosting_admin/deletions.html", {"table": table, "rows": rows})


@require_safe
@requires(Capability.OPERATE_FLEET)
def company(request: HttpRequest, code: str) -> HttpResponse:
    """Show how a company's end stands, and what asking for it means."""
    return _page(request, code, AskForm())


@require_POST
@requires(Capability.OPERATE_FLEET)
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a company's end."""
    _retailer(code)
    form = AskForm(request.POST)
    if form.is_valid():
        try:
            deleting.ask(code=code, at=timezone.now(), actor_id=request.user.pk, **form.cleaned_data)
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            messages.success(request, gettext("The end is asked for. It can be taken back until the day."))
            return redirect("hosting:deletion", code=code)
    return _page(request, code, form, status=422)


@require_POST
@requires(Capability.OPERATE_FLEET)
def revoke(request: HttpRequest, code: str) -> HttpResponse:
    """Take a company's end back."""
    _retailer(code)
    reason = request.POST.get("reason", "")[:LONGEST]
    try:
        deleting.revoke(code=code, reason=reason, at=timezone.now(), actor_id=request.user.pk)
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, gettext("The company stays; its doors are as they were."))
    return redirect("hosting:deletion", code=code)


@require_safe
@requires(Capability.OPERATE_FLEET)
def export(request: HttpRequest, code: str) -> HttpResponse:
    """Give out the final archive, for the company to take with it."""
    _retailer(code)
    found = deletion_queries.open_one(code=code)
    path = _export(found) if found is not None else None
    if path is None:
        raise Http404
    answer: Any = FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
    return answer


@require_safe
@requires(Capability.OPERATE_FLEET)
def certificate(request: HttpRequest, deletion_id: int, form: str) -> HttpResponse:
    """Give out the certificate of a company's end."""
    document = deletion_queries.certificate(deletion_id=deletion_id)
    if document is None or form not in FORMATS:
        raise Http404
    language = get_language() or "en"
    drawn = certificate_pages.draw(document=document, language=language) if form == "pdf" else None
    answer = HttpResponse(drawn or certificates.as_file(document), content_type=FORMATS[form])
    answer["Content-Disposition"] = f'attachment; filename="certificate-{document["body"]["number"]}.{form}"'
    return answer


def _page(request: HttpRequest, code: str, form: forms.Form, status: int = 200) -> HttpResponse:
    retailer, found = _retailer(code), deletion_queries.open_one(code=code)
    page = {
        "retailer": retailer, "tab": "end", "found": found, "form": form, "revoke_form": RevokeForm(),
        "days": deleting.waiting_days(retailer_id=retailer.pk), "zone": retailer.time_zone,
        "has_export": found is not None and _export(found) is not None,
        "state": STATES[found.state] if found else "", "meanwhile": MEANWHILE[found.meanwhile] if found else "",
        "earlier": [(each, STATES[each.state], TONES[each.state]) for each in deletion_queries.of_company(code=code)],
        "gone": retailer.status == "deleted",
    }  # fmt: skip
    return render(request, "hosting_admin/deletion.html", page, status=status)


def _retailer(code: str) -> Any:
    try:
        found = context.retailer_by_code(code=code)
    except context.UnknownRetailer as refusal:
        raise Http404 from refusal
    if found.is_operator:
        raise Http404
    return found


def _export(found: Any) -> Any:
    try:
        return deleting.export_file(deletion=found)
    except NotFound:
        return None
