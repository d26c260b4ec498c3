from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing.payments.providers import operations
from harness import billing_cast, stripe_desk
from harness.issued import issue
from kernel.money import Money


@pytest.fixture
def stripe_server(settings: Any) -> Iterator[Any]:
    with stripe_desk.serving(settings) as server:
        yield server


@pytest.fixture
def connection(in_alder: Any, stripe_server: Any) -> Any:
    """Alder's account at Stripe, ready."""
    return stripe_desk.connected()


@pytest.fixture
def billed(in_alder: Any) -> Any:
    """An account with one open bill over 113.00."""
    account, point = billing_cast.make_account("1")
    return account, issue(in_alder, account, point, "113.00")


@pytest.fixture
def begin(connection: Any, billed: Any) -> Any:
    """Begin to pay the bill on a page."""
    account, invoice = billed

    def begun(amount: str = "113.00", invoices: Any = None, **more: Any) -> Any:
        return operations.begin_payment(
            account=account,
            money=Money.rounded(Decimal(amount), "CNY"),
            provider="stripe",
            invoices=[invoice] if invoices is None else invoices,
            return_url="http://alder.localhost/pay/done/{token}/",
            cancel_url="http://alder.localhost/pay/",
            language="zh-hans",
            title=f"Bill {invoice.number}",
            at=timezone.now(),
            **more,
        )

    return begun
