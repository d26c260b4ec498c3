"""The page of the payment provider: connecting, keys that are never shown, switching off."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from billing.payments.models import ProviderConnection
from billing.payments.providers import choosing, queries
from harness import stripe_desk
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from tenancy import context, database, vault

PAGE = "/console/company/payment-provider/"
PASSWORD = "correct horse battery"


@pytest.fixture
def finance(in_alder: Any) -> Any:
    """A person of finance, signed in; after each page the test works for the company again."""
    identity_operations.create_user(
        email="fin@alder.test", name="Fin", roles=[Role.FINANCE], at=timezone.now(), password=PASSWORD, language="en"
    )
    client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")
    client.post("/accounts/login/", {"login": "fin@alder.test", "password": PASSWORD})
    database.connection.set_tenant(in_alder)

    def visit(path: str = PAGE, form: Any = None) -> Any:
        answer = client.get(path) if form is None else client.post(path, form)
        database.connection.set_tenant(in_alder)
        return answer

    return visit


class TestConnecting:
    def test_a_connected_account_is_opened_and_finished_at_the_provider(self, stripe_server, finance):
        away = finance(f"{PAGE}connect/", {"country": "AU", "email": ""})
        unfinished = finance().content.decode()
        requests.post(away["Location"], data={"act": "agree"}, allow_redirects=False, timeout=10)
        finance(f"{PAGE}check/", {})

        page = finance().content.decode()
        assert away["Location"].startswith(stripe_server.base)
        assert "The provider still asks for something" not in page and "Takes payments" in page
        assert "Not finished" in unfinished
        assert queries.connections()["stripe"].state == "active"

    def test_own_keys_are_tried_sealed_and_never_shown(self, stripe_server, finance):
        finance(f"{PAGE}keys/", {"secret_key": stripe_desk.OWN_KEY})

        found = queries.connections()["stripe"]
        page = finance().content.decode()
        assert (found.mode, found.state, found.reference) == ("own_keys", "active", "acct_own")
        assert stripe_desk.OWN_KEY.encode() not in bytes(found.secrets)
        assert vault.unseal(sealed=found.secrets, purpose="stripe")["secret_key"] == stripe_desk.OWN_KEY
        assert stripe_desk.OWN_KEY not in page and "whsec_" not in page
        said = " ".join(str(event.details) for event in identity_queries.audit_events())
        assert stripe_desk.OWN_KEY not in said

    @pytest.mark.parametrize("key", ["sk_test_wrong", "pk_test_public", "", "sk_ключ"])
    def test_a_wrong_key_is_refused_and_nothing_kept(self, stripe_server, finance, key):
        answer = finance(f"{PAGE}keys/", {"secret_key": key})

        assert answer.status_code == 422
        assert 'class="g-error"' in answer.content.decode() or "g-tone-danger" in answer.content.decode()
        assert ProviderConnection.objects.count() == 0

    def test_switched_off_nothing_is_offered(self, connection, finance):
        finance(f"{PAGE}switch/", {"provider": "stripe", "on": "0"})
        off = queries.active()
        finance(f"{PAGE}switch/", {"provider": "stripe", "on": "1"})

        assert list(off) == []
        assert [each.name for each in queries.active()] == ["stripe"]

    def test_only_chosen_methods_are_offered(self, connection, finance):
        finance(f"{PAGE}methods/", {"methods": ["wechat_pay", "card"]})

        assert choosing.by_name("stripe").capabilities.methods == ("card", "wechat_pay")
        assert choosing.by_name("stripe").capabilities.saves == ("card",)


class TestSecrets:
    def test_do_not_open_in_another_company(self, alder, birch):
        with context.use(alder):
            sealed = vault.seal(values={"secret_key": "sk_test_x"}, purpose="stripe")

        with context.use(birch), pytest.raises(vault.SecretsUnreadable):
            vault.unseal(sealed=sealed, purpose="stripe")

    def test_do_not_open_when_the_platform_lost_the_key_that_wrapped_the_company_s(self, in_alder, settings):
        sealed = vault.seal(values={"a": "b"}, purpose="stripe")
        settings.SECRETS_KEYS = ["new", *settings.SECRETS_KEYS]
        opened = vault.unseal(sealed=sealed, purpose="stripe")
        settings.SECRETS_KEYS = ["new"]

        assert opened == {"a": "b"}
        with pytest.raises(vault.SecretsUnreadable):
            vault.unseal(sealed=sealed, purpose="stripe")

    def test_a_changed_byte_is_noticed(self, in_alder):
        sealed = bytearray(vault.seal(values={"a": "b"}, purpose="stripe"))
        sealed[-1] ^= 1

        with pytest.raises(vault.SecretsUnreadable):
            vault.unseal(sealed=bytes(sealed), purpose="stripe")
