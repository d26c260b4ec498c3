"""Laws with real commits: the same payment reported fifty times at once through three doors has one effect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from billing.ledger import queries as ledger_queries
from billing.payments import operations as payments
from billing.payments import queries as payment_queries
from billing.payments.models import Allocation, Attempt, Authority, Payment, ProviderEvent, ProviderMovement
from billing.payments.providers import operations, queries
from config.stripe_server import balances
from harness import billing_cast, stripe_desk
from harness.issued import issue
from kernel.money import Money
from tenancy import context

TIMES, WORKERS = 50, 10


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def at_once(retailer: Any, jobs: list[Callable[[], Any]]) -> list[Exception]:
    """Do the jobs in threads that start together; return what was refused."""
    gate, refused = threading.Barrier(WORKERS), []

    def work(mine: list[Callable[[], Any]]) -> None:
        try:
            with context.use(retailer):
                gate.wait()
                for job in mine:
                    job()
        except Exception as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(jobs[n::WORKERS],)) for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


@pytest.fixture
def paid(fresh_db: str, alder: Any, settings: Any) -> Any:
    """A bill over 113.00, paid at the provider on a page; nothing is booked yet."""
    settings.CELERY_BROKER_URL = "memory://"
    with stripe_desk.serving(settings) as server, context.use(alder):
        stripe_desk.connected()
        account, point = billing_cast.make_account("1")
        invoice = issue(alder, account, point, "113.00")
        begun = operations.begin_payment(
            account=account, money=cny("113.00"), provider="stripe", invoices=[invoice], title="Bill",
            return_url="http://alder.localhost/pay/done/{token}/", cancel_url="http://alder.localhost/",
            language="en", at=timezone.now(),
        )  # fmt: skip
        stripe_desk.pay(begun.page.url)
        yield alder, account, invoice, begun.attempt, server


class TestFiftyTimesAtOnce:
    def test_page_message_and_counter_settle_the_bill_once_and_the_rest_is_credit(self, paid):
        alder, account, invoice, attempt, server = paid
        at = timezone.now()
        deliveries = [each for each in server.deliveries() if "intent.succeeded" in each.body.decode()]

        def by_page() -> None:
            operations.follow_page(attempt=Attempt.objects.get(pk=attempt.pk), at=at)

        def by_message() -> None:
            told = deliveries[0]
            event = operations.hear(provider="stripe", body=told.body, signature=told.signature, at=at)
            operations.work_off(event_id=event.pk, at=at)

        def by_counter() -> None:
            payments.receive(
                account_id=account.pk, money=cny("113.00"), method="cash", source="counter", reference="R1",
                received_on=payments.day_of(at), at=at, invoice_ids=[invoice.pk],
            )  # fmt: skip

        refused = at_once(alder, [(by_page, by_message, by_counter)[n % 3] for n in range(TIMES)])

        assert refused == []
        assert sorted(Payment.objects.values_list("source", flat=True)) == ["counter", "stripe"]
        assert [row.amount for row in Allocation.objects.filter(reverses=None)] == [Decimal("113.00")]
        assert payment_queries.outstanding(account_ids=[account.pk]) == []
        assert payment_queries.account_credit(account_ids=[account.pk]) == {account.pk: cny("113.00")}
        assert sum(row.balance for row in ledger_queries.trial_balance()) == 0
        assert ProviderEvent.objects.count() == 1

    @pytest.mark.slow
    def test_a_dispute_told_by_all_messages_at_once_is_booked_once(self, paid):
        alder, account, _, attempt, server = paid
        at = timezone.now()
        operations.follow_page(attempt=attempt, at=at)
        with server.lock:
            desk = server.desk(next(e["_account"] for e in server.store.things.values() if e["object"] == "charge"))
            balances.open_dispute(desk, next(iter(desk.all("charge"))))
        told = server.deliveries()

        def job(delivery: Any) -> Callable[[], Any]:
            def heard() -> None:
                event = operations.hear(
                    provider="stripe", body=delivery.body, signature=delivery.signature, at=timezone.now()
                )
                operations.work_off(event_id=event.pk, at=timezone.now())

            return heard

        refused = at_once(alder, [job(told[n % len(told)]) for n in range(TIMES)])

        assert refused == []
        assert ProviderMovement.objects.count() == 1
        assert ledger_queries.balance(account_id=account.pk, currency="CNY") == cny("113.00")

    @pytest.mark.slow
    def test_a_due_bill_is_collected_once(self, paid):
        alder, account, invoice, _, server = paid
        at = timezone.now()
        begun = operations.begin_saving(
            account=account, return_url="http://x/{token}", cancel_url="http://x/", language="en", at=at
        )
        stripe_desk.pay(begun.page.url)
        operations.follow_page(attempt=begun.attempt, at=at)
        [method] = queries.saved_methods(customer=account.customer)
        operations.give_authority(
            account=account, method=method, purpose=Authority.Purpose.BILLS, language="en", version="2026-11", by="x",
            at=at,
        )  # fmt: skip
        [due] = operations.due_bills(on=invoice.due_on)
        before = sum(1 for e in server.store.things.values() if e["object"] == "charge")

        refused = at_once(alder, [lambda: operations.collect_bill(due=due, at=at)] * TIMES)

        charges = sum(1 for e in server.store.things.values() if e["object"] == "charge")
        assert refused == []
        assert charges - before == 1
        assert Payment.objects.count() == 1
