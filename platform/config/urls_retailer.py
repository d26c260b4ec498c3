"""What a retailer's host serves: its customers' portal, its staff's console, its API."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("config.urls_accounts")),
    path("console/", include(("portal.console.urls", "console"))),
    path("api/v1/", include(("portal.api.urls", "api"))),
    path("webhooks/", include(("portal.api.webhook_urls", "webhooks"))),
    path("", include("portal.shared.urls")),
    path("", include(("portal.customer.urls", "portal"))),
]
handler400 = "portal.shared.errors.bad_request"
handler403 = "portal.shared.errors.permission_denied"
handler404 = "portal.shared.errors.not_found"
handler500 = "portal.shared.errors.server_error"
