"""What waits for a person: reads in doubt, corrections to be approved, and days nobody answers for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from kernel.periods import Period
from portal.console import pages
from portal.shared import tables
from tenants.metering import operations, queries

UNOWNED_DAYS, UNOWNED_SHOWN = 400, 200
DOUBT_COLUMNS = [
    tables.Column("day", _("Day"), kind="day", primary=True),
    tables.Column("point", _("Supply point")),
    tables.Column("register", _("Register")),
    tables.Column("value", _("Read"), kind="number"),
    tables.Column("doubt", _("Doubt")),
    tables.Column("deeds", ""),
]
CORRECTION_COLUMNS = [
    tables.Column("point", _("Supply point"), primary=True),
    tables.Column("period", _("Period")),
    tables.Column("cause", _("Cause")),
    tables.Column("added", _("Added"), kind="energy"),
    tables.Column("asked", _("Asked for by")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("deeds", ""),
]
UNOWNED_COLUMNS = [
    tables.Column("point", _("Supply point"), primary=True),
    tables.Column("start", _("From"), kind="day"),
    tables.Column("end", _("Until, not including"), kind="day"),
    tables.Column("measured", _("Use")),
]


@pages.page(Capability.SEE_READINGS)
def doubts(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.doubted_reads(), DOUBT_COLUMNS, size=50)
    return _work(request, "doubts", table)


@pages.page(Capability.SEE_READINGS)
def corrections(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.corrections(), CORRECTION_COLUMNS, size=50)
    return _work(request, "corrections", table)


@pages.page(Capability.SEE_READINGS)
def unowned(request: HttpRequest) -> HttpResponse:
    """The days of a bit more than a year; the first ones, when there are many."""
    today = pages.today(request)
    rows = queries.unowned(period=Period(today - dt.timedelta(days=UNOWNED_DAYS), today), limit=UNOWNED_SHOWN)
    return _work(request, "unowned", tables.Table(columns=UNOWNED_COLUMNS, rows=rows), most=UNOWNED_SHOWN)


@pages.action(Capability.APPROVE_READINGS)
def believe(request: HttpRequest, read_id: int) -> HttpResponse:
    read = queries.register_read(read_id=read_id)

    def carry_out() -> None:
        operations.believe_read(read_id=read.pk, **_signed(request))
        pages.note(request, "read.believe", f"read {read.pk}", value=str(read.value))

    return pages.carry_out(request, carry_out, done=gettext("The read counts."), then=reverse("console:doubted_reads"))


@pages.action(Capability.APPROVE_READINGS)
def withdraw(request: HttpRequest, read_id: int) -> HttpResponse:
    read = queries.register_read(read_id=read_id)

    def carry_out() -> None:
        operations.withdraw_read(read_id=read.pk, **_signed(request))
        pages.note(request, "read.withdraw", f"read {read.pk}", value=str(read.value))

    return pages.carry_out(
        request, carry_out, done=gettext("The read is set aside."), then=reverse("console:doubted_reads")
    )


@pages.action(Capability.APPROVE_READINGS)
def approve(request: HttpRequest, correction_id: int) -> HttpResponse:
    return _decide(request, correction_id, approve=True)


@pages.action(Capability.APPROVE_READINGS)
def refuse(request: HttpRequest, correction_id: int) -> HttpResponse:
    return _decide(request, correction_id, approve=False)


@pages.action(Capability.APPROVE_READINGS)
def take_back(request: HttpRequest, correction_id: int) -> HttpResponse:
    correction = queries.correction(correction_id=correction_id)

    def carry_out() -> None:
        operations.withdraw_correction(correction_id=correction.pk, **_signed(request))
        pages.note(request, "correction.withdraw", f"correction {correction.pk}")

    return pages.carry_out(
        request,
        carry_out,
        done=gettext("The correction is withdrawn."),
        then=reverse("console:quantity_corrections"),
    )


def _decide(request: HttpRequest, correction_id: int, *, approve: bool) -> HttpResponse:
    correction = queries.correction(correction_id=correction_id)

    def carry_out() -> None:
        operations.decide_correction(correction_id=correction.pk, approve=approve, **_signed(request))
        pages.note(request, "correction.decide", f"correction {correction.pk}", approved=approve)

    done = gettext("The correction counts.") if approve else gettext("The correction is refused.")
    return pages.carry_out(request, carry_out, done=done, then=reverse("console:quantity_corrections"))


def _work(request: HttpRequest, shown: str, table: Any, **more: Any) -> HttpResponse:
    tabs = [
        ("doubts", gettext("Reads in doubt"), reverse("console:doubted_reads")),
        ("corrections", gettext("Corrections"), reverse("console:quantity_corrections")),
        ("unowned", gettext("Without an owner"), reverse("console:unowned")),
    ]
    page = {"shown": shown, "table": table, "tabs": [(label, url, code == shown) for code, label, url in tabs], **more}
    return render(request, "console/register_work.html", page)


def _signed(request: HttpRequest) -> dict[str, Any]:
    return {"at": timezone.now(), "by": str(request.user.email)}  # type: ignore[union-attr]
