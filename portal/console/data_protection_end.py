"""The end of the company, as its own administrator asks for it and takes it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from hosting import deletion_queries
from hosting.operations import deleting
from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound
from portal.console import data_protection_forms as forms
from portal.console import pages
from portal.shared import refusals


@pages.form_page(Capability.END_COMPANY)
def end(request: HttpRequest) -> HttpResponse:
    """Show what an end means and how it stands; ask for it."""
    retailer: Any = request.retailer  # type: ignore[attr-defined]
    form = forms.EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            deleting.ask(
                code=retailer.code, at=timezone.now(), actor_id=request.user.pk, by_company=True, **form.cleaned_data
            )
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            if form.cleaned_data["meanwhile"] == "read_only":
                pages.note(request, "company.end", retailer.code)
            done = gettext("The end of the company is asked for. It can be taken back until the day.")
            messages.success(request, done)
            return redirect("console:company_end")
    found = deletion_queries.open_one(code=retailer.code)
    page = {
        "found": found, "form": form, "days": deleting.waiting_days(retailer_id=retailer.pk), "code": retailer.code,
        "revoke_form": forms.ReasonForm(), "has_export": found is not None and _export(found) is not None,
        "zone": pages.zone(request), "earlier": deletion_queries.of_company(code=retailer.code),
    }  # fmt: skip
    return render(request, "console/data_protection/end.html", page, status=422 if form.errors else 200)


@pages.action(Capability.END_COMPANY)
def revoke(request: HttpRequest) -> HttpResponse:
    """Take the end back."""
    code: str = request.retailer.code  # type: ignore[attr-defined]
    reason = request.POST.get("reason", "")[: forms.LONGEST]
    try:
        deleting.revoke(code=code, reason=reason, at=timezone.now(), actor_id=request.user.pk, by_company=True)
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        pages.note(request, "company.stay", code)
        messages.success(request, gettext("The company stays. Everything works as before."))
    return redirect("console:company_end")


@pages.page(Capability.END_COMPANY)
def export(request: HttpRequest) -> HttpResponse:
    """Give out the final archive."""
    found = deletion_queries.open_one(code=request.retailer.code)  # type: ignore[attr-defined]
    path = _export(found) if found is not None else None
    if path is None:
        raise Http404
    pages.note(request, "company.export", path.name)
    answer: Any = FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
    return answer


def _export(found: Any) -> Any:
    try:
        return deleting.export_file(deletion=found)
    except NotFound:
        return None
