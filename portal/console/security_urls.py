"""Rules of sign-in, alerts and the audit trail."""

from __future__ import annotations

from django.urls import path

from portal.console.views import security

urlpatterns = [
    path("company/security/", security.security, name="security"),
    path("company/security/unlock/", security.unlock, name="unlock"),
    path("company/alerts/", security.alert_list, name="alerts"),
    path("company/alerts/<key:alert_id>/seen/", security.mark_alert, name="mark_alert"),
    path("company/audit/", security.audit, name="audit"),
    path("company/audit/export.csv", security.audit_csv, name="audit_csv"),
    path("company/staff/<key:user_id>/reset-factor/", security.reset_factor, name="reset_factor"),
]
