"""Addresses that every host has."""

from __future__ import annotations

from django.urls import path

from portal.shared import views

app_name = "shared"
urlpatterns = [
    path("brand.css", views.brand_css, name="brand_css"),
    path("brand/logo", views.logo, name="logo"),
    path("preferences/language", views.set_language, name="set_language"),
    path("preferences/theme", views.set_theme, name="set_theme"),
]
