"""``manage.py demo_payments``: connect the demo companies with the payment server of the demo; again: nothing."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.payments.providers import operations, queries
from billing.payments.providers.base import ProviderSilent
from config.demo_server import DEMO_COMPANIES, stripe_key
from kernel.errors import GridhallError
from tenancy import context

PATIENCE_SECONDS = 30


class Command(BaseCommand):
    help = "Let the customers of the demo companies pay with test cards; asks for GRIDHALL_STRIPE_API_BASE."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STRIPE_API_BASE.startswith("http://127.0.0.1:"):
            raise CommandError("This is for the demo only: GRIDHALL_STRIPE_API_BASE must lead to this machine.")
        for code in DEMO_COMPANIES:
            with context.use(context.retailer_by_code(code=code)):
                if not _stands():
                    _connect(code)
                    self.stdout.write(f"{code}: takes payments")


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
