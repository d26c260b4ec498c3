"""Signing in and out, and passwords. The library's other pages are closed: nobody changes his address by himself."""

from __future__ import annotations

from typing import Any, NoReturn

from allauth.account import urls
from allauth.mfa import urls as mfa_urls
from django.http import Http404, HttpRequest
from django.urls import URLPattern, include, path

from portal.shared import account_security

OPEN = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_signup",  # says that it is closed
        "account_reauthenticate",
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
)


def nowhere(request: HttpRequest, **_: Any) -> NoReturn:
    """Answer for a page that is not offered; its name stays, since the library asks for it."""
    raise Http404


urlpatterns: list[Any] = [
    path("2fa/", account_security.overview, name="mfa_index"),
    path("2fa/sessions/<int:session_id>/end/", account_security.end_session, name="end_session"),
    path("2fa/sessions/end-others/", account_security.end_other_sessions, name="end_other_sessions"),
    path("2fa/webauthn/", account_security.to_overview, name="mfa_list_webauthn"),
    path("2fa/", include(mfa_urls)),
    path("support/", include("portal.shared.entering_urls")),
    path("sso/", include("portal.shared.single_sign_on_urls")),
]
urlpatterns += [
    each if each.name in OPEN else URLPattern(each.pattern, nowhere, name=each.name) for each in urls.urlpatterns
]
