"""All of the company's data, to take along."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import take_out

urlpatterns = [
    path("company/data/", take_out.take_out, name="take_out"),
    path("company/data/order/", take_out.order, name="order_take_out"),
    path("company/data/progress/", take_out.progress, name="take_out_progress"),
    path("company/data/<key:job_id>/", take_out.fetch, name="fetch_take_out"),
]
