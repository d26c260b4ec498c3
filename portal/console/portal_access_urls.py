"""Who signs in to the portal for a customer."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import portal_access

urlpatterns = [
    path("customers/<number:number>/-/portal/", portal_access.open_portal, name="open_portal"),
    path("customers/<number:number>/-/portal/<key:user_id>/end/", portal_access.close_portal, name="close_portal"),
]
