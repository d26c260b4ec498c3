"""The queue of reading exceptions and the page of a day of readings."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import readings_day, readings_queue

DAY = "readings/days/<key:channel_id>/<day:day>/"

urlpatterns = [
    path("readings/queue/", readings_queue.queue, name="readings_queue"),
    path("readings/queue/preview/", readings_queue.preview, name="preview_exceptions"),
    path("readings/queue/carry-out/", readings_queue.carry_out, name="carry_out_exceptions"),
    path("readings/queue/<key:exception_id>/", readings_queue.case, name="reading_case"),
    path(DAY, readings_day.day, name="reading_day"),
    path(f"{DAY}accept/", readings_day.accept, name="accept_day"),
    path(f"{DAY}estimate/", readings_day.estimate, name="estimate_day"),
    path(f"{DAY}edit/", readings_day.edit, name="edit_day"),
    path("readings/proposals/<key:proposal_id>/approve/", readings_day.approve, name="approve_proposal"),
    path("readings/proposals/<key:proposal_id>/decline/", readings_day.decline, name="decline_proposal"),
]
