"""The queue of reading exceptions: filtered, counted, worked through one by one or many at a time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from kernel.energy import to_kwh
from kernel.errors import GridhallError
from portal.console import day_page, pages
from portal.console.forms import readings_queue as forms
from portal.shared import formats, refusals, tables
from tenants.metering import queries
from tenants.metering.operations import estimating, validating

COLUMNS = [
    tables.Column("chosen", _("Choose")),
    tables.Column("day", _("Day"), kind="day", sort="day", primary=True),
    tables.Column("check", _("Check"), sort="code"),
    tables.Column("point", _("Supply point"), sort="channel__supply_point__identifier"),
    tables.Column("register", _("Register")),
    tables.Column("finding", _("What was found")),
    tables.Column("state", _("State"), kind="status"),
]
PREVIEW_COLUMNS = [
    tables.Column("day", _("Day"), kind="day", primary=True),
    tables.Column("point", _("Supply point")),
    tables.Column("register", _("Register")),
    tables.Column("check", _("Check")),
    tables.Column("outcome", _("What would happen")),
    tables.Column("method", _("Method")),
    tables.Column("difference", _("Change"), kind="energy"),
]


@pages.page(Capability.SEE_READINGS)
def queue(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.QueueFilter)
    blocking = {"yes": True, "no": False}.get(wanted["blocking"])
    state = wanted["state"] or "open"
    found = queries.exceptions(state=state, code=wanted["code"], blocking=blocking, search=wanted["q"].strip())
    table = tables.paged(request, found, COLUMNS)
    for row in table.rows:
        row.title, row.sentence = queries.title_of(code=row.code), queries.sentence_of(exception=row)
        row.number = queries.number_of(code=row.code)
    page = {
        "form": form,
        "table": table,
        "tabs": _tabs(request, wanted["code"]),
        "code": wanted["code"],
        "open": state == "open",
        "crumbs": _crumbs(),
    }
    return render(request, "console/readings_queue.html", page)


@pages.page(Capability.SEE_READINGS)
def case(request: HttpRequest, exception_id: int) -> HttpResponse:
    """Show one exception with its day, and the way to the ones beside it."""
    exception = queries.reading_exception(exception_id=exception_id)
    code = request.GET.get("code", "")
    code = code if code in queries.CODES else ""
    beside = queries.neighbours_of(exception=exception, code=code)
    suffix = f"?{urlencode({'code': code})}" if code else ""
    page = day_page.build(
        channel=exception.channel,
        day=exception.day,
        exception=exception,
        at=timezone.now(),
        zone=request.retailer.time_zone,  # type: ignore[attr-defined]
    )
    page |= {
        "exception": exception,
        "title": queries.title_of(code=exception.code),
        "number": queries.number_of(code=exception.code),
        "sentence": queries.sentence_of(exception=exception),
        "acceptable": exception.state == "open" and exception.code not in validating.NEVER_ACCEPTED,
        "beside_queue": beside,
        "previous": _address(beside.before, suffix),
        "next": _address(beside.after, suffix),
        "code": code,
        "crumbs": [*_crumbs(), (queries.title_of(code=exception.code), "")],
    }
    return render(request, "console/readings_day.html", page)


@pages.action(Capability.IMPORT_READINGS)
def preview(request: HttpRequest) -> HttpResponse:
    """Say of each chosen exception what would happen to it; nothing does yet."""
    form = forms.BulkForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose up to {count} exceptions first.").format(count=forms.MOST_AT_ONCE))
        return redirect("console:readings_queue")
    deed = form.cleaned_data["deed"]
    found = list(queries.exceptions().filter(pk__in=form.cleaned_data["chosen"]))
    rows = [_previewed(exception, deed) for exception in found]
    page = {
        "table": tables.Table(columns=PREVIEW_COLUMNS, rows=rows),
        "deed": deed,
        "chosen": [row["exception"].pk for row in rows if row["possible"]],
        "crumbs": [*_crumbs(), (gettext("Preview"), "")],
    }
    return render(request, "console/readings_bulk.html", page)


@pages.action(Capability.IMPORT_READINGS)
def carry_out(request: HttpRequest) -> HttpResponse:
    """Do to each chosen exception what was previewed; one that is refused does not hold up the others."""
    form = forms.BulkForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Nothing was chosen."))
        return redirect("console:readings_queue")
    data = form.cleaned_data
    done, refused = (_accept if data["deed"] == "accept" else _estimate)(request, data["chosen"], data["note"])
    pages.note(request, f"readings.{data['deed']}", "reading exceptions", count=done, refused=len(refused))
    said = ngettext("{count} exception is done.", "{count} exceptions are done.", done).format(count=done)
    messages.success(request, said)
    for sentence in sorted(set(refused)):
        messages.error(request, sentence)
    return redirect("console:readings_queue")


def _accept(request: HttpRequest, chosen: list[int], note: str) -> tuple[int, list[str]]:
    with transaction.atomic():
        by = request.user.email  # type: ignore[union-attr]
        return validating.accept(exception_ids=chosen, by=by, at=timezone.now(), note=note), []


def _estimate(request: HttpRequest, chosen: list[int], note: str) -> tuple[int, list[str]]:
    done, refused = 0, []
    for exception in queries.exceptions().filter(pk__in=chosen):
        try:
            with transaction.atomic():
                estimating.estimate(
                    channel_id=exception.channel_id,
                    day=exception.day,
                    at=timezone.now(),
                    by=request.user.email,  # type: ignore[union-attr]
                    slots=day_page.doubted(exception),
                )
        except GridhallError as refusal:
            refused.append(refusals.sentence(refusal))
        else:
            done += 1
    return done, refused


def _previewed(exception: Any, deed: str) -> dict[str, Any]:
    row = {"exception": exception, "title": queries.title_of(code=exception.code), "possible": True, "method": ""}
    if deed == "accept":
        possible = exception.code not in validating.NEVER_ACCEPTED
        outcome = gettext("Stays as it is") if possible else gettext("What is missing cannot be accepted")
        return row | {"possible": possible, "outcome": outcome, "difference": ""}
    found = estimating.preview(
        channel_id=exception.channel_id, day=exception.day, at=timezone.now(), slots=day_page.doubted(exception)
    )
    if found is None:
        return row | {"possible": False, "outcome": gettext("There is nothing to estimate"), "difference": ""}
    here = queries.day_shown(channel_id=exception.channel_id, day=exception.day)
    change = to_kwh(int(found.values.sum()) - (here.total if here is not None else 0))
    methods = sorted({queries.method_title(method=part["method"]) for part in found.parts})
    count = sum(part["end"] - part["first"] for part in found.parts)
    outcome = ngettext("{count} interval is estimated", "{count} intervals are estimated", count).format(count=count)
    unit = day_page.unit_of(exception.channel)
    return row | {"outcome": outcome, "method": ", ".join(methods), "difference": f"{formats.number(change, 3)} {unit}"}


def _tabs(request: HttpRequest, chosen: str) -> list[dict[str, Any]]:
    counts = queries.exception_counts()
    every = {"label": gettext("All"), "url": "?", "active": not chosen, "count": sum(counts.values())}
    some = [
        {"label": queries.title_of(code=code), "url": f"?code={code}", "active": code == chosen, "count": count}
        for code, count in counts.items()
    ]
    return [every, *some]


def _address(exception_id: int | None, suffix: str) -> str:
    return "" if exception_id is None else reverse("console:reading_case", args=[exception_id]) + suffix


def _crumbs() -> list[tuple[str, str]]:
    return [(gettext("Reading exceptions"), reverse("console:readings_queue"))]
