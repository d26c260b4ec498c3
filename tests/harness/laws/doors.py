"""The same bill is paid fifty times at once, over HTTP, through three doors: one allocation, the rest is credit.

A page (the customer comes back from the provider), the provider's signed message, and another system by API. Page and
messages tell of one payment by card; each call of the API tells of one more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import requests
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from billing.ledger import queries as ledger_queries
from billing.payments import queries as payment_queries
from billing.payments.models import Allocation, Payment, ProviderEvent
from billing.payments.providers import operations
from config import test_settings
from harness import billing_cast, portal_cast, stripe_desk
from harness.issued import issue
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Capability
from kernel.money import Money
from tenancy import context, database

GROSS = Decimal("113.00")
WAIT_SECONDS = 120
PAYER = "payer@example.test"
EXPECTED = {"page": HTTPStatus.OK, "message": HTTPStatus.OK, "api": HTTPStatus.CREATED}


@dataclass(slots=True)
class Paid:
    """What came of so many payments at once."""

    calls: int
    statuses: dict[str, list[int]] = field(default_factory=dict)
    payments: int = 0
    allocations: list[Decimal] = field(default_factory=list)
    owed: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    credit_due: Decimal = Decimal(0)
    books: Decimal = Decimal(0)
    intact: bool = False

    @property
    def holds(self) -> bool:
        """One allocation of the whole bill, and everything else is the customer's."""
        settled = self.allocations == [GROSS] and self.owed == 0
        answered = sum(map(len, self.statuses.values())) == self.calls
        taken = all(set(found) == {EXPECTED[name]} for name, found in self.statuses.items())
        return answered and taken and settled and self.credit == self.credit_due and self.books == 0 and self.intact


class Quiet(WSGIRequestHandler):
    """Says nothing of each call."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Patient(ThreadedWSGIServer):
    """Lets as many callers wait as come at once."""

    request_queue_size = 256


@contextmanager
def served() -> Iterator[int]:
    """Serve the whole program by HTTP from this process, a thread a call; yields the port."""
    server = Patient(("127.0.0.1", 0), Quiet)
    server.set_app(_closing(get_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _closing(application: Any) -> Any:
    def answer(environ: Any, start: Any) -> Any:
        try:
            return list(application(environ, start))
        finally:
            connections.close_all()

    return answer


def pay_at_once(*, retailer: Any, calls: int, settings: Any) -> Paid:
    """Bill an account of ``retailer``, pay at the provider's page, and make so many calls at the same moment."""
    told = Paid(calls)
    plain = override_settings(STORAGES=test_settings.STORAGES)  # the pages' files are not collected here
    with plain, stripe_desk.serving(settings) as stripe, context.use(retailer):
        stripe_desk.connected()
        account, point = billing_cast.make_account("1")
        invoice = issue(retailer, account, point, str(GROSS))
        begun = operations.begin_payment(
            account=account, money=Money(GROSS, "CNY"), provider="stripe", invoices=[invoice], title="Bill",
            return_url=f"http://{retailer.code}.localhost/pay/done/{{token}}/",
            cancel_url=f"http://{retailer.code}.localhost/", language="en", at=timezone.now(),
        )  # fmt: skip
        back = stripe_desk.pay(begun.page.url)
        portal_cast.sign_in_of(PAYER, account.customer)
        [told_by, *_] = [each for each in stripe.deliveries() if b"intent.succeeded" in each.body]
        secret = _key(retailer)
        cookies = _cookies(retailer)
        with served() as port:
            doors = {
                "page": lambda _n: _page(port, retailer, back, cookies),
                "message": lambda _n: _message(port, told_by),
                "api": lambda n: _api(port, retailer, secret, account.number, n),
            }
            told.statuses = _at_once(doors, calls)
        for event in ProviderEvent.objects.all():
            operations.work_off(event_id=event.pk, at=timezone.now())
        _count(told, account)
    return told


def _at_once(doors: dict[str, Callable[[int], int]], calls: int) -> dict[str, list[int]]:
    gate, found = threading.Barrier(calls), {name: [] for name in doors}

    def call(name: str, number: int) -> None:
        gate.wait()
        found[name].append(doors[name](number))

    names = list(doors)
    threads = [threading.Thread(target=call, args=(names[n % len(names)], n)) for n in range(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {name: sorted(statuses) for name, statuses in found.items()}


def _cookies(retailer: Any) -> dict[str, str]:
    """The customer's browser after the sign-in."""
    signed_in = portal_cast.signed_in(PAYER, host=f"{retailer.code}.localhost")
    database.connection.set_tenant(retailer)
    return {name: morsel.value for name, morsel in signed_in.cookies.items()}


def _page(port: int, retailer: Any, back: str, cookies: dict[str, str]) -> int:
    place = "/" + back.split("/", maxsplit=3)[3]
    headers = {"Host": f"{retailer.code}.localhost"}
    url = f"http://127.0.0.1:{port}{place}"
    answer = requests.get(url, headers=headers, cookies=cookies, allow_redirects=False, timeout=WAIT_SECONDS)
    return answer.status_code


def _message(port: int, delivery: Any) -> int:
    headers = {
        "Host": "operator.localhost",
        "Stripe-Signature": delivery.signature,
        "Content-Type": "application/json",
    }
    url = f"http://127.0.0.1:{port}/webhooks/stripe/"
    return requests.post(url, data=delivery.body, headers=headers, timeout=WAIT_SECONDS).status_code


def _api(port: int, retailer: Any, secret: str, account: str, number: int) -> int:
    headers = {
        "Host": f"{retailer.code}.localhost",
        "Authorization": f"Bearer {secret}",
        "Idempotency-Key": f"law-{number}",
    }
    body = {
        "account": account,
        "amount": str(GROSS),
        "method": "bank_transfer",
        "reference": f"T-{number}",
        "received_on": timezone.now().date().isoformat(),
    }
    url = f"http://127.0.0.1:{port}/api/v1/payments"
    return requests.post(url, json=body, headers=headers, timeout=WAIT_SECONDS).status_code


def _key(retailer: Any) -> str:
    staff = identity_queries.user_by_email(email=f"staff@{retailer.code}.test")
    scopes = frozenset(Capability) - {Capability.OPERATE_FLEET, Capability.USE_PORTAL}
    _key, secret = identity_operations.create_key(name="Law", scopes=scopes, by=staff, at=timezone.now())
    return secret


def _count(told: Paid, account: Any) -> None:
    told.payments = Payment.objects.count()
    told.allocations = list(Allocation.objects.filter(reverses=None).values_list("amount", flat=True))
    owed = payment_queries.outstanding(account_ids=[account.pk])
    told.owed = sum((item.open.amount for item in owed), Decimal(0))
    held = payment_queries.account_credit(account_ids=[account.pk]).get(account.pk)
    told.credit = held.amount if held is not None else Decimal(0)
    by_api = told.statuses["api"].count(HTTPStatus.CREATED)
    told.credit_due = by_api * GROSS
    told.books = sum((row.balance for row in ledger_queries.trial_balance()), Decimal(0))
    told.intact = ledger_queries.verify_chain().intact
