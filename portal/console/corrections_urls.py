"""The queue of corrections of bills."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import corrections

urlpatterns = [
    path("corrections/", corrections.corrections, name="corrections"),
    path("corrections/run/", corrections.run, name="run_corrections"),
    path("corrections/preview/", corrections.preview, name="preview_corrections"),
    path("corrections/approve/", corrections.approve_many, name="approve_corrections"),
    path("corrections/<key:correction_id>/", corrections.correction, name="correction"),
    path("corrections/<key:correction_id>/rate/", corrections.rate, name="rate_correction"),
    path("corrections/<key:correction_id>/approve/", corrections.approve, name="approve_correction"),
    path("corrections/<key:correction_id>/dismiss/", corrections.dismiss, name="dismiss_correction"),
]
