"""Somebody of the host at a company's door: let in by a link that is good once, watched with every request, led out.

The door decides no right: it refuses what a visit never includes (files that carry data out, sensitive deeds, changes
without the right to change, anything but the console) and writes each request down before it is answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hosting.operations import entering as hosting_entering
from identity import devices, entering, entering_sessions, watching
from kernel import masking
from kernel.errors import GridhallError, gettext_noop
from portal.shared import errors, refusals, sensitive

OWN = "/accounts/support/"
OPEN = ("/console/", OWN, "/preferences/", "/brand")
SAFE = entering_sessions.SAFE
REDIRECTS = range(300, 400)
FORBIDDEN = 403
SHOWN = ("text/html", "application/json", "")
TOKEN = "with"  # noqa: S105 (the name of a parameter)


class NotInThisVisit(GridhallError):
    """A visit of the host's support does not include what was asked for."""

    code = "not_in_this_visit"
    template = gettext_noop(
        "A visit of the host's support does not include this, and nothing was changed. Ask the company to do it, or "
        "end this visit and ask for the rights that are missing."
    )


@require_http_methods(["GET", "HEAD", "POST"])
def landing(request: HttpRequest) -> HttpResponse:
    """Show what a visit includes, and begin it; a link that was only looked at stays good for its minute."""
    at, given = timezone.now(), request.POST if request.method == "POST" else request.GET
    token = given.get(TOKEN, "")
    try:
        entry = entering.handed(token=token, at=at)
        _require_post_held(entry.operator_id)
        if request.method == "POST":
            entry = entering_sessions.enter(request=request, token=token, at=at)
            hosting_entering.note_start(retailer=_company(request), entry=entry, at=at)
            return _private(redirect("/console/"))
    except entering.HandOverRefused as refusal:
        page = {"said": refusals.sentence(refusal)}
        return _private(render(request, "security/support_over.html", page, status=FORBIDDEN))
    return _private(render(request, "security/support_landing.html", {"entry": entry, "token": token}))


@require_safe
def banner(request: HttpRequest) -> HttpResponse:
    """Show how long the visit still lasts; asked for again and again by the open page."""
    user: Any = request.user
    if getattr(user, "support", None) is None:
        return _gone(request)
    return _private(render(request, "security/support_banner.html", banner_of(user.support, timezone.now())))


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the visit for the visitor himself."""
    user: Any = request.user
    visit, at = getattr(user, "support", None), timezone.now()
    if visit is None:
        raise Http404
    ended = entering.end(entry_id=visit.pk, at=at, cause=entering.Cause.LEFT)
    if ended is not None:
        hosting_entering.note_end(retailer=_company(request), entry=ended, at=at, actor_id=visit.operator_id)
    logout(request)
    return redirect("support_over")


@require_safe
def over(request: HttpRequest) -> HttpResponse:
    """Say that a visit has ended."""
    said = gettext("Nothing of this company can be opened any more. What you did stands in its audit trail.")
    return render(request, "security/support_over.html", {"said": said})


def is_visit(request: HttpRequest) -> bool:
    """Return whether the browser holds the session of a visit, ended or not."""
    return entering_sessions.is_visit(request)


def serve(request: HttpRequest, get_response: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """Answer a request of a visitor, who may be gone by now."""
    at = timezone.now()
    entry = _present(request, at)
    if entry is None:
        return _gone(request)
    if not request.path.startswith(OWN):
        _write_down(request, entry, at)
    if not _includes(request, entry):
        response = errors.permission_denied(request, NotInThisVisit())
    else:
        with masking.masked(unless=entry.personal):
            response = get_response(request)
        if _carries_out(request, response, entry):
            _let_go(response)
            response = errors.permission_denied(request, NotInThisVisit())
    devices.remember(request, response)
    return watching.note_answer(request=request, response=response, user=entry.user, at=at)


def banner_of(entry: Any, at: dt.datetime) -> dict[str, Any]:
    """Return what the banner says."""
    left = max(entry.ends_at - at, dt.timedelta())
    return {"entry": entry, "minutes": -(-int(left.total_seconds()) // 60)}


def _present(request: HttpRequest, at: dt.datetime) -> Any:
    """The visit, unless it is over; an end found just now is told to the host's record too."""
    entry, ended = entering_sessions.present(request=request, at=at)
    if entry is not None and not hosting_entering.is_active(operator_id=entry.operator_id):
        ended = entering.end(entry_id=entry.pk, at=at, cause=entering.Cause.HOST)
        entry = None
    if ended is not None:
        hosting_entering.note_end(retailer=_company(request), entry=ended, at=at, actor_id=ended.operator_id)
    return entry


def _includes(request: HttpRequest, entry: Any) -> bool:
    if not request.path.startswith(OPEN):
        return False
    if request.method in SAFE or request.path.startswith((OWN, "/preferences/")):
        return True
    return entry.write and _page(request) not in sensitive.DEEDS


def _carries_out(request: HttpRequest, response: Any, entry: Any) -> bool:
    """Whether an answer is a file: never one to keep, and one to look at only with personal fields."""
    if "attachment" in response.headers.get("Content-Disposition", "").lower():
        return True
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if response.status_code in REDIRECTS or kind in SHOWN or request.path.startswith("/brand"):
        return False
    return not entry.personal


def _let_go(response: Any) -> None:
    """Close what an answer holds open that is not sent; closing the answer itself would end the request."""
    for close in getattr(response, "_resource_closers", ()):
        close()


def _write_down(request: HttpRequest, entry: Any, at: dt.datetime) -> None:
    page = _page(request)
    entering_sessions.note(request=request, entry=entry, page=page, at=at)
    hosting_entering.note_request(
        retailer=_company(request), entry=entry, page=page, method=request.method or "", at=at
    )


def _page(request: HttpRequest) -> str:
    try:
        return resolve(request.path, getattr(request, "urlconf", None)).view_name
    except Resolver404:
        return ""


def _gone(request: HttpRequest) -> HttpResponse:
    logout(request)
    request.session.flush()
    there = reverse("support_over")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": there})
    return HttpResponseRedirect(there)


def _require_post_held(operator_id: int) -> None:
    if not hosting_entering.is_active(operator_id=operator_id):
        raise entering.HandOverRefused()


def _company(request: HttpRequest) -> Any:
    return request.retailer  # type: ignore[attr-defined]


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
