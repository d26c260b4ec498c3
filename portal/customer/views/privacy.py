"""What is held of the customer, a copy of it, and the wish to be erased."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from kernel import sentences
from kernel.errors import GridhallError
from portal.customer import access
from portal.customer.access import customer_page
from portal.customer.correction_forms import CorrectionForm
from portal.shared import refusals, tables
from tenants.protection import queries
from tenants.protection import tasks as protection_tasks
from tenants.protection.operations import requests

KINDS = {"access": _("A copy of my data"), "erasure": _("Erase my data")}
SHOWN = {**KINDS, "correction": _("Correct my data")}
STATES = {
    "asked": _("We are working on it"), "checked": _("We are working on it"), "erasing": _("We are working on it"),
    "ready": _("Ready to fetch"), "done": _("Done"), "refused": _("Refused"), "withdrawn": _("Taken back"),
}  # fmt: skip
TONES = {
    "asked": "info", "checked": "info", "erasing": "info", "ready": "success", "done": "success", "refused": "danger",
}  # fmt: skip
DEEDS = {"remove": _("is removed"), "blank": _("is replaced by a mark"), "keep": _("stays, as the law asks")}
COLUMNS = [
    tables.Column("what", _("What"), primary=True),
    tables.Column("rows", _("Records held"), kind="number"),
    tables.Column("deed", _("When you are erased")),
]


@require_safe
@customer_page
def own_data(request: HttpRequest, customer: Any) -> HttpResponse:
    """Show what is held, the requests made, and what stands against erasing now."""
    now, language = timezone.now(), get_language() or "en"
    held = queries.overview(customer=customer, language=language)
    table = tables.paged(request, held, COLUMNS, size=200)
    against = queries.objections(customer=customer, on=access.today(request))
    page = {
        "table": table, "rows": [(row, DEEDS[row["deed"]]) for row in table],
        "requests": [_shown(each, now) for each in queries.requests_of(customer=customer)],
        "objections": [_said(each) for each in against if each.code != "legal_hold"],
        "days": requests.answer_days(),
    }  # fmt: skip
    return render(request, "customer/own_data.html", page)


def _said(against: Any) -> str:
    return sentences.fill(gettext(against.template), against.params)


@require_POST
@customer_page
def ask(request: HttpRequest, customer: Any) -> HttpResponse:
    """Ask for a copy, which the workers make at once, or to be erased, which people check first."""
    kind = request.POST.get("kind", "")
    if kind not in KINDS:
        raise Http404
    made = requests.ask(customer=customer, kind=kind, source="portal", at=timezone.now(), by=request.user)
    if made.kind == "access":
        _order(made.pk)
        messages.success(request, gettext("We are making the copy. You find it here in some minutes."))
    else:
        messages.success(request, gettext("We have your request. You hear from us by the day that stands there."))
    return redirect("portal:own_data")


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def correct(request: HttpRequest, customer: Any) -> HttpResponse:
    """Say what of name, mail and telephone is wrong and what shall stand there, or anything else in words."""
    held = {name: str(getattr(customer, name)) for name in CorrectionForm.FIELDS}
    form = CorrectionForm(request.POST or None, initial=held)
    if request.method == "POST" and form.is_valid():
        given = {"wanted": form.wanted(held), "note": form.cleaned_data["note"]}
        try:
            requests.ask(
                customer=customer, kind="correction", source="portal", at=timezone.now(), by=request.user, **given
            )
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            messages.success(request, gettext("We have your request. You hear from us by the day that stands there."))
            return redirect("portal:own_data")
    page = {"form": form, "days": requests.answer_days()}
    return render(request, "customer/correct_data.html", page, status=422 if form.errors else 200)


@require_safe
@customer_page
def fetch(request: HttpRequest, customer: Any, request_id: int) -> HttpResponse:
    """Give out the copy."""
    found = queries.request_of(customer=customer, request_id=request_id)
    answer = HttpResponse(requests.file_of(request=found, at=timezone.now()), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="my-data-{found.asked_at:%Y-%m-%d}.zip"'
    return answer


@require_POST
@customer_page
def withdraw(request: HttpRequest, customer: Any, request_id: int) -> HttpResponse:
    """Take a request back."""
    found = queries.request_of(customer=customer, request_id=request_id)
    try:
        requests.withdraw(request_id=found.pk, at=timezone.now(), by=request.user)
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, gettext("The request is taken back."))
    return redirect("portal:own_data")


def _shown(each: Any, now: Any) -> dict[str, Any]:
    return {
        "row": each, "kind": SHOWN[each.kind], "state": STATES[each.state], "tone": TONES.get(each.state, "neutral"),
        "fetchable": bool(each.file) and each.file_until is not None and each.file_until > now,
        "open": each.state in {"asked", "checked"},
    }  # fmt: skip


def _order(request_id: int) -> None:
    """Let the workers make the copy; the sweep does so when the queue rests."""
    try:
        protection_tasks.give_out.delay(request_id=request_id)
    except OperationalError:
        return
