"""A customer pays on a page of the provider; what is booked is what the provider says, once."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing.ledger import queries as ledger_queries
from billing.payments import operations as payments
from billing.payments import queries as payment_queries
from billing.payments.models import Attempt, Payment, PaymentReversal, ProviderEvent, ProviderMovement
from billing.payments.operations import refunding as own_refunds
from billing.payments.providers import base, choosing, operations, queries
from billing.payments.providers.operations import reconciling, refunding
from config.stripe_server import balances
from harness import stripe_desk
from kernel.money import Money


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def owed(account: Any) -> Decimal:
    return ledger_queries.balance(account_id=account.pk, currency="CNY").amount


def trial() -> dict[str, Decimal]:
    return {row.code: row.balance for row in ledger_queries.trial_balance() if row.balance}


def followed(begun: Any) -> Attempt:
    return operations.follow_page(attempt=begun.attempt, at=timezone.now())


class TestPayingOnAPage:
    @pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
    def test_books_the_payment_and_settles_the_bill(self, begin, billed, method):
        begun = begin()

        place = stripe_desk.pay(begun.page.url, method=method)
        attempt = followed(begun)

        assert place == f"http://alder.localhost/pay/done/{begun.attempt.token}/"
        assert attempt.state == "succeeded"
        assert (attempt.payment.amount, attempt.payment.method) == (Decimal("113.00"), method)
        assert payment_queries.outstanding(account_ids=[billed[0].pk]) == []
        assert trial()["clearing"] == Decimal("113.00")

    def test_books_nothing_before_the_provider_says_so(self, begin, billed):
        begun = begin()

        attempt = followed(begun)

        assert (attempt.state, attempt.payment) == ("waiting", None)
        assert owed(billed[0]) == Decimal("113.00")

    def test_a_declined_card_may_be_followed_by_another(self, begin, billed):
        begun = begin()

        stripe_desk.pay(begun.page.url, card=stripe_desk.DECLINED)
        declined = followed(begun)
        stripe_desk.pay(begun.page.url)

        assert (declined.state, declined.failure) == ("waiting", "generic_decline")
        assert followed(begun).state == "succeeded"
        assert Payment.objects.count() == 1

    def test_a_card_that_asks_is_authorised_by_its_owner(self, begin, billed):
        begun = begin()
        refused = begin()

        stripe_desk.pay(begun.page.url, card=stripe_desk.ASKS)
        stripe_desk.pay(refused.page.url, card=stripe_desk.ASKS, agree=False)

        assert followed(begun).state == "succeeded"
        assert followed(refused).payment is None

    def test_more_than_is_owed_becomes_credit(self, begin, billed):
        begun = begin("150.00")

        stripe_desk.pay(begun.page.url)
        followed(begun)

        assert payment_queries.account_credit(account_ids=[billed[0].pk]) == {billed[0].pk: cny("37.00")}

    @pytest.mark.parametrize("amount", ["0.00", "-1.00", "1000000.00"])
    def test_an_amount_that_cannot_be_paid_is_refused(self, begin, amount):
        with pytest.raises(Exception) as refusal:
            begin(amount)

        assert refusal.value.code in ("payment_amount", "invalid")
        assert Attempt.objects.count() == 0


class TestMessages:
    def test_one_effect_delivered_thrice_shuffled_and_a_month_late(self, begin, billed, stripe_server):
        begun = begin()
        stripe_desk.pay(begun.page.url)
        draw = random.Random(7)
        late = timezone.now() + dt.timedelta(days=31)

        for at in (timezone.now(), timezone.now(), late):
            stripe_desk.hear_all(stripe_server, at=at, order=lambda sent: draw.sample(sent, len(sent)))

        assert Payment.objects.count() == 1
        assert owed(billed[0]) == 0
        assert ProviderEvent.objects.filter(state="new").count() == 0
        assert ProviderEvent.objects.count() == len(stripe_server.deliveries())

    def test_a_wrong_or_old_signature_is_refused(self, connection, stripe_server):
        [delivery, *_] = stripe_server.deliveries()
        old = stripe_server.clock() - 301
        from config.stripe_server import webhooks

        signatures = [
            "",
            delivery.signature[:-1] + ("0" if delivery.signature[-1] != "0" else "1"),
            webhooks.signature(delivery.body, "whsec_other", stripe_server.clock()),
            webhooks.signature(delivery.body, choosing.settings.STRIPE_WEBHOOK_SECRET, old),
        ]
        for signature in signatures:
            with pytest.raises(base.BadSignature):
                operations.hear(provider="stripe", body=delivery.body, signature=signature, at=timezone.now())

        assert ProviderEvent.objects.count() == 0

    def test_what_is_none_of_ours_is_noted_and_left_alone(self, connection, stripe_server):
        provider = choosing.stripe(connection)
        options = {"stripe_account": connection.reference}
        provider._client.v1.payment_intents.create(
            {"amount": 500, "currency": "aud", "payment_method": "pm_card_visa", "confirm": True}, options=options
        )

        heard = stripe_desk.hear_all(stripe_server)

        assert {event.state for event in heard if event.kind.startswith("payment_intent")} == {"ignored"}
        assert Payment.objects.count() == 0

    def test_another_companys_message_has_no_effect(self, begin, stripe_server, connection):
        begun = begin()
        stripe_desk.pay(begun.page.url)
        connection.reference = "acct_somebody_else"
        connection.save()

        heard = stripe_desk.hear_all(stripe_server)

        assert {event.state for event in heard} == {"ignored"}


class TestMoneyThatGoesBack:
    @pytest.fixture
    def paid(self, begin) -> Any:
        begun = begin()
        stripe_desk.pay(begun.page.url)
        return followed(begun)

    def desk(self, server: Any, connection: Any) -> Any:
        return server.desk(connection.reference)

    def test_a_dispute_takes_the_payment_back_and_a_won_one_returns_it(self, paid, billed, stripe_server, connection):
        desk = self.desk(stripe_server, connection)
        with stripe_server.lock:
            charge = next(iter(desk.all("charge")))
            dispute = balances.open_dispute(desk, charge)
        stripe_desk.hear_all(stripe_server)
        disputed = owed(billed[0])
        with stripe_server.lock:
            balances.close_dispute(desk, dispute["id"], won=True)

        stripe_desk.hear_all(stripe_server, order=lambda sent: list(reversed(sent)))

        assert disputed == Decimal("113.00")
        assert PaymentReversal.objects.count() == 1
        assert owed(billed[0]) == 0
        assert list(ProviderMovement.objects.order_by("pk").values_list("kind", flat=True)) == [
            "dispute",
            "dispute_won",
        ]
        assert payment_queries.outstanding(account_ids=[billed[0].pk]) == []

    def test_a_dispute_of_what_a_person_took_back_before_is_that_and_no_other(
        self, paid, billed, stripe_server, connection
    ):
        desk = self.desk(stripe_server, connection)
        payments.reverse(payment_id=paid.payment_id, reason="called", at=timezone.now())
        with stripe_server.lock:
            dispute = balances.open_dispute(desk, next(iter(desk.all("charge"))))

        for _ in range(2):
            stripe_desk.hear_all(stripe_server)
        disputed = (owed(billed[0]), trial().get("clearing", Decimal(0)))
        with stripe_server.lock:
            balances.close_dispute(desk, dispute["id"], won=True)
        stripe_desk.hear_all(stripe_server)

        assert disputed == (Decimal("113.00"), 0)
        assert (owed(billed[0]), trial().get("clearing")) == (0, Decimal("113.00"))

    def test_no_more_goes_back_than_a_dispute_left(self, paid, billed, stripe_server, connection):
        choosing.stripe(connection).refund(payment=paid.reference, money=cny("100.00"), key="k", reference="")
        stripe_desk.hear_all(stripe_server)
        payments.receive(
            account_id=billed[0].pk, money=cny("150.00"), method="card", source="test", reference="more",
            received_on=payments.day_of(timezone.now()), at=timezone.now(),
        )  # fmt: skip

        with pytest.raises(payments.RefundRefused):
            own_refunds.request_refund(
                account_id=billed[0].pk, money=cny("13.01"), method="provider", reason="x", requested_by="a",
                at=timezone.now(), payment_id=paid.payment_id,
            )  # fmt: skip

    def test_parts_refunded_at_the_provider_are_owed_again(self, paid, billed, stripe_server, connection):
        provider = choosing.stripe(connection)
        for amount in ("13.00", "100.00"):
            provider.refund(payment=paid.reference, money=cny(amount), key=f"k{amount}", reference="")

        for _ in range(2):
            stripe_desk.hear_all(stripe_server, order=lambda sent: list(reversed(sent)))

        assert owed(billed[0]) == Decimal("113.00")
        assert ProviderMovement.objects.count() == 2
        assert trial().get("clearing", Decimal(0)) == 0

    def test_a_payout_moves_clearing_to_the_bank_with_its_fees(self, paid, stripe_server, connection):
        desk = self.desk(stripe_server, connection)
        choosing.stripe(connection)._client.v1.payment_intents.create(
            {"amount": 500, "currency": "cny", "payment_method": "pm_card_visa", "confirm": True},
            options={"stripe_account": connection.reference},
        )
        with stripe_server.lock:
            payout = balances.pay_out(desk, "cny")

        for _ in range(2):
            stripe_desk.hear_all(stripe_server)

        fees = Decimal("1.79") + Decimal("0.27")
        assert Decimal(payout["amount"]) / 100 == Decimal("118.00") - fees
        assert {code: trial().get(code) for code in ("bank", "expense.provider_fees", "clearing", "suspense")} == {
            "bank": Decimal("118.00") - fees,
            "expense.provider_fees": fees,
            "clearing": None,
            "suspense": Decimal("-5.00"),
        }
        [movement] = queries.payouts()
        assert (movement.fee, movement.unknown) == (fees, Decimal("5.00"))


class TestOurOwnRefunds:
    @pytest.mark.parametrize(
        ("card", "state", "left"), [(stripe_desk.PAYS, "paid", "0"), ("4000000000005126", "failed", "-37")]
    )
    def test_an_approved_refund_goes_back_the_way_it_came_once(self, begin, billed, stripe_server, card, state, left):
        begun = begin("150.00")
        stripe_desk.pay(begun.page.url, card=card)
        payment = followed(begun).payment
        at = timezone.now()
        refund = own_refunds.request_refund(
            account_id=billed[0].pk, money=cny("37.00"), method="provider", reason="Paid too much",
            requested_by="a@alder.test", at=at, payment_id=payment.pk,
        )  # fmt: skip
        own_refunds.approve_refund(refund_id=refund.pk, approved_by="b@alder.test", at=at)

        for _ in range(2):
            refunding.send(refund_id=refund.pk, at=at)
            stripe_desk.hear_all(stripe_server)

        refund.refresh_from_db()
        assert refund.state == state
        assert owed(billed[0]) == Decimal(left)
        assert sum(1 for thing in stripe_server.store.things.values() if thing["object"] == "refund") == 1
        assert refunding.waiting() == []


class TestCrashes:
    def test_an_answer_that_was_lost_is_found_by_asking(self, begin, billed):
        begun = begin()
        stripe_desk.pay(begun.page.url)
        Attempt.objects.update(state="asked", page="", reference="")

        attempt = reconciling.ask_about(attempt_id=begun.attempt.pk, at=timezone.now())

        assert attempt.state == "succeeded"
        assert owed(billed[0]) == 0

    def test_what_was_never_sent_is_given_up_after_a_while_only(self, begin):
        begun = begin()
        Attempt.objects.update(state="asked", page="", token="00000000-0000-4000-8000-000000000000")

        soon = reconciling.ask_about(attempt_id=begun.attempt.pk, at=timezone.now())
        later = reconciling.ask_about(attempt_id=begun.attempt.pk, at=timezone.now() + dt.timedelta(hours=1))

        assert soon.state == "asked"
        assert (later.state, later.failure) == ("expired", "never_sent")

    def test_a_provider_that_is_silent_loses_nothing(self, begin, stripe_server, billed, settings):
        begun = begin()
        stripe_desk.pay(begun.page.url)
        at = timezone.now()
        stored = operations.hear(
            provider="stripe", at=at, **{k: getattr(stripe_server.deliveries()[-1], k) for k in ("body", "signature")}
        )
        alive, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"

        silent = operations.work_off(event_id=stored.pk, at=at)
        settings.STRIPE_API_BASE = alive
        again = operations.work_off(event_id=stored.pk, at=at)

        assert (silent.state, silent.tries) == ("new", 1)
        assert again.state == "done"
        assert owed(billed[0]) == 0
