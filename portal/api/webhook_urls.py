"""Where payment providers send their messages to a company."""

from __future__ import annotations

from django.urls import path

from portal.api import webhooks

urlpatterns = [path("stripe/", webhooks.stripe, name="stripe")]
