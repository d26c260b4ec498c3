"""The end of companies at the operator."""

from __future__ import annotations

from django.urls import path

from portal.hosting_admin import deletion_views as views

COMPANY = "companies/<slug:code>/end/"

urlpatterns = [
    path("deletions/", views.overview, name="deletions"),
    path("deletions/<int:deletion_id>/certificate.<slug:form>", views.certificate, name="deletion_certificate"),
    path(COMPANY, views.company, name="deletion"),
    path(f"{COMPANY}ask/", views.ask, name="ask_deletion"),
    path(f"{COMPANY}revoke/", views.revoke, name="revoke_deletion"),
    path(f"{COMPANY}archive.tar", views.export, name="deletion_archive"),
]
