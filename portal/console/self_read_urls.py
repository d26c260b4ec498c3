"""Reads by customers that wait for a person, and the load of all channels."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import load, self_reads

CASE = "readings/customers/<key:read_id>/"

urlpatterns = [
    path("readings/customers/", self_reads.queue, name="self_reads"),
    path(CASE, self_reads.case, name="self_read"),
    path(f"{CASE}photo/", self_reads.photo, name="self_read_photo"),
    path(f"{CASE}accept/", self_reads.accept, name="accept_self_read"),
    path(f"{CASE}correct/", self_reads.correct, name="correct_self_read"),
    path(f"{CASE}refuse/", self_reads.refuse, name="refuse_self_read"),
    path("readings/load/", load.load, name="load"),
    path("readings/load/load.csv", load.export, {"kind": "csv"}, name="load_csv"),
    path("readings/load/load.xlsx", load.export, {"kind": "xlsx"}, name="load_xlsx"),
]
