"""The company's data, to take along: everything in files anybody can read, ordered and fetched by an administrator."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hosting import fleet_queries
from hosting.operations import jobs, keeping, takeouts
from identity import watching
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import pages
from portal.shared import refusals, tables

COLUMNS = [
    tables.Column("asked", _("Ordered"), primary=True),
    tables.Column("by", _("By")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("rows", _("Rows"), kind="number"),
    tables.Column("size", _("Size"), kind="number"),
    tables.Column("actions", _("Actions"), kind="actions"),
]
BYTES = "application/octet-stream"
"""So that the guard does not count the lines of a packed file: the rows in it are noted here."""
STATES = {
    "waiting": (_("Waiting"), "neutral"), "running": (_("Being written"), "info"), "done": (_("Ready"), "success"),
    "failed": (_("Failed"), "danger"),
}  # fmt: skip


@pages.page(Capability.MANAGE_STAFF)
def take_out(request: HttpRequest) -> HttpResponse:
    """Show what was ordered and what can be fetched."""
    found = [_row(job) for job in fleet_queries.takeouts(retailer_id=_retailer(request).pk)]
    page = {
        "table": tables.Table(COLUMNS, found),
        "zone": pages.zone(request),
        "days": keeping.TAKEOUT_KEPT.days,
        "working": next((row for row in found if row["open"]), None),
    }
    return render(request, "console/take_out.html", page)


@pages.page(Capability.MANAGE_STAFF)
def progress(request: HttpRequest) -> HttpResponse:
    """Show how far the writing is; asked again by the page while it goes on."""
    found = [_row(job) for job in fleet_queries.takeouts(retailer_id=_retailer(request).pk, most=1)]
    return render(request, "console/parts/take_out_progress.html", {"working": found[0] if found else None})


@pages.action(Capability.MANAGE_STAFF)
def order(request: HttpRequest) -> HttpResponse:
    """Order the files."""
    try:
        jobs.order_takeout(at=timezone.now(), actor_id=request.user.pk)  # type: ignore[arg-type]
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        pages.note(request, "data.taken_along", "order")
        messages.success(request, gettext("The files are being written. They can be fetched here when they are ready."))
    return redirect("console:take_out")


@pages.page(Capability.MANAGE_STAFF)
def fetch(request: HttpRequest, job_id: int) -> Any:
    """Send the files of the company's own order."""
    jobs_of = fleet_queries.takeouts(retailer_id=_retailer(request).pk, most=keeping.MOST_KEPT)
    found = next((job for job in jobs_of if job.pk == job_id), None)
    if found is None:
        raise Http404
    try:
        path = takeouts.path_of(job=found)
    except GridhallError as refusal:
        raise Http404 from refusal
    watching.note_export(path=request.path, rows=found.rows, user=request.user, at=timezone.now())  # type: ignore[arg-type]
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type=BYTES)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _row(job: Any) -> dict[str, Any]:
    label, tone = STATES[job.state]
    gone = job.removed_at is not None
    return {
        "job": job, "label": _("Removed") if gone else label, "tone": "neutral" if gone else tone,
        "ready": job.state == "done" and not gone, "open": job.state in ("waiting", "running"),
        "by": _("Your company") if job.by_company else _("Your host"),
    }  # fmt: skip


def _retailer(request: HttpRequest) -> Any:
    return request.retailer  # type: ignore[attr-defined]
