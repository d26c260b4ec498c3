"""The company's plan with its host, and what is ordered on that page."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import plan

urlpatterns = [
    path("company/plan/", plan.plan, name="plan"),
    path("company/plan/pay/", plan.pay, name="pay_hosting"),
    path("company/plan/change/", plan.change, name="change_plan"),
    path("company/plan/end/", plan.end, name="end_plan"),
    path("company/plan/keep/", plan.keep, name="keep_plan"),
    path("company/plan/bills/<key:invoice_id>.csv", plan.bill, name="hosting_bill"),
]
