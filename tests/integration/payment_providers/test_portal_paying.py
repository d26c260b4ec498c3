"""The customer's way: from the bill to the provider's page and back, saved methods and automatic payment."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing.payments import queries as payment_queries
from billing.payments.models import Attempt, Authority, Payment
from billing.payments.providers import operations, queries
from harness import billing_cast, portal_cast, stripe_desk
from kernel.money import Money
from tenancy import database
from tenants.customers.models import Customer


class Visitor:
    """A browser; after each page the test works for the company again."""

    def __init__(self, email: str, retailer: Any) -> None:
        self._client = portal_cast.signed_in(email)
        self._retailer = retailer
        database.connection.set_tenant(retailer)

    def get(self, *args: Any) -> Any:
        answer = self._client.get(*args)
        database.connection.set_tenant(self._retailer)
        return answer

    def post(self, *args: Any) -> Any:
        answer = self._client.post(*args)
        database.connection.set_tenant(self._retailer)
        return answer


@pytest.fixture
def lin(in_alder: Any, billed: Any) -> Any:
    """The customer of the bill, signed in."""
    account, _ = billed
    portal_cast.sign_in_of("lin@example.test", account.customer)
    return Visitor("lin@example.test", in_alder)


@pytest.fixture
def other(in_alder: Any) -> Any:
    """Another customer of the same company, signed in."""
    account, _ = billing_cast.make_account("2")
    portal_cast.sign_in_of("wu@example.test", account.customer)
    return Visitor("wu@example.test", in_alder)


def pay_url(invoice: Any) -> str:
    return f"/pay/?account={invoice.account.number}&bill={invoice.number}"


def to_provider(client: Any, invoice: Any, **form: str) -> str:
    answer = client.post(pay_url(invoice), {"amount": "113.00", "method": "card", **form})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


class TestPaying:
    def test_a_bill_is_paid_and_shows_paid(self, connection, billed, lin):
        _, invoice = billed
        before = lin.get("/bills/").content.decode()

        back = stripe_desk.pay(to_provider(lin, invoice))
        done = lin.get(back.removeprefix("http://alder.localhost")).content.decode()
        after = lin.get("/bills/").content.decode()

        assert "Settled" not in before
        assert "Received, thank you" in done
        assert f"Bill {invoice.number}" in done
        assert "Settled" in after

    def test_coming_back_without_having_paid_shows_the_truth(self, connection, billed, lin):
        _, invoice = billed
        to_provider(lin, invoice)
        token = Attempt.objects.get().token

        page = lin.get(f"/pay/done/{token}/?status=succeeded&paid=1").content.decode()

        assert "Not paid yet" in page
        assert Payment.objects.count() == 0

    def test_a_silent_provider_is_told_of(self, connection, billed, lin, settings):
        _, invoice = billed
        to_provider(lin, invoice)
        settings.STRIPE_API_BASE = "http://127.0.0.1:9"

        page = lin.get(f"/pay/done/{Attempt.objects.get().token}/")

        assert page.status_code == 200
        assert "We do not know yet" in page.content.decode()

    @pytest.mark.parametrize("amount", ["", "0", "-5", "12.345", "NaN", "1e9", "99999999"])
    def test_an_amount_that_is_none_is_refused_at_its_field(self, connection, billed, lin, amount):
        answer = lin.post(pay_url(billed[1]), {"amount": amount, "method": "card"})

        assert answer.status_code == 422
        assert 'id="id_amount_error"' in answer.content.decode()
        assert Attempt.objects.count() == 0

    def test_another_customers_bill_payment_and_method_do_not_exist(self, connection, billed, other, lin):
        account, invoice = billed
        to_provider(lin, invoice)
        token = Attempt.objects.get().token

        answers = [
            other.get(pay_url(invoice)),
            other.get(f"/pay/?account={account.number}"),
            other.get(f"/pay/done/{token}/"),
            other.get(f"/payments/methods/saved/{token}/"),
            other.post("/payments/methods/1/remove/"),
            other.post("/payments/automatic/bills/end/", {"account": account.number}),
        ]

        assert {answer.status_code for answer in answers} == {404}

    def test_the_page_lets_its_form_lead_to_the_provider_only(self, connection, billed, lin, settings):
        policy = lin.get(pay_url(billed[1]))["Content-Security-Policy"]

        assert f"form-action 'self' {settings.STRIPE_API_BASE}" in policy

    def test_a_transfer_is_told_how_to_order(self, connection, billed, lin):
        _, invoice = billed
        facts = {"holder": "Alder Power", "number": "DE02 1203 0000 0000 2020 51", "bank": "Test Bank"}
        operations.describe_transfer(facts=facts, at=timezone.now())

        answer = lin.post(pay_url(invoice), {"amount": "113.00", "method": "bank_transfer"})

        page = answer.content.decode()
        assert answer.status_code == 200
        assert all(fact in page for fact in (*facts.values(), invoice.number))
        assert Payment.objects.count() == 0

    def test_without_a_provider_nothing_is_offered(self, billed, lin):
        assert "No payment on the web yet" in lin.get(pay_url(billed[1])).content.decode()


class TestAutomaticPayment:
    @pytest.fixture
    def saved(self, connection, billed, lin) -> Any:
        """Lin has saved a card through the portal."""
        page = lin.post("/payments/methods/new/")
        back = stripe_desk.pay(page["Location"])
        lin.get(back.removeprefix("http://alder.localhost"))
        [method] = queries.saved_methods(customer=Customer.objects.get(number="C1"))
        return method

    def agree(self, lin: Any, account: Any, method: Any, purpose: str = "bills", **amounts: str) -> Any:
        url = f"/payments/automatic/{purpose}/?account={account.number}"
        read = lin.post(url, {"method": method.pk, **amounts})
        lin.post(url, {"method": method.pk, "version": "2026-11", "agree": "1", **amounts})
        return read

    def test_the_text_that_was_read_is_kept(self, saved, billed, lin):
        account, _ = billed

        read = self.agree(lin, account, saved).content.decode()

        standing = Authority.objects.get()
        assert (saved.title, saved.expires_on) == ("Visa •••• 4242", dt.date(2034, 12, 31))
        assert standing.text in read
        assert "Visa •••• 4242" in standing.text and account.number in standing.text
        assert (standing.version, standing.given_by, standing.language) == ("2026-11", "lin@example.test", "en")

    def test_a_bill_is_collected_once_on_its_due_date(self, saved, billed, lin, stripe_server):
        account, invoice = billed
        self.agree(lin, account, saved)
        early = operations.due_bills(on=invoice.due_on - dt.timedelta(days=1))
        [due] = operations.due_bills(on=invoice.due_on)
        at = timezone.now()

        done = [operations.collect_bill(due=due, at=at) for _ in range(3)]
        stripe_desk.hear_all(stripe_server)

        assert early == []
        assert [attempt.state if attempt else None for attempt in done] == ["succeeded", None, None]
        assert Payment.objects.get().amount == Decimal("113.00")
        assert operations.due_bills(on=invoice.due_on) == []

    def test_a_declined_collection_is_tried_again_on_the_days_of_the_terms(self, connection, billed, lin):
        account, invoice = billed
        page = lin.post("/payments/methods/new/")
        lin.get(stripe_desk.pay(page["Location"], card="4000000000000341").removeprefix("http://alder.localhost"))
        [method] = queries.saved_methods(customer=account.customer)
        self.agree(lin, account, method)
        day = invoice.due_on
        at = dt.datetime.combine(day, dt.time(4), dt.UTC)

        [first] = operations.due_bills(on=day)
        failed = operations.collect_bill(due=first, at=at)
        days = [n for n in range(12) if operations.due_bills(on=day + dt.timedelta(days=n))]

        assert (failed.state, failed.failure) == ("failed", "generic_decline")
        assert days == list(range(3, 12))
        assert Payment.objects.count() == 0

    def test_a_top_up_is_collected_once_a_day_when_the_balance_is_low(self, saved, billed, lin):
        account, _ = billed
        self.agree(lin, account, saved, "top_up", amount="200.00", threshold="50.00")
        [low] = operations.low_balances()
        at, day = timezone.now(), dt.date(2026, 5, 4)

        done = [operations.top_up(authority_id=low.pk, on=day, at=at) for _ in range(2)]

        assert [attempt.state if attempt else None for attempt in done] == ["succeeded", None]
        credit = payment_queries.account_credit(account_ids=[account.pk])
        assert credit == {account.pk: Money(Decimal("87.00"), "CNY")}
        assert operations.low_balances() == []

    def test_a_removed_method_ends_its_authority(self, saved, billed, lin):
        account, invoice = billed
        self.agree(lin, account, saved)

        lin.post(f"/payments/methods/{saved.pk}/remove/")

        assert Authority.objects.get().revoked_at is not None
        assert operations.due_bills(on=invoice.due_on) == []
        assert "None yet" in lin.get("/payments/").content.decode()

    def test_an_authority_that_ended_collects_nothing(self, saved, billed, lin):
        account, invoice = billed
        self.agree(lin, account, saved)
        [due] = operations.due_bills(on=invoice.due_on)

        lin.post("/payments/automatic/bills/end/", {"account": account.number})

        assert operations.collect_bill(due=due, at=timezone.now()) is None
        assert Payment.objects.count() == 0
