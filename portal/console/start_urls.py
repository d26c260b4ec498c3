"""The guided start, going live, and the company's own hosts."""

from __future__ import annotations

from django.urls import path

from portal.console import (
    converters,  # noqa: F401 (the addresses below are written with them)
    start_domains,
    start_pages,
)

HOST = "company/domains/<key:host_id>/"

urlpatterns = [
    path("start/", start_pages.start, name="start"),
    path("start/live/", start_pages.go_live, name="go_live"),
    path("company/domains/", start_domains.domain_list, name="domains"),
    path("company/domains/add/", start_domains.add_domain, name="add_domain"),
    path("company/domains/primary/", start_domains.primary_domain, name="primary_domain"),
    path(f"{HOST}check/", start_domains.check_domain, name="check_domain"),
    path(f"{HOST}remove/", start_domains.remove_domain, name="remove_domain"),
]
