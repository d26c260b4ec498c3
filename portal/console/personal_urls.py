"""Accesses to what is personal of a customer."""

from __future__ import annotations

from django.urls import path

from portal.console.views import personal

urlpatterns = [
    path("customers/<number:number>/-/accesses/", personal.accesses, name="customer_accesses"),
    path("customers/<number:number>/-/accesses.csv", personal.export, name="export_customer_accesses"),
    path("customers/<number:number>/-/show/", personal.show, name="show_customer"),
]
