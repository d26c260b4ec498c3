"""Data protection: how long records are kept, what people ask for, and what is held of one customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

import markets
from hosting import certificate_pages, certificates
from identity.capabilities import Capability
from kernel import sentences, texts
from kernel.errors import GridhallError
from portal.console import data_protection_forms as forms
from portal.console import pages
from portal.shared import refusals, tables
from tenants.customers import queries as customer_queries
from tenants.protection import queries
from tenants.protection import tasks as protection_tasks
from tenants.protection.operations import expiring, holding, requests

RULES = [
    tables.Column("kind", _("Kind of records"), primary=True),
    tables.Column("months", _("Kept for"), kind="number"),
    tables.Column("bounds", _("Law and plan")),
    tables.Column("go", _("Would go tonight"), kind="number"),
    tables.Column("last", _("Last night"), kind="number"),
    tables.Column("change", _("Change"), kind="actions"),
]
REQUESTS = [
    tables.Column("customer", _("Customer"), sort="customer__number", primary=True),
    tables.Column("kind", _("What"), sort="kind"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("asked", _("Asked for"), kind="day", sort="asked_at"),
    tables.Column("due", _("Answer until"), kind="day", sort="due_on"),
]
NIGHTS = [
    tables.Column("day", _("Night"), kind="day", primary=True),
    tables.Column("rows", _("Rows removed"), kind="number"),
    tables.Column("record", _("Record"), kind="actions"),
]
HOLDS = [
    tables.Column("customer", _("Customer"), primary=True),
    tables.Column("since", _("Since"), kind="day"),
    tables.Column("reason", _("Reason")),
]
HELD = [
    tables.Column("what", _("What"), primary=True),
    tables.Column("rows", _("Rows"), kind="number"),
    tables.Column("deed", _("When erased")),
]
FORMATS = {"json": "application/json", "pdf": "application/pdf"}


@pages.page(Capability.SEE_PRIVACY)
def overview(request: HttpRequest) -> HttpResponse:
    """Show each kind of records, what holds of it and what would go, holds, and the last nights."""
    on = pages.today(request)
    pack = markets.pack(request.retailer.market)  # type: ignore[attr-defined]
    kept = queries.kept(on=on, policies=pack.policies)
    nights = queries.nights()[:14]
    page = {
        "table": tables.paged(request, kept, RULES, size=100),
        "rows": [(each, texts.pick(each.rule.titles, _language()), _stays(each)) for each in kept],
        "nights": tables.paged(request, [_night(each) for each in nights], NIGHTS, size=14),
        "holds": tables.paged(request, queries.holds(), HOLDS, size=25),
        "open_requests": queries.requests().filter(state__in=requests.OPEN).count(),
        "most": queries.COUNTED_AT_MOST,
    }
    return render(request, "console/data_protection/overview.html", page)


@pages.action(Capability.APPROVE_PRIVACY)
def keep(request: HttpRequest, rule: str) -> HttpResponse:
    """Choose for how many months a kind of records is kept."""
    form = forms.MonthsForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Give a number of months."))
        return redirect("console:data_protection")
    return pages.carry_out(
        request,
        lambda: expiring.choose(rule=rule, months=form.cleaned_data["months"], **pages.signed(request)),
        done=gettext("Saved. It holds from the next night on."),
        then=reverse("console:data_protection"),
    )


@pages.page(Capability.SEE_PRIVACY)
def night(request: HttpRequest, day: dt.date, form: str) -> HttpResponse:
    """Give out the signed record of a night."""
    return _certificate(queries.night(day=day).certificate or {}, f"retention-{day}", form)


@pages.page(Capability.SEE_PRIVACY)
def request_list(request: HttpRequest) -> HttpResponse:
    """Show what people asked for, what waits longest first when sorted so."""
    form, wanted = pages.filters(request, forms.RequestFilter)
    found = queries.requests(kind=wanted["kind"], state=wanted["state"])
    page = {
        "form": form, "table": tables.paged(request, found, REQUESTS), "kinds": forms.KINDS, "states": forms.STATES,
        "tones": forms.TONES, "today": pages.today(request),
    }  # fmt: skip
    return render(request, "console/data_protection/requests.html", page)


@pages.page(Capability.SEE_PRIVACY)
def one_request(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show one request, what is held of the person, and what stands against erasing him."""
    found = queries.request(request_id=request_id)
    open_one = found.kind == "erasure" and found.state in {"asked", "checked"}
    page = {
        "found": found, "kind": forms.KINDS[found.kind], "state": forms.STATES[found.state],
        "tone": forms.TONES.get(found.state, "neutral"), "source": forms.SOURCES[found.source],
        "held": _held(request, found.customer) if found.state not in {"done", "withdrawn"} else None,
        "deeds": forms.DEEDS, "objections": _objections(found.customer, request) if open_one else [],
        "wishes": _wishes(found), "own_check": found.checked_by_id == request.user.pk, "form": forms.ReasonForm(),
        "fetchable": bool(found.file) and found.file_until is not None and found.file_until > timezone.now(),
        "crumbs": [(gettext("Requests of people"), reverse("console:data_requests")), (found.customer.number, "")],
    }  # fmt: skip
    return render(request, "console/data_protection/request.html", page)


