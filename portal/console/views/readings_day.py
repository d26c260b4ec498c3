"""A day of readings: looked at, accepted, estimated, edited; and what waits for a second person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from identity.capabilities import Capability
from kernel.errors import NotFound, gettext_noop
from portal.console import day_page, pages
from portal.console.forms import readings_queue as forms
from portal.shared import formats
from tenants.metering import queries
from tenants.metering.operations import applying, editing, estimating, validating


@pages.page(Capability.SEE_READINGS)
def day(request: HttpRequest, channel_id: int, day: dt.date) -> HttpResponse:
    return render(request, "console/readings_day.html", _page(request, channel_id, day))


@pages.action(Capability.IMPORT_READINGS)
def accept(request: HttpRequest, channel_id: int, day: dt.date) -> HttpResponse:
    """Let the exception's readings stand as they are."""
    exception, note, then = _decided_at(request, channel_id, day)
    if exception is None:
        raise NotFound(what=gettext_noop("reading exception"), name="")

    def carried_out() -> None:
        done = validating.accept(exception_ids=[exception.pk], by=_me(request), at=timezone.now(), note=note)
        if not done:
            raise validating.CannotAccept()
        pages.note(request, "readings.accept", _subject(exception.channel, day), check=exception.code)

    return pages.carry_out(request, carried_out, done=gettext("The readings stand as they are."), then=then)


@pages.action(Capability.IMPORT_READINGS)
def estimate(request: HttpRequest, channel_id: int, day: dt.date) -> HttpResponse:
    """Put the estimate that is shown in the place of what is missing or doubted."""
    channel = queries.reading_channel(channel_id=channel_id)
    exception, note, then = _decided_at(request, channel_id, day)

    def carried_out() -> None:
        waiting = queries.proposals_of_day(channel_id=channel_id, day=day).filter(state="proposed").first()
        if waiting is not None and waiting.kind == "estimate" and not waiting.needs_second:
            applying.apply(proposal_id=waiting.pk, by=_me(request), at=timezone.now(), note=note)
        else:
            slots = day_page.doubted(exception)
            estimating.estimate(channel_id=channel_id, day=day, at=timezone.now(), by=_me(request), slots=slots)
        pages.note(request, "readings.estimate", _subject(channel, day))

    return pages.carry_out(request, carried_out, done=gettext("The estimate stands."), then=then)


@pages.action(Capability.IMPORT_READINGS)
def edit(request: HttpRequest, channel_id: int, day: dt.date) -> HttpResponse:
    """Set a range of intervals by hand; a large change waits for a second person."""
    channel = queries.reading_channel(channel_id=channel_id)
    exception, _note, then = _decided_at(request, channel_id, day)
    page = _page(request, channel_id, day)
    slots = len(page["edit_form"].fields["first"].choices)
    form = day_page.edit_form(
        channel=channel, day=day, here=page["here"], slots=slots, final=page["final"], data=request.POST
    )
    made = pages.filled_in(form, lambda: _edited(request, channel, day, form)) if form.is_valid() else None
    if made is None:
        page = _page(request, channel_id, day, form=form)
        return render(
            request, "console/readings_day.html", page | {"exception_id": exception and exception.pk}, status=422
        )
    if made.state == "applied":
        messages.success(request, gettext("The readings are changed."))
    else:
        messages.info(request, gettext("The change waits for a second person."))
    return redirect(then)


@pages.action(Capability.APPROVE_READINGS)
def approve(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Agree as the second person."""
    return _decide(request, proposal_id, applying.apply, "readings.approve", gettext("The proposed readings stand."))


@pages.action(Capability.APPROVE_READINGS)
def decline(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Leave the day as it stands."""
    return _decide(request, proposal_id, applying.decline, "readings.decline", gettext("The proposal is declined."))


def _decide(
    request: HttpRequest, proposal_id: int, operation: Callable[..., Any], word: str, done: str
) -> HttpResponse:
    proposal = queries.proposal(proposal_id=proposal_id)
    channel = queries.reading_channel(channel_id=proposal.channel_id)
    _exception, note, then = _decided_at(request, proposal.channel_id, proposal.day)

    def carried_out() -> None:
        operation(proposal_id=proposal_id, by=_me(request), at=timezone.now(), note=note)
        pages.note(request, word, _subject(channel, proposal.day))

    return pages.carry_out(request, carried_out, done=done, then=then)


def _edited(request: HttpRequest, channel: Any, day: dt.date, form: forms.EditForm) -> Any:
    made = editing.edit(
        channel_id=channel.pk,
        day=day,
        values=form.values(),
        reason=form.cleaned_data["reason"],
        by=_me(request),
        at=timezone.now(),
        base_version=form.cleaned_data["base_version"],
        correction=form.cleaned_data.get("correction", False),
    )
    pages.note(request, "readings.edit", _subject(channel, day), reason=made.reason, state=made.state)
    return made


def _page(request: HttpRequest, channel_id: int, day: dt.date, form: Any = None) -> dict[str, Any]:
    channel = queries.reading_channel(channel_id=channel_id)
    zone = request.retailer.time_zone  # type: ignore[attr-defined]
    identifier = channel.supply_point.identifier
    return day_page.build(channel=channel, day=day, at=timezone.now(), form=form, zone=zone) | {
        "title": formats.day(day),
        "crumbs": [
            (identifier, reverse("console:supply_point", args=[identifier])),
            (f"{channel.register_code} · {formats.day(day)}", ""),
        ],
    }


def _found(exception: Any) -> dict[str, Any]:
    """What a refused edit still shows of the exception it was made at."""
    if exception is None:
        return {}
    return {"exception": exception, "sentence": queries.sentence_of(exception=exception)}


def _decided_at(request: HttpRequest, channel_id: int, day: dt.date) -> tuple[Any, str, str]:
    """The exception the person stands at, his note, and where he goes next: to the exception behind it."""
    form = forms.NoteForm(request.POST)
    data: dict[str, Any] = form.cleaned_data if form.is_valid() else {"note": "", "exception": None, "code": ""}
    exception = None
    then = reverse("console:reading_day", args=[channel_id, day])
    if data["exception"]:
        exception = queries.exceptions(state="").filter(pk=data["exception"], channel_id=channel_id, day=day).first()
    if exception is not None:
        after = queries.neighbours_of(exception=exception, code=data["code"]).after
        suffix = f"?{urlencode({'code': data['code']})}" if data["code"] else ""
        address = reverse("console:reading_case", args=[after]) if after else reverse("console:readings_queue")
        then = address + suffix
    return exception, data["note"], then


def _subject(channel: Any, day: dt.date) -> str:
    return f"{channel.supply_point.identifier} {channel.register_code} {day.isoformat()}"


def _me(request: HttpRequest) -> str:
    return str(request.user.email)  # type: ignore[union-attr]
