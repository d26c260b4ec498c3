"""Stripe on this machine, in the test's own process, with a company connected to it and a person who pays."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.utils import timezone

from billing.payments.providers import choosing, operations
from config.stripe_server.server import PLATFORM_KEY, Server

PAYS = "4242424242424242"
DECLINED = "4000000000000002"
ASKS = "4000002760003184"
DISPUTED = "4000000000000259"
OWN_KEY = "sk_test_own_account_key"


@contextmanager
def serving(settings: Any, **options: Any) -> Iterator[Server]:
    """Serve Stripe and point the settings to it."""
    with Server(keys={OWN_KEY: "acct_own"}, **options) as server:
        settings.STRIPE_API_BASE = server.base
        settings.STRIPE_SECRET_KEY = PLATFORM_KEY
        endpoint = choosing.StripeProvider(key=PLATFORM_KEY, merchant="")._client.v1.webhook_endpoints.create(
            {"url": "http://operator.localhost/webhooks/stripe/", "enabled_events": ["*"], "connect": True}
        )
        settings.STRIPE_WEBHOOK_SECRET = endpoint.secret
        yield server


def connected(country: str = "AU", at: dt.datetime | None = None) -> Any:
    """Connect the present company and lead it through onboarding; return its connection."""
    now = at or timezone.now()
    url = operations.connect(country=country, email="", back="http://alder.localhost/console/", at=now)
    requests.post(url, data={"act": "agree"}, allow_redirects=False, timeout=10)
    return operations.refresh(found=choosing.connection(name="stripe"), at=now)


def pay(url: str, *, card: str = PAYS, method: str = "card", keep: bool = False, agree: bool = True) -> str:
    """Fill in a page at Stripe, authorise where it asks, and return where the person is sent in the end."""
    form = {"act": "pay", "method": method, "number": card, "expiry": "12/34", "cvc": "123"}
    if keep:
        form["keep"] = "on"
    answer = requests.post(url, data=form, allow_redirects=False, timeout=10)
    if answer.status_code != 303:
        return ""
    place = answer.headers["Location"]
    if "/authenticate/" in place:
        act = "agree" if agree else "refuse"
        place = requests.post(place, data={"act": act}, allow_redirects=False, timeout=10).headers["Location"]
    if re.search(r"/pay/[^/]+/back$", place):
        place = requests.get(place, allow_redirects=False, timeout=10).headers["Location"]
    return place


def hear_all(server: Server, *, at: dt.datetime | None = None, order: Any = None) -> list[Any]:
    """Hear every message the server has for us (in ``order``) and work each off; return the stored messages."""
    now = at or timezone.now()
    sent = [each for each in server.deliveries() if "operator" in each.url or "alder" in each.url]
    heard = []
    for delivery in order(sent) if order else sent:
        event = operations.hear(provider="stripe", body=delivery.body, signature=delivery.signature, at=now)
        heard.append(operations.work_off(event_id=event.pk, at=now))
    return heard
