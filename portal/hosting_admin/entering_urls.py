"""Entering a company."""

from __future__ import annotations

from django.urls import path

from portal.hosting_admin import entering_views

ENTER = "companies/<slug:code>/enter/"

urlpatterns = [
    path(ENTER, entering_views.enter, name="enter_company"),
    path(f"{ENTER}<int:entry_id>/go/", entering_views.go, name="go_on_entering"),
    path(f"{ENTER}<int:entry_id>/end/", entering_views.end, name="end_visit"),
]