@pages.page(Capability.WORK_PRIVACY)
def request_file(request: HttpRequest, request_id: int) -> HttpResponse:
    """Give out the archive of a person's data; each time is noted."""
    found = queries.request(request_id=request_id)
    content = requests.file_of(request=found, at=timezone.now())
    pages.note(request, "privacy.fetch", f"customer {found.customer.number}", number=found.pk)
    return _download(content, f"data-{found.customer.number}.zip", "application/zip")


@pages.page(Capability.SEE_PRIVACY)
def request_certificate(request: HttpRequest, request_id: int, form: str) -> HttpResponse:
    """Give out the certificate of an erasure."""
    found = queries.request(request_id=request_id)
    if found.certificate is None:
        raise Http404
    return _certificate(found.certificate, f"erasure-{found.pk}", form)


@pages.action(Capability.WORK_PRIVACY)
def give_out(request: HttpRequest, request_id: int) -> HttpResponse:
    """Make the archive of a person's data now."""
    return _deed(
        request, request_id, lambda: requests.give_out(request_id=request_id, **pages.signed(request)),
        gettext("The archive is made. It can be fetched for thirty days."),
    )  # fmt: skip


@pages.action(Capability.WORK_PRIVACY)
def check(request: HttpRequest, request_id: int) -> HttpResponse:
    """Note that the person is who he says, and that nothing stands against erasing him."""
    return _deed(
        request, request_id, lambda: requests.check(request_id=request_id, **pages.signed(request)),
        gettext("Checked. A second person must approve it."),
    )  # fmt: skip


@pages.action(Capability.APPROVE_PRIVACY)
def approve(request: HttpRequest, request_id: int) -> HttpResponse:
    """Erase the person, for good."""
    return _deed(
        request, request_id, lambda: requests.approve(request_id=request_id, **pages.signed(request)),
        gettext("The person is erased. The certificate says what was removed and what stays; it is signed at the end."),
    )  # fmt: skip


@pages.action(Capability.WORK_PRIVACY)
def correct(request: HttpRequest, request_id: int) -> HttpResponse:
    """Set the customer's fields as he asks."""
    return _deed(
        request, request_id, lambda: requests.correct(request_id=request_id, **pages.signed(request)),
        gettext("The customer's fields are corrected."),
    )  # fmt: skip


@pages.action(Capability.WORK_PRIVACY)
def refuse(request: HttpRequest, request_id: int) -> HttpResponse:
    """Refuse a request with the reason that the person is told."""
    reason = request.POST.get("reason", "")[: forms.LONGEST]
    return _deed(
        request, request_id, lambda: requests.refuse(request_id=request_id, reason=reason, **pages.signed(request)),
        gettext("Refused."),
    )  # fmt: skip


