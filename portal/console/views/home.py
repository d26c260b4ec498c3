"""The first page: what waits for a person, how things stand, what happened last."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.runs import queries as run_queries
from identity.capabilities import Capability
from portal.console import pages, waiting
from portal.shared import tables, views
from tenants.metering import queries as metering_queries

LATEST = 6
RUN_COLUMNS = [
    tables.Column("run", _("Run"), primary=True),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("issued", _("Issued"), kind="number"),
]
IMPORT_COLUMNS = [
    tables.Column("file", _("File"), primary=True),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("days", _("Days"), kind="number"),
]


@pages.staff_page
def home(request: HttpRequest) -> HttpResponse:
    mine = request.user.capabilities  # type: ignore[union-attr]
    runs = list(run_queries.runs()[:LATEST]) if Capability.SEE_BILLS in mine else None
    imports = list(metering_queries.imports()[:LATEST]) if Capability.SEE_READINGS in mine else None
    page = {
        "tasks": waiting.tasks(mine),
        "figures": waiting.figures(mine),
        "last_run": runs[0] if runs else None,
        "runs": None if runs is None else tables.Table(columns=RUN_COLUMNS, rows=runs),
        "imports": None if imports is None else tables.Table(columns=IMPORT_COLUMNS, rows=imports),
        "today": pages.today(request),
    }
    return render(request, "console/home.html", page)


@pages.staff_page
def components(request: HttpRequest) -> HttpResponse:
    """Show every part that pages are made of."""
    return views.showcase(request)
