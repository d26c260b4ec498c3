"""The pages of a retailer's customers."""

from __future__ import annotations

from django.urls import path

from portal.customer.views import app, bills, compare, home, prepaid, profile, usage

urlpatterns = [
    path("", home.home, name="home"),
    path("bills/", bills.bills, name="bills"),
    path("bills/<str:number>/", bills.bill, name="bill"),
    path("bills/<str:number>/document/", bills.document, name="document"),
    path("usage/", usage.usage, name="usage"),
    path("usage/download/", usage.download, name="usage_download"),
    path("prepaid/", prepaid.prepaid, name="prepaid"),
    path("compare/", compare.compare, name="compare"),
    path("account/", profile.profile, name="profile"),
    path("account/language/", profile.language, name="language"),
    path("account/prices/<str:identifier>/", profile.prices, name="prices"),
    path("manifest.webmanifest", app.manifest, name="manifest"),
    path("icon.svg", app.icon, name="icon"),
]
