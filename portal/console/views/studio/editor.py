"""The studio: a draft's prices changed by answers, with the bill of a sample customer beside them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from billing.rating.errors import TariffError
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import document_order, pages
from portal.console.studio import editing, faults, layout, samples, workbench
from portal.shared import refusals
from tenants.metering import queries as metering_queries
from tenants.tariffs import operations, queries, tariff_documents

LONGEST_DOCUMENT = 400_000
SAVE, RAW, RESTORE, ADD_PARAMETER = "save", "raw", "restore", "add-parameter"
SAVES_SHOWN = 12
LONGEST_NAME = 40


@pages.form_page(Capability.CHANGE_TARIFFS)
def studio(request: HttpRequest, code: str, number: int) -> HttpResponse:
    version = queries.version(product_code=code, number=number)
    if not version.is_open:
        messages.error(request, gettext("Only a draft can be changed. Add a new version instead."))
        return redirect("console:version", code=code, number=number)
    if request.method != "POST":
        return _page(request, version, _look(request, version, version.document))
    document, day, fault = _answered(request, version)
    bench = _look(request, version, document)
    if fault:
        bench.shown.error = fault
    elif request.POST.get("do") == SAVE and _saved(request, version, bench, day):
        return redirect("console:studio", code=code, number=number)
    refused = bool(fault) or (request.POST.get("do") == SAVE)
    return _page(request, version, bench, day=day, status=422 if refused else 200, unsaved=True)


@pages.action(Capability.CHANGE_TARIFFS)
def preview(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Answer what changed while somebody types: the sample's bill, the charges in words, refusals at their fields."""
    version = queries.version(product_code=code, number=number)
    document, day, fault = _answered(request, version, steps=False)
    bench = _look(request, version, document)
    if fault:
        bench.shown.error = fault
    repaint = document.get("calendar") != _base(request, version).get("calendar")
    page = {
        "bench": bench,
        "live": True,
        "repaint": repaint,
        "paintings": workbench.hours(bench, day.year) if repaint else [],
        "raw": document_order.as_text(document),
        "currency": str(document.get("currency") or ""),
    }
    return render(request, "console/studio/live.html", page)


def _look(request: HttpRequest, version: Any, document: dict[str, Any]) -> workbench.Workbench:
    return workbench.look(
        document,
        known=workbench.known(document, _market(request)),
        asked=_asked(request),
        published=_published(version),
    )


def _page(
    request: HttpRequest,
    version: Any,
    bench: workbench.Workbench,
    *,
    day: dt.date | None = None,
    status: int = 200,
    unsaved: bool = False,
) -> HttpResponse:
    code, number = version.product.code, version.number
    day = day or version.valid_from
    page = {
        "bench": bench,
        "version": version,
        "product": version.product,
        "day": day,
        "unsaved": unsaved,
        "paintings": workbench.hours(bench, day.year),
        "base": document_order.as_json(bench.document),
        "raw": document_order.as_text(bench.document),
        "currency": str(bench.document.get("currency") or ""),
        "saves": queries.saves_of(version=version)[:SAVES_SHOWN],
        "compares": _published(version) is not None,
        "here": reverse("console:studio", args=[code, number]),
        "crumbs": [
            (gettext("Tariffs"), reverse("console:products")),
            (code, reverse("console:product", args=[code])),
            (gettext("Version {number}").format(number=number), reverse("console:version", args=[code, number])),
            (gettext("Studio"), ""),
        ],
    }
    return render(request, "console/studio/studio.html", page, status=status)


def _answered(request: HttpRequest, version: Any, *, steps: bool = True) -> tuple[dict[str, Any], dt.date, str]:
    """Return the document as it was filled in, its first day, and why something of it could not be taken."""
    given, order = request.POST, request.POST.get("do", "") if steps else ""
    day, fault = _day(given, version.valid_from)
    base = _base(request, version)
    if order == RAW:
        try:
            return tariff_documents.read(given.get("raw", "")[:LONGEST_DOCUMENT]), day, fault
        except TariffError as refusal:
            return base, day, refusals.sentence(refusal)
    if order.startswith(f"{RESTORE}:"):
        return _restored(version, order.partition(":")[2], base), day, fault
    document = editing.filled_in(base, layout.of(base, workbench.known(base, _market(request))), given)
    if order == ADD_PARAMETER:
        name = given.get("new-parameter", "").strip()
        if not name.isidentifier() or len(name) > LONGEST_NAME:
            return (
                document,
                day,
                gettext("“{name}” cannot name a parameter: take letters, digits and _.").format(name=name),
            )
        order = f"{ADD_PARAMETER}:/{name}"
    return editing.step(document, order), day, fault


def _base(request: HttpRequest, version: Any) -> dict[str, Any]:
    """The document as the page showed it; what cannot be read is the draft as it is saved."""
    text = request.POST.get("base", "")[:LONGEST_DOCUMENT]
    try:
        return tariff_documents.read(text) if text else dict(version.document)
    except GridhallError:
        return dict(version.document)


def _day(given: QueryDict, usual: dt.date) -> tuple[dt.date, str]:
    text = given.get("valid_from", "")
    try:
        return dt.date.fromisoformat(text) if text else usual, ""
    except ValueError:
        return usual, gettext("“{value}” is not a day.").format(value=text[:40])


def _restored(version: Any, save_id: str, base: dict[str, Any]) -> dict[str, Any]:
    if not save_id.isdecimal() or len(save_id) > LONGEST_NAME // 3:
        return base
    return dict(queries.save_of(version=version, save_id=int(save_id)).document)


def _saved(request: HttpRequest, version: Any, bench: workbench.Workbench, day: dt.date) -> bool:
    if bench.refusal:
        return False
    try:
        operations.save_draft(version=version, document=bench.document, valid_from=day, **pages.signed(request))
    except GridhallError as refusal:
        bench.refusal = faults.sentence(refusal)
        bench.refused = faults.show(bench.shown, refusal)
        return False
    pages.note(request, "tariff.save", f"{version.product.code} {version.number}", valid_from=day.isoformat())
    messages.success(request, gettext("The draft is saved."))
    return True


def _asked(request: HttpRequest) -> samples.Asked:
    until = metering_queries.readings_until()
    day = until or pages.today(request)
    last_month = (day.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    return samples.Asked(given=request.POST, month=last_month, zone=pages.zone(request))


def _published(version: Any) -> dict[str, Any] | None:
    """The latest published document of the product."""
    found = queries.latest_published(product=version.product)
    return None if found is None else dict(found.document)


def _market(request: HttpRequest) -> str:
    return str(request.retailer.market)  # type: ignore[attr-defined]
