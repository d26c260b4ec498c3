"""Where somebody of the host comes in and goes out."""

from __future__ import annotations

from django.urls import path

from portal.shared import entering

urlpatterns = [
    path("", entering.landing, name="support_landing"),
    path("banner/", entering.banner, name="support_banner"),
    path("leave/", entering.leave, name="support_leave"),
    path("over/", entering.over, name="support_over"),
]
