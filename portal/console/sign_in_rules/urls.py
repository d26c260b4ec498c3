"""Visits of the host's support, and the company's own sign-in service."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.sign_in_rules import sso_views, support_views

SUPPORT = "company/support/"
SERVICE = "company/sign-in-service/"
VISIT = f"{SUPPORT}<key:entry_id>/"

urlpatterns = [
    path(SERVICE, sso_views.service, name="sso"),
    path(f"{SERVICE}check/", sso_views.check, name="check_sso"),
    path(f"{SERVICE}domains/<key:domain_id>/check/", sso_views.check_domain, name="check_sso_domain"),
    path(f"{SERVICE}remove/", sso_views.remove, name="remove_sso"),
    path(SUPPORT, support_views.visits, name="support"),
    path(f"{SUPPORT}rule/", support_views.rule, name="support_rule"),
    path(VISIT, support_views.visit, name="support_visit"),
    path(f"{VISIT}allow/", support_views.allow, name="allow_support"),
    path(f"{VISIT}end/", support_views.end, name="end_support"),
]