@pages.page(Capability.SEE_PRIVACY)
def customer(request: HttpRequest, number: str) -> HttpResponse:
    """Show what is held of a customer, his requests and his legal hold."""
    found = customer_queries.customer(number=number)
    page = {
        "customer": found, "held": _held(request, found), "deeds": forms.DEEDS, "form": forms.KindForm(),
        "hold": queries.hold_of(customer=found), "hold_form": forms.ReasonForm(), "kinds": forms.KINDS,
        "states": forms.STATES, "tones": forms.TONES, "requests": queries.requests_of(customer=found),
        "objections": _objections(found, request),
        "crumbs": [(number, reverse("console:customer", args=[number])), (gettext("Personal data"), "")],
    }  # fmt: skip
    return render(request, "console/data_protection/customer.html", page)


@pages.action(Capability.WORK_PRIVACY)
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Record that a customer asks for his data or for their removal."""
    found, form = customer_queries.customer(number=number), forms.KindForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("The request is not recorded: look at what you filled in."))
        return redirect("console:customer_data", number=number)
    try:
        made = requests.ask(customer=found, source="staff", **form.request(), **pages.signed(request))
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("console:customer_data", number=number)
    if made.kind == "access":
        _order(made.pk)
    messages.success(request, gettext("The request is recorded."))
    return redirect("console:data_request", request_id=made.pk)


@pages.action(Capability.APPROVE_PRIVACY)
def hold(request: HttpRequest, number: str) -> HttpResponse:
    """Place a legal hold, or lift it."""
    found = customer_queries.customer(number=number)
    then = reverse("console:customer_data", args=[number])
    if request.POST.get("lift"):
        return pages.carry_out(
            request, lambda: holding.lift(customer=found, **pages.signed(request)), done=gettext("Lifted."), then=then
        )
    reason = request.POST.get("reason", "")[: forms.LONGEST]
    return pages.carry_out(
        request, lambda: holding.place(customer=found, reason=reason, **pages.signed(request)),
        done=gettext("The legal hold stands: nothing of this customer is erased or expires."), then=then,
    )  # fmt: skip


def _deed(request: HttpRequest, request_id: int, operation: Callable[[], Any], done: str) -> HttpResponse:
    """Carry out what keeps its own transactions: the registry is read between them."""
    queries.request(request_id=request_id)
    try:
        operation()
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, done)
    return redirect("console:data_request", request_id=request_id)


def _wishes(found: Any) -> list[tuple[Any, Any]]:
    labels = {**forms.WISHES, "note": _("What else is wrong")}
    return [(labels[field], value) for field, value in queries.wishes(request=found).items()]


def _order(request_id: int) -> None:
    """Let the workers make the archive; the sweep does so when the queue rests."""
    try:
        protection_tasks.give_out.delay(request_id=request_id)
    except OperationalError:
        return


def _held(request: HttpRequest, found: Any) -> Any:
    return tables.paged(request, queries.overview(customer=found, language=_language()), HELD, size=200)


def _objections(found: Any, request: HttpRequest) -> list[str]:
    on = pages.today(request)
    return [sentences.fill(gettext(each.template), each.params) for each in queries.objections(customer=found, on=on)]


def _night(found: Any) -> dict[str, Any]:
    rows = sum(entry.get("rows", 0) for entry in found.rules.values())
    return {"day": found.day, "rows": rows, "finished": found.finished_at is not None}


def _stays(kept: queries.Kept) -> str:
    return texts.pick(kept.rule.stays, _language()) if kept.rule.stays else ""


def _language() -> str:
    return get_language() or "en"


def _certificate(document: dict[str, Any], name: str, form: str) -> HttpResponse:
    if form not in FORMATS:
        raise Http404
    draw = certificate_pages.draw(document=document, language=_language()) if form == "pdf" else None
    return _download(draw or certificates.as_file(document), f"{name}.{form}", FORMATS[form])


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
