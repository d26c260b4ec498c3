"""The stand-in for Stripe, talked to by Stripe's own library: what it takes, refuses, repeats and tells."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from config.stripe_server import clocks, routes, shapes, webhooks
from config.stripe_server.server import PLATFORM_KEY, Server

DAY = 86_400


@pytest.fixture(scope="module")
def server() -> Any:
    with Server(keys={"sk_test_other": "acct_other"}) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Any:
    return stripe.StripeClient(PLATFORM_KEY, base_addresses={"api": server.base}, max_network_retries=0)


@pytest.fixture
def customer(client: Any) -> Any:
    made = client.v1.customers.create({"name": "Ada", "payment_method": "pm_card_visa"})
    [method] = client.v1.customers.payment_methods.list(made.id).data
    client.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": method.id}})
    return made


def refusal(ask: Any) -> Any:
    with pytest.raises(stripe.StripeError) as caught:
        ask()
    return caught.value


class TestParameters:
    @pytest.mark.parametrize(("method", "address", "name"), routes.names())
    def test_every_address_has_its_type_in_the_library(self, method, address, name):
        assert isinstance(shapes.fields(shapes.named(name)), dict)

    @pytest.mark.parametrize(
        ("params", "code", "param"),
        [
            ({"amount": 1, "currency": "eur", "colour": "red"}, "parameter_unknown", "colour"),
            (
                {"amount": 1, "currency": "eur", "payment_method_options": {"card": {"colour": "red"}}},
                "parameter_unknown",
                "payment_method_options[card][colour]",
            ),
            ({"currency": "eur"}, "parameter_missing", "amount"),
            ({"amount": "many", "currency": "eur"}, "parameter_invalid_integer", "amount"),
            ({"amount": 1, "currency": "eur", "setup_future_usage": "maybe"}, None, "setup_future_usage"),
            ({"amount": 1, "currency": "eur", "customer": "cus_nobody"}, "resource_missing", "customer"),
        ],
    )
    def test_what_is_wrong_is_refused_where_it_is(self, client, params, code, param):
        error = refusal(lambda: client.v1.payment_intents.create(params))

        assert (error.code, error.param) == (code, param)
        assert error.http_status in (400, 404)

    def test_a_key_nobody_has_is_refused(self, server):
        stranger = stripe.StripeClient("sk_test_stranger", base_addresses={"api": server.base}, max_network_retries=0)

        error = refusal(stranger.v1.customers.list)

        assert isinstance(error, stripe.AuthenticationError)

    def test_accounts_do_not_see_each_other(self, server, client, customer):
        other = stripe.StripeClient("sk_test_other", base_addresses={"api": server.base}, max_network_retries=0)

        assert refusal(lambda: other.v1.customers.retrieve(customer.id)).code == "resource_missing"
        assert refusal(lambda: other.v1.accounts.create({})).http_status == 403
        assert refusal(lambda: client.v1.customers.list({}, {"stripe_account": "acct_other"})).http_status == 403


class TestIdempotency:
    def test_the_same_key_answers_the_same_and_another_request_is_refused(self, client):
        options: Any = {"idempotency_key": "key-1"}
        first = client.v1.customers.create({"name": "A"}, options)
        again = client.v1.customers.create({"name": "A"}, options)
        other = refusal(lambda: client.v1.customers.create({"name": "B"}, options))

        assert first.id == again.id
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        assert isinstance(other, stripe.IdempotencyError)

    def test_a_decline_is_repeated_and_no_second_charge_made(self, client, server):
        params: Any = {"amount": 5, "currency": "eur", "payment_method": "pm_card_chargeDeclined", "confirm": True}
        before = len(client.v1.charges.list({"limit": 100}).data)
        errors = [
            refusal(lambda: client.v1.payment_intents.create(params, {"idempotency_key": "key-2"})) for _ in range(3)
        ]

        assert {error.code for error in errors} == {"card_declined"}
        assert len({error.error.payment_intent.id for error in errors}) == 1
        assert len(client.v1.charges.list({"limit": 100}).data) == before + 1


class TestLists:
    def test_pages_hold_each_thing_once(self, client):
        made = [client.v1.products.create({"name": f"P{n}"}).id for n in range(7)]

        found = [each.id for each in client.v1.products.list({"limit": 3}).auto_paging_iter()]

        assert [key for key in found if key in made] == made[::-1]
        assert len(found) == len(set(found))

    def test_keys_are_expanded_to_what_they_stand_for(self, client, customer):
        intent = client.v1.payment_intents.create(
            {
                "amount": 1000, "currency": "eur", "customer": customer.id, "payment_method": "pm_card_visa",
                "confirm": True, "expand": ["latest_charge.balance_transaction", "customer"],
            }
        )  # fmt: skip

        assert intent.latest_charge.balance_transaction.net == 1000 - 34
        assert intent.customer.name == "Ada"
        wrong = refusal(lambda: client.v1.payment_intents.retrieve(intent.id, {"expand": ["nothing"]}))
        assert "cannot be expanded" in wrong.user_message


class TestMoney:
    def test_a_refund_is_never_more_than_is_left(self, client):
        intent = client.v1.payment_intents.create(
            {"amount": 1000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
        )
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 700})

        error = refusal(lambda: client.v1.refunds.create({"payment_intent": intent.id, "amount": 301}))

        assert error.param == "amount"
        assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 700

    def test_an_off_session_payment_that_must_be_authorised_is_declined(self, client, customer):
        method = client.v1.payment_methods.create(
            {"type": "card", "card": {"number": "4000002760003184", "exp_month": 1, "exp_year": 2034, "cvc": "1"}}
        )
        client.v1.payment_methods.attach(method.id, {"customer": customer.id})

        error = refusal(
            lambda: client.v1.payment_intents.create(
                {
                    "amount": 5, "currency": "eur", "customer": customer.id, "payment_method": method.id,
                    "off_session": True, "confirm": True,
                }
            )
        )  # fmt: skip

        assert error.code == "authentication_required"


class TestBilling:
    def test_a_plan_is_tried_charged_changed_metered_and_lapses(self, client):
        clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_767_225_600})  # 2026-01-01
        owner = client.v1.customers.create({"test_clock": clock.id, "payment_method": "pm_card_visa"})
        [method] = client.v1.customers.payment_methods.list(owner.id).data
        client.v1.customers.update(owner.id, {"invoice_settings": {"default_payment_method": method.id}})
        meter = client.v1.billing.meters.create(
            {"display_name": "Points", "event_name": f"points-{clock.id}", "default_aggregation": {"formula": "sum"}}
        )
        product = client.v1.products.create({"name": "Plan"})
        month: Any = {"interval": "month"}
        small, large = (
            client.v1.prices.create(
                {"product": product.id, "currency": "eur", "unit_amount": amount, "recurring": month}
            )
            for amount in (3100, 6200)
        )
        metered = client.v1.prices.create(
            {
                "product": product.id, "currency": "eur", "billing_scheme": "tiered", "tiers_mode": "graduated",
                "tiers": [{"up_to": 100, "unit_amount": 0}, {"up_to": "inf", "unit_amount_decimal": "2.5"}],
                "recurring": {"interval": "month", "usage_type": "metered", "meter": meter.id},
            }
        )  # fmt: skip
        coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"})
        made = client.v1.subscriptions.create(
            {
                "customer": owner.id, "items": [{"price": small.id}, {"price": metered.id}], "trial_period_days": 31,
                "discounts": [{"coupon": coupon.id}],
            }
        )  # fmt: skip
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": clock.frozen_time + 32 * DAY})
        for _ in range(2):
            event: Any = {
                "event_name": meter.event_name, "identifier": "e1", "timestamp": clock.frozen_time + 32 * DAY,
                "payload": {"stripe_customer_id": owner.id, "value": "300"},
            }  # fmt: skip
            try:
                client.v1.billing.meter_events.create(event)
            except stripe.InvalidRequestError as error:
                assert error.code == "duplicate_meter_event"
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": clock.frozen_time + 45 * DAY})
        [item, _] = client.v1.subscriptions.retrieve(made.id)["items"].data
        client.v1.subscriptions.update(made.id, {"items": [{"id": item.id, "price": large.id}]})
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": clock.frozen_time + 60 * DAY})
        client.v1.payment_methods.detach(method.id)
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": clock.frozen_time + 92 * DAY})
        past_due = client.v1.subscriptions.retrieve(made.id).status
        client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": clock.frozen_time + 120 * DAY})

        totals = [each.total for each in client.v1.invoices.list({"customer": owner.id, "limit": 20}).data][::-1]
        assert made.status == "trialing"
        assert totals[:3] == [0, 1550, 6200 + 500 - 1550 + 3100]
        assert past_due == "past_due"
        assert client.v1.subscriptions.retrieve(made.id).status == "canceled"


class TestMessages:
    def test_the_library_accepts_a_signature_and_refuses_a_changed_one(self, client, server):
        endpoint = client.v1.webhook_endpoints.create(
            {"url": "http://localhost/hook", "enabled_events": ["customer.created"]}
        )
        client.v1.customers.create({"name": "Told"})

        sent = [each for each in server.deliveries() if each.endpoint == endpoint.id][-1]

        event = client.construct_event(sent.body, sent.signature, endpoint.secret)
        assert (event.type, event.data.object.name) == ("customer.created", "Told")
        with pytest.raises(stripe.SignatureVerificationError):
            client.construct_event(sent.body + b" ", sent.signature, endpoint.secret)

    def test_nothing_is_sent_to_another_machine(self):
        sent = webhooks.Delivery("http://example.com/hook", b"{}", "t=1,v1=0", "evt_1", "we_1")

        assert webhooks.send(sent) is False


class TestKeeping:
    def test_what_happened_is_there_after_a_restart(self, tmp_path):
        path = tmp_path / "stripe.sqlite"
        with Server(path=path) as first:
            made = stripe.StripeClient(PLATFORM_KEY, base_addresses={"api": first.base}).v1.customers.create(
                {"name": "K"}
            )

        with Server(path=path) as second:
            found = stripe.StripeClient(PLATFORM_KEY, base_addresses={"api": second.base}).v1.customers.retrieve(
                made.id
            )

        assert found.name == "K"

    def test_a_session_nobody_paid_expires(self):
        with Server() as server:
            client = stripe.StripeClient(PLATFORM_KEY, base_addresses={"api": server.base})
            price: Any = {"currency": "eur", "unit_amount": 5, "product_data": {"name": "X"}}
            made = client.v1.checkout.sessions.create(
                {"mode": "payment", "success_url": "http://x/", "line_items": [{"price_data": price, "quantity": 1}]}
            )
            server.clock = lambda: int(time.time()) + 2 * DAY
            with server.lock:
                clocks.sweep(server.desk())

            assert client.v1.checkout.sessions.retrieve(made.id).status == "expired"
