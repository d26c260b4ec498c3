"""What the operator's host serves: the hosting admin."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("config.urls_accounts")),
    path("webhooks/", include(("portal.api.operator_webhook_urls", "webhooks"))),
    path("", include("portal.shared.urls")),
    path("", include(("portal.hosting_admin.urls", "hosting"))),
]
handler400 = "portal.shared.errors.bad_request"
handler403 = "portal.shared.errors.permission_denied"
handler404 = "portal.shared.errors.not_found"
handler500 = "portal.shared.errors.server_error"
