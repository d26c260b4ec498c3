"""Signing up: pages open to strangers under ``signup/``, the operator's own under ``sign-ups/``."""

from __future__ import annotations

from django.urls import path

from portal.hosting_admin import signup_public, signup_views

urlpatterns = [
    path("signup/", signup_public.sign_up, name="sign_up"),
    path("signup/sent/", signup_public.sent, name="sign_up_sent"),
    path("signup/confirm/<str:token>/", signup_public.confirm, name="confirm_sign_up"),
    path("signup/progress/", signup_public.progress, name="sign_up_progress"),
    path("signup/name/", signup_public.choose_name, name="choose_sign_up_name"),
    path("sign-ups/", signup_views.sign_ups, name="sign_ups"),
    path("sign-ups/<int:sign_up_id>/", signup_views.sign_up, name="sign_up_of"),
    path("sign-ups/<int:sign_up_id>/retry/", signup_views.retry, name="retry_sign_up"),
    path("sign-ups/<int:sign_up_id>/refuse/", signup_views.refuse, name="refuse_sign_up"),
    path("companies/<slug:code>/prolong/", signup_views.prolong, name="prolong_demo"),
]
