"""The operator's pages."""

from __future__ import annotations

from django.urls import include, path

from portal.hosting_admin import security, views

urlpatterns = [
    path("", include("portal.hosting_admin.plan_urls")),
    path("", include("portal.hosting_admin.signup_urls")),
    path("", include("portal.hosting_admin.entering_urls")),
    path("", include("portal.hosting_admin.backup_urls")),
    path("", include("portal.hosting_admin.deletion_urls")),
    path("", views.fleet, name="fleet"),
    path("companies/new/", views.new_company, name="new_company"),
    path("companies/<slug:code>/", views.company, name="company"),
    path("companies/<slug:code>/suspend/", views.suspend, name="suspend"),
    path("companies/<slug:code>/resume/", views.resume, name="resume"),
    path("companies/<slug:code>/provision/", views.provision, name="provision"),
    path("companies/<slug:code>/measure/", views.measure, name="measure"),
    path("search/", views.search, name="search"),
    path("security/", security.security, name="security"),
    path("security/unlock/", security.unlock, name="unlock"),
    path("security/alerts/<int:alert_id>/seen/", security.mark_alert, name="mark_alert"),
]
