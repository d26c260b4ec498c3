"""The way to the company's own sign-in service and back."""

from __future__ import annotations

from django.urls import path

from portal.shared import single_sign_on

urlpatterns = [
    path("start/", single_sign_on.start, name="sso_start"),
    path("again/", single_sign_on.again, name="sso_again"),
    path("again/go/", single_sign_on.again_go, name="sso_again_go"),
    path("try/", single_sign_on.attempt, name="sso_try"),
    path("return/", single_sign_on.arrive, name="sso_return"),
    path("logout/", single_sign_on.logout_order, name="sso_logout"),
    path("out/", single_sign_on.signed_out, name="sso_signed_out"),
]
