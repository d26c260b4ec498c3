"""``manage.py demo_payments``: connect the demo companies with the payment server of the demo; again: nothing.

One customer of each company has a card saved there, and lets his bills be collected from it.
"""

from __future__ import annotations

import http.client
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.payments.providers import operations, queries
from billing.payments.providers.base import ProviderSilent
from config.demo_server import DEMO_COMPANIES, stripe_key
from kernel.errors import GridhallError
from tenancy import context
from tenants.customers import queries as customer_queries

PATIENCE_SECONDS = 30
SAVES_A_CARD = {"lanjiang": "A10001", "wattlebird": "A1001"}
CARD = {"act": "pay", "method": "card", "number": "4242424242424242", "expiry": "12/34", "cvc": "123"}


class Command(BaseCommand):
    help = "Let the customers of the demo companies pay with test cards; asks for GRIDHALL_STRIPE_API_BASE."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STRIPE_API_BASE.startswith("http://127.0.0.1:"):
            raise CommandError("This is for the demo only: GRIDHALL_STRIPE_API_BASE must lead to this machine.")
        for code in DEMO_COMPANIES:
            with context.use(context.retailer_by_code(code=code)):
                if not _stands():
                    _connect(code)
                    _save_card(customer_queries.account(number=SAVES_A_CARD[code]))
                    self.stdout.write(f"{code}: takes payments")


def _save_card(account: Any) -> None:
    """Fill the server's page in as the customer would, and agree that bills are collected by the card."""
    at, language = timezone.now(), account.customer.language
    here = settings.STRIPE_API_BASE
    begun = operations.begin_saving(account=account, return_url=here, cancel_url=here, language=language, at=at)
    place = urlsplit(begun.page.url)
    channel = http.client.HTTPConnection(place.netloc, timeout=PATIENCE_SECONDS)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    channel.request("POST", place.path, body=urlencode(CARD), headers=form)
    channel.getresponse().read()
    channel.close()
    operations.follow_page(attempt=begun.attempt, at=at)
    for method in queries.saved_methods(customer=account.customer)[:1]:
        terms = {"account": account, "method": method, "purpose": "bills", "language": language}
        version = operations.text_of(**terms).version
        operations.give_authority(**terms, version=version, by=account.customer.name, at=at)


def _stands() -> bool:
    """Whether the company is connected, and the server still knows it."""
    found = queries.connections().get("stripe")
    if found is None:
        return False
    try:
        return operations.refresh(found=found, at=timezone.now()).state == found.State.ACTIVE
    except GridhallError:
        return False


def _connect(code: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            operations.use_own_keys(secret_key=stripe_key(code), at=timezone.now())
            return
        except ProviderSilent:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
