"""The one way to a client of Stripe: address, retries and time-outs; what both the host and companies use."""

from __future__ import annotations

import functools
from typing import Any

import stripe
from django.conf import settings

TIMEOUT_SECONDS = 25
RETRIES = 2


def client(*, key: str) -> stripe.StripeClient:
    """Return a client that speaks to Stripe, or to the server that the settings name; it keeps its connections."""
    return _client(key, settings.STRIPE_API_BASE)


@functools.lru_cache(maxsize=8)
def _client(key: str, base: str) -> stripe.StripeClient:
    addresses: Any = {"api": base} if base else None
    return stripe.StripeClient(
        key, base_addresses=addresses, max_network_retries=RETRIES, stripe_version=stripe.api_version,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
    )  # fmt: skip
