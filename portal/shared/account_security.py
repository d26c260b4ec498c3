"""What a person sees of the own sign-in: second factor, where one is signed in, the password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from identity import second_factor, sessions

FACES = (("fleet:write", "hosting_admin/base.html"), ("portal:use", "customer/base.html"))
STAFF_FACE = "console/base.html"


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show it all; who must set up a second factor first sees only how."""
    user: Any = request.user
    found = second_factor.overview(user=user)
    page: dict[str, Any] = {
        "apps": found.get("totp", []),
        "keys": [{"pk": each.pk, "name": each.data["name"], "at": each} for each in found.get("webauthn", [])],
        "codes": _codes_left(found.get("recovery_codes", [])),
        "required": second_factor.is_required(user=user),
    }
    if second_factor.is_missing(user=user):
        return render(request, "security/set_up.html", page)
    rows = sessions.mine(user=user, at=timezone.now())
    page |= {"sessions": rows, "here": request.session.session_key, "base": _face(user)}
    return render(request, "security/overview.html", page)


@require_safe
@login_required
def to_overview(request: HttpRequest) -> HttpResponse:
    """Lead from the library's own list to the one page that shows everything."""
    return redirect("mfa_index")


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one of the person's own sessions."""
    user: Any = request.user
    if not sessions.end(user=user, session_id=session_id, at=timezone.now()):
        raise Http404
    messages.success(request, gettext("That session has ended."))
    return redirect("mfa_index")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of the person's sessions but this one."""
    user: Any = request.user
    sessions.end_all(user=user, at=timezone.now(), keep=request.session.session_key)
    messages.success(request, gettext("All other sessions have ended."))
    return redirect("mfa_index")


def _codes_left(found: list[Any]) -> int | None:
    return len(found[0].wrap().get_unused_codes()) if found else None


def _face(user: Any) -> str:
    return next((base for capability, base in FACES if user.can(capability)), STAFF_FACE)
