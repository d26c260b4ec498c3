"""Pages of accounts that pay ahead."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import prepayment

urlpatterns = [
    path("prepayment/", prepayment.prepaid_accounts, name="prepaid_accounts"),
    path("prepayment/export.csv", prepayment.export, name="prepaid_csv"),
    path("prepayment/-/enrol/", prepayment.enrol, name="enrol_prepaid"),
    path("prepayment/<number:number>/-/change/", prepayment.change, name="change_prepaid"),
    path("prepayment/<number:number>/-/end/", prepayment.end, name="end_prepaid"),
    path("prepayment/<number:number>/", prepayment.prepaid_account, name="prepaid_account"),
]
