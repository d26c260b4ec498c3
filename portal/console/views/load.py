"""The load of all channels: by interval over a day, by day over a month, by month over a year, and as a file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext

import markets
from identity.capabilities import Capability
from kernel import texts
from kernel.errors import GridhallError
from portal.console import csv_files, load_page, pages, xlsx_files
from portal.console.forms.load import VIEWS, LoadFilter
from portal.shared import refusals
from tenants.customers import queries as customer_queries
from tenants.metering import queries


@pages.page(Capability.SEE_READINGS)
def load(request: HttpRequest) -> HttpResponse:
    kinds = queries.load_kinds()
    if not kinds:
        return render(request, "console/load.html", {"asked": None, "waiting": queries.load_days_waiting()})
    form, asked = _asked(request, kinds)
    try:
        curve = asked.curve()
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("console:load")
    before, after = load_page.neighbours(asked)
    page = {
        "asked": asked,
        "form": form,
        "heading": load_page.heading(asked),
        "before": before,
        "after": after,
        "views": [(str(title), asked.query(view=view), view == asked.view) for view, title in VIEWS],
        "figure": load_page.figure(asked, curve) if curve.known_minutes.any() else None,
        "total": curve.total,
        "estimated": int(curve.estimated.sum()),
        "peak": load_page.peak(asked, curve),
        "shares": curve.shares(),
        "minutes": curve.minutes,
        "waiting": queries.load_days_waiting(),
        "query": asked.query(),
    }
    return render(request, "console/load.html", page)


@pages.page(Capability.SEE_READINGS)
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The intervals of the days shown, as a file."""
    writer = xlsx_files if kind == "xlsx" else csv_files
    kinds = queries.load_kinds()
    if not kinds:
        return writer.response(name="load", heads=_heads("kWh"), rows=[])
    _form, asked = _asked(request, kinds)
    try:
        curve = asked.curve()
    except GridhallError as refusal:
        raise BadRequest(refusals.sentence(refusal)) from refusal
    name = f"load-{asked.what.kind}-{asked.period.start}-{asked.period.end}"
    return writer.response(name=name, heads=_heads(asked.unit), rows=load_page.rows(asked, curve))


def _heads(unit: str) -> list[str]:
    return [
        gettext("Start"), gettext("Start (UTC)"), unit, gettext("Of it estimated"), gettext("Actual (%)"),
        gettext("Estimated (%)"), gettext("Missing (%)"),
    ]  # fmt: skip


def _asked(request: HttpRequest, kinds: list[Any]) -> tuple[LoadFilter, load_page.Asked]:
    by_name = {load_page.name_of(each): each for each in kinds}
    form = LoadFilter(
        request.GET or None,
        whats=[(name, load_page.title_of(each)) for name, each in by_name.items()],
        segments=customer_queries.segments(),
        regions=_regions(request),
    )
    if form.is_bound and not form.is_valid():
        raise BadRequest(str(form.errors.as_text()))
    data = form.cleaned_data if form.is_bound else {}
    what = by_name[data.get("what") or _first(by_name)]
    asked = load_page.Asked(
        what=what,
        view=data.get("view") or load_page.MONTH,
        date=data.get("date") or what.period.end - load_page.ONE_DAY,
        only=queries.Only(*(data.get(name, "") for name in load_page.FILTERS)),
        zone=pages.zone(request),
    )
    shown = {"what": load_page.name_of(what), "view": asked.view, "date": asked.date.isoformat()}
    shown |= {name: data.get(name, "") for name in load_page.FILTERS}
    again = LoadFilter(
        shown,
        whats=form.fields["what"].choices,  # type: ignore[attr-defined]
        segments=customer_queries.segments(),
        regions=_regions(request),
    )
    return again, asked


def _first(by_name: dict[str, Any]) -> str:
    usual = "electricity.consumption"
    return usual if usual in by_name else next(iter(by_name))


def _regions(request: HttpRequest) -> list[tuple[str, str]]:
    pack = markets.pack(request.retailer.market)  # type: ignore[attr-defined]
    return [(code, texts.pick(each["title"], get_language() or "en")) for code, each in pack.regions.items()]
