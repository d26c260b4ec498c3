"""The queue of reads by customers: photo beside the last reads, then accepted, corrected or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms import self_reads as forms
from portal.shared import formats, tables
from tenants.metering import photos, queries
from tenants.metering.operations import self_reads

COLUMNS = [
    tables.Column("day", _("Day"), kind="day", primary=True),
    tables.Column("customer", _("Customer")),
    tables.Column("point", _("Supply point")),
    tables.Column("register", _("Register")),
    tables.Column("value", _("Read"), kind="number"),
    tables.Column("odd", _("What is odd")),
    tables.Column("state", _("State"), kind="status"),
]
READ_COLUMNS = [
    tables.Column("day", _("Day"), kind="day", primary=True),
    tables.Column("value", _("Read"), kind="number"),
    tables.Column("went", _("Went on by"), kind="number"),
    tables.Column("quality", _("Quality")),
]
READS_SHOWN = 12


@pages.page(Capability.SEE_READINGS)
def queue(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.SelfReadFilter)
    state = wanted["state"] or "quarantined"
    table = tables.paged(request, queries.self_reads(state=state, search=wanted["q"]), COLUMNS, size=50)
    for row in table.rows:
        row.shown = formats.number(row.value.normalize() + 0, row.register.decimals)
        row.odd = " ".join(queries.oddity_sentence(oddity=oddity) for oddity in row.doubts)
    return render(request, "console/self_reads.html", {"form": form, "table": table, "state": state})


@pages.page(Capability.SEE_READINGS)
def case(request: HttpRequest, read_id: int) -> HttpResponse:
    """Show one read with its photo, its register's reads, and the way to the ones beside it."""
    return _case(request, queries.self_read(self_read_id=read_id))


@pages.page(Capability.SEE_READINGS)
def photo(request: HttpRequest, read_id: int) -> HttpResponse:
    """The photo, for who may see readings."""
    content = self_reads.photo_of(given=queries.self_read(self_read_id=read_id))
    return HttpResponse(
        content,
        photos.CONTENT_TYPE,
        headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline", "Cache-Control": "no-store"},
    )


@pages.action(Capability.APPROVE_READINGS)
def accept(request: HttpRequest, read_id: int) -> HttpResponse:
    given = queries.self_read(self_read_id=read_id)
    then = _next(queries.self_reads_beside(given=given))

    def deed() -> None:
        self_reads.accept(self_read_id=given.pk, **_signed(request))
        pages.note(request, "self_read.accept", f"self-read {given.pk}", value=str(given.value))

    return pages.carry_out(request, deed, done=gettext("The read counts."), then=then)


@pages.action(Capability.APPROVE_READINGS)
def correct(request: HttpRequest, read_id: int) -> HttpResponse:
    form = forms.CorrectForm(request.POST)

    def deed(given: Any) -> None:
        data = form.cleaned_data
        self_reads.correct(self_read_id=given.pk, value=data["value"], note=data["note"], **_signed(request))
        pages.note(
            request,
            "self_read.correct",
            f"self-read {given.pk}",
            given=str(given.value),
            value=str(data["value"]),
            reason=data["note"],
        )

    return _filled_in(request, read_id, ("correct_form", form), deed)


@pages.action(Capability.APPROVE_READINGS)
def refuse(request: HttpRequest, read_id: int) -> HttpResponse:
    form = forms.RefuseForm(request.POST)

    def deed(given: Any) -> None:
        note = form.cleaned_data["note"]
        self_reads.refuse(self_read_id=given.pk, note=note, **_signed(request))
        pages.note(request, "self_read.refuse", f"self-read {given.pk}", value=str(given.value), reason=note)

    return _filled_in(request, read_id, ("refuse_form", form), deed)


def _filled_in(request: HttpRequest, read_id: int, named: tuple[str, Any], deed: Callable[[Any], None]) -> HttpResponse:
    """Do it and go to the next one, or show the page with what was wrong."""
    given = queries.self_read(self_read_id=read_id)
    name, form = named
    then = _next(queries.self_reads_beside(given=given))

    def carried_out() -> bool:
        deed(given)
        return True

    done = form.is_valid() and pages.filled_in(form, carried_out)
    return redirect(then) if done else _case(request, queries.self_read(self_read_id=read_id), **{name: form})


def _case(request: HttpRequest, given: Any, **bound: Any) -> HttpResponse:
    register = given.register
    before, after = queries.self_reads_beside(given=given)
    places = register.decimals
    page = {
        "given": given,
        "register": register,
        "point": register.meter.supply_point,
        "value": formats.number(given.value.normalize() + 0, places),
        "low": None if given.low is None else formats.number(given.low, places),
        "high": None if given.high is None else formats.number(given.high, places),
        "odd": [queries.oddity_sentence(oddity=oddity) for oddity in given.doubts],
        "backward": any(oddity["code"] == "backward" for oddity in given.doubts),
        "waits": given.state == "quarantined",
        "reads": tables.Table(columns=READ_COLUMNS, rows=_reads(register)),
        "previous": _address(before),
        "next": _address(after),
        "correct_form": forms.CorrectForm(auto_id="correct_%s", initial={"value": None}),
        "refuse_form": forms.RefuseForm(auto_id="refuse_%s"),
        "crumbs": [(gettext("Customer reads"), reverse("console:self_reads"))],
    }
    return render(request, "console/self_read.html", page | bound)


def _reads(register: Any) -> list[dict[str, Any]]:
    """The last reads of the register, each with how far it went since the one before."""
    rows = list(queries.reads_of(register_ids=[register.pk])[: READS_SHOWN + 1])
    shown = []
    for place, row in enumerate(rows[:READS_SHOWN]):
        before = rows[place + 1] if place + 1 < len(rows) else None
        went = None if before is None else _went(before, row)
        shown.append(
            {
                "day": row.day,
                "value": formats.number(row.value.normalize() + 0, register.decimals),
                "went": "–" if went is None else formats.number(went.normalize() + 0, register.decimals),
                "quality": row.get_quality_display(),
                "doubt": row.get_doubt_display() if row.doubt else "",
            }
        )
    return shown


def _went(before: Any, row: Any) -> Any:
    leaves = before.value if before.resumes_at is None else before.resumes_at
    return None if row.value < leaves else row.value - leaves


def _next(beside: tuple[int | None, int | None]) -> str:
    before, after = beside
    return _address(after) or _address(before) or reverse("console:self_reads")


def _address(key: int | None) -> str:
    return "" if key is None else reverse("console:self_read", args=[key])


def _signed(request: HttpRequest) -> dict[str, Any]:
    return {"at": timezone.now(), "by": str(request.user.email)}  # type: ignore[union-attr]
