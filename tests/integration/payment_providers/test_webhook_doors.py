"""The doors for messages: at a company's address and at the host's; what is not signed stays outside."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from billing.payments.models import ProviderEvent
from billing.payments.providers import choosing, operations
from harness import stripe_desk
from tenancy import context, database


def post(host: str, delivery: Any, signature: str | None = None, body: bytes | None = None) -> int:
    answer = Client(HTTP_HOST=host).post(
        "/webhooks/stripe/",
        body if body is not None else delivery.body,
        content_type="application/json",
        HTTP_STRIPE_SIGNATURE=delivery.signature if signature is None else signature,
    )
    return answer.status_code


class TestDoors:
    def test_the_host_hands_a_message_to_its_company(self, connection, stripe_server, alder, birch, operator):
        [*_, delivery] = stripe_server.deliveries()

        statuses = [post("operator.localhost", delivery) for _ in range(2)]

        with context.use(alder):
            assert ProviderEvent.objects.get().subject == connection.reference
        with context.use(birch):
            assert ProviderEvent.objects.count() == 0
        assert statuses == [200, 200]

    def test_a_company_hears_at_its_own_address(self, in_alder, stripe_server):
        operations.use_own_keys(secret_key=stripe_desk.OWN_KEY, at=timezone.now())
        paid: Any = {"amount": 5, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
        choosing.by_name("stripe")._client.v1.payment_intents.create(paid)
        [delivery, *_] = [each for each in stripe_server.deliveries() if "alder" in each.url]

        status = post("alder.localhost", delivery)

        database.connection.set_tenant(in_alder)
        assert status == 200
        assert ProviderEvent.objects.count() == 1

    def test_what_is_not_signed_stays_outside(self, connection, stripe_server, alder, operator):
        [*_, delivery] = stripe_server.deliveries()

        found = [
            post("operator.localhost", delivery, signature="t=1,v1=00"),
            post("operator.localhost", delivery, body=delivery.body.replace(b"acct_", b"acct-")),
            post("alder.localhost", delivery, signature=""),
            post("birch.localhost", delivery),
            Client(HTTP_HOST="alder.localhost").get("/webhooks/stripe/").status_code,
        ]

        with context.use(alder):
            assert ProviderEvent.objects.count() == 0
        assert found == [400, 400, 400, 404, 405]
