"""The one way to a client of Stripe: address, retries and time-outs; what both the host and companies use."""

from __future__ import annotations

from typing import Any

import stripe
from django.conf import settings

TIMEOUT_SECONDS = 25
RETRIES = 2


def client(*, key: str) -> stripe.StripeClient:
    """Return a client that speaks to Stripe, or to the server that the settings name."""
    addresses: Any = {"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else None
    return stripe.StripeClient(
        key, base_addresses=addresses, max_network_retries=RETRIES, stripe_version=stripe.api_version,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
    )  # fmt: skip
