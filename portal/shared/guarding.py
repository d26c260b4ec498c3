"""The guard behind the door: who is away too long signs in again, who lacks a second factor sets one up first,
sensitive deeds ask once more who is there, and what is denied or carried out is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows import reauthentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from identity import devices, origins, sessions, sign_in, single_sign_on, watching
from portal.shared import entering, sensitive

SET_UP = "mfa_index"
OPEN_WHILE_SETTING_UP = ("/accounts/", "/preferences/", "/brand")
FORBIDDEN = 403
NOT_FOUND = 404


class GuardMiddleware:
    """Stands after sessions, people, languages and messages; does nothing for strangers but look at foreign cookies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if getattr(request, "retailer", None) is None:
            return self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and entering.is_visit(request):
            return entering.serve(request, self.get_response)
        user = self._person(request)
        if devices.mark_of(request).foreign or getattr(request.session, "foreign", ""):
            watching.note_foreign(request=request, at=timezone.now())
        if origins.is_foreign_link(request):
            watching.note_foreign_link(request=request, at=timezone.now())
        answer = self._stopped(request, user) if user is not None else None
        response = answer or self.get_response(request)
        devices.remember(request, response)
        if user is not None and answer is None:
            response = watching.note_answer(request=request, response=response, user=user, at=timezone.now())
        if response.status_code == NOT_FOUND:
            self._note_missing(request, user)
        return response

    def _note_missing(self, request: HttpRequest, user: Any) -> None:
        """A number in the address that names no record here: of a program the key counts, of a person himself."""
        key = getattr(request, "api_key", None)
        match = request.resolver_match
        if match is not None and match.kwargs and (key is not None or user is not None):
            by = user if key is None else key.created_by
            watching.note_missing(request=request, user=by, key=key, at=timezone.now())

    def _person(self, request: HttpRequest) -> Any:
        user: Any = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        return user if user is not None and user.is_authenticated else None

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Ask who is there before a sensitive deed is done; what was sent is done after the answer."""
        match = request.resolver_match
        name = match.view_name if match else ""
        user: Any = request.user
        if request.method != "POST" or name not in sensitive.DEEDS or not user.is_authenticated:
            return None
        if sign_in.is_fresh(request):
            return None
        return _ask_again(request, keep=name not in sensitive.WITH_SECRETS)

    def _stopped(self, request: HttpRequest, user: Any) -> HttpResponse | None:
        verdict = sessions.visit(request=request, user=user, at=timezone.now())
        if verdict in (sessions.Verdict.IDLE, sessions.Verdict.ENDED):
            logout(request)
            messages.info(request, gettext("You were signed out. Sign in again to go on."))
            return _go(request, f"{reverse('account_login')}?next={_here(request)}")
        if verdict == sessions.Verdict.SET_UP and not request.path.startswith(OPEN_WHILE_SETTING_UP):
            return _go(request, reverse(SET_UP))
        return None


def _ask_again(request: HttpRequest, *, keep: bool) -> HttpResponse:
    """Send the person to the page that asks; a form with secrets is not kept meanwhile and filled in anew."""
    page = _own_page(request)
    if not reauthentication.get_reauthentication_flows(request.user) and single_sign_on.offered():  # type: ignore[arg-type]
        return _ask_service(request, page, keep=keep)
    if keep and not request.FILES and not request.headers.get("HX-Request"):
        return reauthentication.suspend_request(request, reverse("account_reauthenticate"))
    messages.info(request, gettext("Nothing was done yet: confirm that it is you, then send it again."))
    return _go(request, f"{reverse('account_reauthenticate')}?next={page}")


def _ask_service(request: HttpRequest, page: str, *, keep: bool) -> HttpResponse:
    """The same for who has neither password nor factor here: the company's sign-in service asks him."""
    if keep and not request.FILES and not request.headers.get("HX-Request"):
        return reauthentication.suspend_request(request, reverse("sso_again"))
    return _go(request, f"{reverse('sso_again')}?next={page}")


def _own_page(request: HttpRequest) -> str:
    target = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"


def _here(request: HttpRequest) -> str:
    from urllib.parse import quote

    return quote(request.get_full_path()) if request.method == "GET" else "/"


def _go(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect the page, also when only a part of it was asked for."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
