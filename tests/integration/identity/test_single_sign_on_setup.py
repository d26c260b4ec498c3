"""An administrator sets the company's own sign-in service up, tries it and takes it away."""

from __future__ import annotations

import pytest

from harness import sign_in_service
from harness.browsers import browser, signed_in
from harness.sign_in_cast import limit, set_up, through
from hosting import plans
from identity import models, single_sign_on, trail
from tenancy import context

pytestmark = pytest.mark.django_db


class TestSettingUp:
    def form(self, service, **changes):
        return {
            "title": "Acme Login", "issuer": service.issuer, "client_id": sign_in_service.CLIENT,
            "client_secret": sign_in_service.SECRET, "domains": "Alder.test, example.com", "enabled": "on",
            "factor_values": "mfa", **changes,
        }  # fmt: skip

    def send(self, service, client=None, **changes):
        return (client or signed_in()).post("/console/company/sign-in-service/", self.form(service, **changes))

    def test_is_kept_with_a_sealed_secret(self, in_alder, service):
        answer = self.send(service)

        kept = single_sign_on.present()
        assert (answer.status_code, kept.domains) == (302, ["alder.test", "example.com"])
        assert single_sign_on.secret(rules=kept) == sign_in_service.SECRET
        assert sign_in_service.SECRET.encode() not in bytes(kept.sealed)
        assert sign_in_service.SECRET not in str([e.details for e in trail.find(action="sso.change")])
        assert sign_in_service.SECRET not in signed_in().get("/console/company/sign-in-service/").content.decode()

    def test_keeps_the_secret_that_is_not_entered_again(self, in_alder, service):
        self.send(service)
        self.send(service, client_secret="", title="Other")

        kept = single_sign_on.present()
        assert (kept.title, single_sign_on.secret(rules=kept)) == ("Other", sign_in_service.SECRET)

    def test_sends_the_secret_to_no_other_issuer(self, in_alder, service):
        self.send(service)
        with sign_in_service.running() as other:
            answer = self.send(service, client_secret="", issuer=other.issuer)

        assert answer.status_code == 422
        assert single_sign_on.present().issuer == service.issuer

    @pytest.mark.parametrize(
        "change",
        [
            {"issuer": "http://127.0.0.1:9/none"}, {"issuer": "ftp://x.example"}, {"issuer": "https://u:p@x.example"},
            {"issuer": "no address"}, {"domains": ""}, {"domains": "not a domain"}, {"domains": "localhost"},
            {"role_map": "no equals sign", "role_claim": "g"}, {"role_map": "a = king", "role_claim": "g"},
            {"role_map": "a = operator", "role_claim": "g"}, {"role_map": "a = customer", "role_claim": "g"},
            {"role_map": "a = billing"}, {"roles_follow": "on"}, {"makes_people": "on"}, {"required": "on"},
            {"default_roles": "operator"}, {"exceptions": "999"}, {"factor_counts": "on", "factor_values": ""},
        ],
        ids=str,
    )  # fmt: skip
    def test_refuses_what_cannot_be(self, in_alder, service, change):
        assert self.send(service, **change).status_code == 422
        assert single_sign_on.present() is None

    @pytest.mark.parametrize(
        "change",
        [
            {"issuer": "https://elsewhere.example"}, {"token_endpoint": None}, {"jwks_uri": "ftp://x"},
            {"response_types_supported": ["id_token"]}, {"id_token_signing_alg_values_supported": ["HS256", "none"]},
            {"authorization_endpoint": "javascript:alert(1)"},
        ],
        ids=str,
    )  # fmt: skip
    def test_refuses_a_service_that_cannot_be_used(self, in_alder, service, change):
        service.description = change

        assert self.send(service).status_code == 422
        assert single_sign_on.present() is None

    def test_private_addresses_are_refused(self, in_alder, service, settings):
        settings.SSO_PRIVATE_ADDRESSES = False

        answer = self.send(service)

        assert answer.status_code == 422
        assert "private or local address" in answer.content.decode()
        assert service.asked == []

    def test_production_asks_for_tls(self, in_alder, service, settings):
        settings.PRODUCTION = True

        assert self.send(service).status_code == 422
        assert service.asked == []

    def test_is_asked_again_who_is_there(self, in_alder, service):
        client = signed_in()
        session = client.session
        records = session["account_authentication_methods"]
        session["account_authentication_methods"] = [{**each, "at": each["at"] - 3600} for each in records]
        session.save()

        answer = self.send(service, client)

        assert answer["Location"].startswith("/accounts/reauthenticate/")
        assert single_sign_on.present() is None

    def test_tries_the_connection(self, ready):
        page = signed_in().post("/console/company/sign-in-service/check/").content.decode()
        assert "The connection works" in page

        ready.description = {"issuer": "https://elsewhere.example"}
        page = signed_in().post("/console/company/sign-in-service/check/").content.decode()
        assert "The connection does not work" in page
        assert "https://elsewhere.example" in page

    def test_tries_a_sign_in_without_signing_in(self, in_alder, service):
        set_up(service, enabled=False)
        service.person |= {"sub": "s-5", "email": "metering@alder.test"}
        client = signed_in()

        _, answer = through(client, "/accounts/sso/try/")

        page = answer.content.decode()
        assert "This person would be signed in" in page
        assert "s-5" in page
        assert models.SingleSignOnLink.objects.count() == 0
        assert client.get("/console/company/staff/").status_code == 200

    def test_trying_is_for_administrators(self, ready):
        assert signed_in("metering@alder.test").get("/accounts/sso/try/").status_code == 403
        assert browser().get("/accounts/sso/try/").status_code == 302

    def test_removing_ends_it(self, ready):
        through()
        signed_in().post("/console/company/sign-in-service/remove/")

        assert (single_sign_on.present(), models.SingleSignOnLink.objects.count()) == (None, 0)
        assert browser().get("/accounts/sso/start/").status_code == 404

    def test_another_company_has_none_of_it(self, ready, birch):
        with context.use(birch):
            assert single_sign_on.present() is None
        assert browser("birch.localhost").get("/accounts/sso/start/").status_code == 404
        assert browser("operator.localhost").get("/accounts/sso/start/").status_code == 404

    def test_the_secret_of_one_company_opens_nothing_in_another(self, ready, birch):
        sealed = single_sign_on.present()
        with context.use(birch), pytest.raises(single_sign_on.vault.SecretsUnreadable):
            single_sign_on.secret(rules=sealed)

    def test_plan_is_asked_when_saving(self, in_alder, service):
        limit(features=())

        assert self.send(service).status_code == 422
        assert single_sign_on.present() is None
        assert plans.allows("sso") is False
