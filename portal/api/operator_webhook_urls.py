"""Where payment providers send their messages about all connected companies: the host's own address."""

from __future__ import annotations

from django.urls import path

from portal.api import webhooks

urlpatterns = [path("stripe/", webhooks.stripe_connected, name="stripe_connected")]
