from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from config.stripe_server.server import PLATFORM_KEY, Server
from hosting import models, stripe_client
from hosting.operations import offering, subscriptions
from tenancy import context

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


@pytest.fixture
def offered(retailers: Any) -> Any:
    """The three plans of the data file are offered."""
    offering.load_defaults(at=AT)
    return retailers


@pytest.fixture
def stripe_server(settings: Any) -> Iterator[Server]:
    """Stripe on this machine, with an endpoint for the host's own account."""
    with Server() as server:
        settings.STRIPE_API_BASE = server.base
        settings.STRIPE_SECRET_KEY = PLATFORM_KEY
        endpoint = stripe_client.client(key=PLATFORM_KEY).v1.webhook_endpoints.create(
            {"url": "http://operator.localhost/webhooks/stripe/billing/", "enabled_events": ["*"]}
        )
        settings.STRIPE_BILLING_WEBHOOK_SECRET = endpoint.secret
        yield server


@pytest.fixture
def signed(offered: Any) -> Any:
    """Sign alder up: ``signed(plan="growth", collection="manual", trial_days=0)``."""

    def sign(code: str = "alder", **more: Any) -> models.Subscription:
        given = {"plan": "growth", "collection": "manual", "trial_days": 0, "at": AT} | more
        return subscriptions.subscribe(code=code, **given)

    return sign


@pytest.fixture
def standing() -> Any:
    """Return a company's standing as a request would find it."""
    from hosting import plans

    return lambda code="alder": plans.of(context.retailer_by_code(code=code))
