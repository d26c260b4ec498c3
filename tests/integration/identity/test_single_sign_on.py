"""Staff sign in at the company's own service: over the real protocol, against a service that can lie."""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.utils import timezone

from harness import second_factor, sign_in_service
from harness.browsers import browser, sign_in, signed_in
from hosting import plans
from identity import models, operations, policy, queries, sessions, single_sign_on, trail
from identity import single_sign_on_protocol as protocol
from identity.capabilities import Role
from tenancy import context

pytestmark = pytest.mark.django_db
BOSS = "staff@alder.test"
WRONG = 403


@pytest.fixture(scope="module")
def server():
    with sign_in_service.running() as service:
        yield service


@pytest.fixture
def service(server, settings):
    settings.SSO_PRIVATE_ADDRESSES = True
    server.__init__(server.issuer)
    return server


def facts(service, **changes) -> single_sign_on.Facts:
    given = single_sign_on.Facts(
        issuer=service.issuer,
        client_id=sign_in_service.CLIENT,
        title="Acme Login",
        domains=("alder.test",),
        enabled=True,
    )
    return replace(given, **changes)


def set_up(service, **changes) -> models.SingleSignOn:
    return single_sign_on.save(
        facts=facts(service, **changes),
        client_secret=sign_in_service.SECRET,
        description=protocol.describe(issuer=service.issuer),
        by=queries.user_by_email(email="staff@alder.test"),
        at=timezone.now(),
    )


@pytest.fixture
def ready(in_alder, service):
    set_up(service)
    return service


def away(client, path: str = "/accounts/sso/start/") -> str:
    """Leave for the service; return where it sends the browser back to, as path and query."""
    answer = client.get(path)
    assert answer.status_code == 302, answer.content.decode()
    back = requests.get(answer["Location"], allow_redirects=False, timeout=5)
    parts = urlsplit(back.headers["Location"])
    return f"{parts.path}?{parts.query}"


def through(client=None, path: str = "/accounts/sso/start/"):
    """Go there and come back; return browser and answer."""
    client = client or browser()
    return client, client.get(away(client, path))


def confirming(client, asked) -> str:
    """Return where the button of the page leads that asks once more who is there."""
    page = client.get(asked["Location"]).content.decode()
    found = re.search(r'href="(/accounts/sso/again/go/[^"]*)"', page)
    assert found is not None, page
    return found[1].replace("&amp;", "&")


def refused(answer) -> str:
    assert answer.status_code == WRONG
    return answer.content.decode()


class TestSigningIn:
    def test_lets_in_who_is_known_by_a_verified_address(self, ready):
        client, answer = through()

        assert (answer.status_code, answer["Location"]) == (302, "/console/")
        assert client.get("/console/").status_code == 200
        assert models.SingleSignOnLink.objects.get().subject == "s-1"
        assert [e.action for e in trail.find(action="sso.link")] == ["sso.link"]

    def test_goes_where_one_wanted_to_go(self, ready):
        _, answer = through(path="/accounts/sso/start/?next=/console/customers/")

        assert answer["Location"] == "/console/customers/"

    def test_goes_to_no_strange_host(self, ready):
        _, answer = through(path="/accounts/sso/start/?next=https://evil.example/")

        assert answer["Location"] == "/console/"

    def test_is_a_session_like_others(self, ready):
        client, _ = through()
        boss = queries.user_by_email(email=BOSS)
        [row] = list(sessions.mine(user=boss, at=timezone.now()))

        sessions.end(user=boss, session_id=row.pk, at=timezone.now())
        state = client.session
        state["_guard"] = {**state["_guard"], "seen": state["_guard"]["seen"] - 120} if "_guard" in state else {}

        assert client.get("/console/").status_code == 302

    def test_follows_the_subject_when_the_address_changes(self, ready):
        through()
        ready.person["email"] = "new-name@alder.test"

        _, answer = through()

        assert answer.status_code == 302
        assert models.SingleSignOnLink.objects.count() == 1

    def test_takes_another_signature_we_accept(self, ready):
        ready.signed = "ES256"

        assert through()[1].status_code == 302

    def test_finds_a_new_key_of_the_service(self, ready):
        through()
        models.SingleSignOn.objects.update(keys_at=timezone.now() - dt.timedelta(minutes=2))
        ready.turn_keys()

        assert through()[1].status_code == 302

    def test_asks_for_keys_seldom(self, ready):
        through()
        ready.signed = "by a stranger"
        ready.keys[0].kid  # noqa: B018
        before = ready.asked.count("/keys")
        for _ in range(3):
            through()

        assert ready.asked.count("/keys") == before

    def test_takes_what_only_userinfo_tells(self, ready):
        ready.claims = {"email": None, "email_verified": None}
        ready.userinfo = {"email": BOSS, "email_verified": True}

        assert through()[1].status_code == 302

    def test_takes_no_userinfo_about_somebody_else(self, ready):
        ready.claims = {"email": None, "email_verified": None}
        ready.userinfo = {"sub": "s-2", "email": BOSS, "email_verified": True}

        refused(through()[1])


LIES = {
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "audience": {"aud": "another"},
    "several audiences without a party": {"aud": [sign_in_service.CLIENT, "another"]},
    "party": {"azp": "another"},
    "issuer": {"iss": "http://127.0.0.1:1"},
    "expired": {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200},
    "no end": {"exp": None},
    "an end in words": {"exp": "tomorrow"},
    "from the future": {"iat": int(time.time()) + 3600},
    "not yet": {"nbf": int(time.time()) + 3600},
    "old": {"iat": int(time.time()) - 3600},
    "nobody": {"sub": None},
    "an empty subject": {"sub": ""},
    "unverified": {"email_verified": False},
    "verified in other words": {"email_verified": "yes"},
    "verification left out": {"email_verified": None},
    "no address": {"email": None},
    "another domain": {"email": "staff@birch.test"},
    "a domain that ends alike": {"email": "staff@evil-alder.test"},
    "a domain below": {"email": "staff@sub.alder.test"},
    "two domains": {"email": "staff@alder.test@evil.test"},
}
FORGERIES = [
    "none",
    "not at all",
    "by a stranger",
    "HS256 with the public key",
    "HS256 with the secret",
    "changed afterwards",
]


class TestLies:
    @pytest.mark.parametrize("lie", LIES)
    def test_are_not_believed(self, ready, lie):
        ready.claims = LIES[lie]
        client, answer = through()

        refused(answer)
        assert client.get("/console/").status_code == 302
        assert models.SingleSignOnLink.objects.count() == 0

    @pytest.mark.parametrize("forgery", FORGERIES)
    def test_nor_forgeries(self, ready, forgery):
        ready.signed = forgery
        client, answer = through()

        refused(answer)
        assert client.get("/console/").status_code == 302
        assert models.SingleSignOnLink.objects.count() == 0

    def test_are_written_down(self, ready):
        ready.claims = LIES["audience"]
        through()

        [event] = trail.find(action="sso.refused")
        assert "another application" in event.details["said"]

    def test_skewed_clocks_are_borne_for_a_minute(self, ready):
        ready.claims = {"iat": int(time.time()) + 50, "exp": int(time.time()) + 350}

        assert through()[1].status_code == 302


class TestTheReturn:
    def test_is_good_once(self, ready):
        client = browser()
        back = away(client)
        client.get(back)
        again = client.get(back)

        refused(again)

    def test_belongs_to_the_browser_that_left(self, ready):
        back = away(browser())
        victim = browser()

        refused(victim.get(back))
        assert victim.get("/console/").status_code == 302

    def test_needs_the_same_state(self, ready):
        client = browser()
        back = away(client)

        refused(client.get(back.replace("state=", "state=x")))

    def test_is_too_late_after_ten_minutes(self, ready):
        client = browser()
        back = away(client)
        session = client.session
        left = session["_single_sign_on_away"]
        session["_single_sign_on_away"] = {**left, "at": left["at"] - 601}
        session.save()

        refused(client.get(back))

    def test_of_another_company_is_nothing_here(self, ready):
        back = away(browser())
        client = browser("birch.localhost")

        refused(client.get(back))

    def test_says_what_the_service_said(self, ready):
        ready.refuses = "access_denied"

        assert "access_denied" in refused(through()[1])

    def test_of_another_service_is_a_mix_up(self, ready):
        client = browser()

        refused(client.get(away(client) + "&iss=https%3A%2F%2Fevil.example"))

    def test_needs_the_verifier_of_the_one_who_left(self, ready):
        """A code that was stolen on the way is worth nothing with another departure."""
        thief, victim = browser(), browser()
        stolen = parse_qs(urlsplit(away(victim)).query)["code"][0]
        own = urlsplit(away(thief))
        state = parse_qs(own.query)["state"][0]

        refused(thief.get(f"{own.path}?state={state}&code={stolen}"))


class TestPeople:
    def test_nobody_is_made_unless_the_company_says_so(self, ready):
        ready.person |= {"sub": "s-9", "email": "new@alder.test"}

        refused(through()[1])
        assert not models.User.objects.filter(email="new@alder.test").exists()

    def test_are_made_with_the_posts_chosen(self, in_alder, service):
        set_up(service, makes_people=True, default_roles=("service",))
        service.person |= {"sub": "s-9", "email": "New@alder.test", "name": "Nina New"}

        client, answer = through()

        made = queries.user_by_email(email="new@alder.test")
        assert (answer.status_code, made.roles, made.name) == (302, ["service"], "Nina New")
        assert made.has_usable_password() is False
        assert [e.details["roles"] for e in trail.find(action="sso.make")] == [["service"]]
        assert client.get("/console/customers/").status_code == 200

    def test_are_made_only_as_far_as_the_plan_has_room(self, in_alder, service):
        set_up(service, makes_people=True, default_roles=("service",))
        service.person |= {"sub": "s-9", "email": "new@alder.test"}
        limit(staff=1)

        refused(through()[1])
        assert not models.User.objects.filter(email="new@alder.test").exists()

    def test_get_posts_by_the_table(self, in_alder, service):
        table = {"grid-billing": ["billing"], "grid-meter": ["metering"]}
        set_up(service, makes_people=True, role_claim="realm.groups", role_map=table)
        service.person |= {"sub": "s-9", "email": "new@alder.test", "realm": {"groups": ["x", "grid-meter"]}}

        through()

        assert queries.user_by_email(email="new@alder.test").roles == ["metering"]

    def test_lose_posts_with_their_groups(self, in_alder, service):
        table = {"a": ["administrator", "billing"], "b": ["billing"]}
        set_up(service, makes_people=True, role_claim="groups", role_map=table, roles_follow=True)
        service.person |= {"sub": "s-9", "email": "new@alder.test", "groups": ["a"]}
        through()
        service.person["groups"] = ["b"]
        through()

        assert queries.user_by_email(email="new@alder.test").roles == ["billing"]
        service.person["groups"] = []
        refused(through()[1])

    def test_an_exception_keeps_the_posts(self, in_alder, service):
        boss = queries.user_by_email(email=BOSS)
        set_up(
            service, role_claim="groups", role_map={"b": ["billing"]}, roles_follow=True, exceptions=(boss.pk,)
        )  # fmt: skip
        service.person["groups"] = ["b"]

        assert through()[1].status_code == 302
        assert queries.user_by_email(email=BOSS).roles == ["administrator"]

    def test_whose_access_ended_are_refused(self, ready):
        through()
        models.User.objects.filter(email=BOSS).update(is_active=False)

        refused(through()[1])

    def test_customers_do_not_come_in_here(self, ready):
        operations.create_user(email="c@alder.test", name="C", roles=[Role.CUSTOMER], at=timezone.now())
        ready.person |= {"sub": "s-7", "email": "c@alder.test"}

        refused(through()[1])

    def test_an_address_given_to_another_subject_opens_nothing(self, ready):
        through()
        ready.person["sub"] = "s-2"

        refused(through()[1])
        assert models.SingleSignOnLink.objects.get().subject == "s-1"

    def test_same_service_and_subject_are_two_accounts_at_two_companies(self, ready, birch):
        through()
        with context.use(birch):
            single_sign_on.save(
                facts=facts(ready, domains=("birch.test",), makes_people=True, default_roles=("auditor",)),
                client_secret=sign_in_service.SECRET, description=protocol.describe(issuer=ready.issuer),
                by=queries.user_by_email(email="staff@birch.test"), at=timezone.now(),
            )  # fmt: skip
        ready.person["email"] = "ada@birch.test"

        _, answer = through(browser("birch.localhost"))

        assert answer.status_code == 302
        assert models.SingleSignOnLink.objects.get().user.email == BOSS
        with context.use(birch):
            assert models.SingleSignOnLink.objects.get().user.email == "ada@birch.test"


def limit(features=("sso",), **limits) -> None:
    """Put the present company on a plan."""
    from tenancy import models as tenancy_models

    retailer = context.current_retailer()
    standing = {"state": "active", "features": list(features), "limits": limits}
    with context.use_public():
        tenancy_models.Retailer.objects.filter(pk=retailer.pk).update(standing=standing)
    retailer.standing = standing


class TestThePlan:
    def test_without_it_nobody_is_sent_away(self, ready):
        limit(features=())

        assert browser().get("/accounts/sso/start/").status_code == 404
        assert "Acme Login" not in browser().get("/accounts/login/").content.decode()

    def test_without_it_nobody_must_use_it(self, in_alder, service):
        boss = queries.user_by_email(email=BOSS)
        set_up(service, required=True, exceptions=(boss.pk,))
        limit(features=())

        assert sign_in(browser(), "metering@alder.test")["Location"] == "/console/"

    def test_without_it_the_page_says_what_to_do(self, in_alder):
        limit(features=())
        page = signed_in().get("/console/company/sign-in-service/").content.decode()

        assert "Not in your plan" in page
        assert 'name="issuer"' not in page


class TestRequired:
    @pytest.fixture
    def required(self, in_alder, service):
        boss = queries.user_by_email(email=BOSS)
        return set_up(service, required=True, exceptions=(boss.pk,))

    def test_passwords_of_staff_open_nothing(self, required):
        client = browser()
        answer = sign_in(client, "metering@alder.test")

        assert answer["Location"] == "/accounts/login/"
        assert client.get("/console/").status_code == 302
        assert "Acme Login" in client.get("/accounts/login/").content.decode()

    def test_exceptions_and_customers_keep_theirs(self, required):
        operations.create_user(
            email="c@alder.test", name="C", roles=[Role.CUSTOMER], at=timezone.now(), password=second_factor.PASSWORD
        )  # fmt: skip

        assert sign_in(browser(), BOSS)["Location"] == "/console/"
        assert sign_in(browser(), "c@alder.test")["Location"] == "/"

    def test_needs_somebody_who_gets_in_without_it(self, in_alder, service):
        metering = queries.user_by_email(email="metering@alder.test")

        for exceptions in ((), (metering.pk,), (99_999,)):
            with pytest.raises(single_sign_on.Invalid) as refusal:
                set_up(service, required=True, exceptions=exceptions)
            assert refusal.value.where == "exceptions"
        assert single_sign_on.present() is None

    def test_holds_for_no_administrator_once_the_last_exception_is_gone(self, required):
        operations.create_user(
            email="b@alder.test", name="B", roles=[Role.ADMINISTRATOR], at=timezone.now(),
            password=second_factor.PASSWORD,
        )  # fmt: skip
        assert sign_in(browser(), "b@alder.test")["Location"] == "/accounts/login/"
        models.User.objects.filter(email=BOSS).update(is_active=False)

        assert sign_in(browser(), "b@alder.test")["Location"] == "/console/"
        assert sign_in(browser(), "metering@alder.test")["Location"] == "/accounts/login/"


class TestTheSecondFactor:
    def test_of_our_own_is_asked_for_after_it(self, ready):
        second_factor.give(queries.user_by_email(email=BOSS))

        _, answer = through()

        assert answer["Location"].startswith("/accounts/2fa/authenticate/")

    def test_of_the_service_counts_when_the_company_says_so(self, in_alder, service):
        set_up(service, factor_counts=True)
        second_factor.give(queries.user_by_email(email=BOSS))
        service.claims = {"amr": ["pwd", "mfa"]}

        client, answer = through()

        assert answer["Location"] == "/console/"
        assert client.get("/console/").status_code == 200

    def test_of_the_service_spares_setting_one_up(self, in_alder, service):
        set_up(service, factor_counts=True)
        policy.change(by=queries.user_by_email(email=BOSS), at=timezone.now(), staff_second_factor=True)
        service.claims = {"acr": "mfa"}
        client, _ = through()

        assert client.get("/console/").status_code == 200
        service.claims = {"acr": "pwd"}
        other, _ = through()
        assert other.get("/console/")["Location"] == "/accounts/2fa/"


class TestOnceMore:
    @pytest.fixture
    def stale(self, in_alder, service):
        """Somebody without a password here, signed in long ago."""
        set_up(service, makes_people=True, default_roles=("administrator",))
        service.person |= {"sub": "s-9", "email": "new@alder.test"}
        client, _ = through()
        session = client.session
        records = session["account_authentication_methods"]
        session["account_authentication_methods"] = [{**each, "at": each["at"] - 3600} for each in records]
        session.save()
        return client

    def test_the_service_asks_before_a_sensitive_deed_and_it_is_done_afterwards(self, stale, service):
        asked = stale.post("/console/company/support/rule/", {"support_consent": "on"})
        assert asked["Location"].startswith("/accounts/sso/again/")
        assert policy.present().support_consent is False

        stale.get(away(stale, confirming(stale, asked)))

        assert policy.present().support_consent is True

    def test_an_old_proof_does_not_count(self, stale, service):
        asked = stale.post("/console/company/support/rule/", {"support_consent": "on"})
        service.claims = {"auth_time": int(time.time()) - 3600}

        refused(stale.get(away(stale, confirming(stale, asked))))
        assert policy.present().support_consent is False

    def test_another_persons_proof_does_not_count(self, stale, service):
        asked = stale.post("/console/company/support/rule/", {"support_consent": "on"})
        service.person = dict(sign_in_service.PERSON)

        refused(stale.get(away(stale, confirming(stale, asked))))
        assert policy.present().support_consent is False


class TestSigningOut:
    def test_ends_here_and_shows_the_way_out_there(self, ready):
        client, _ = through()

        answer = client.post("/accounts/logout/")
        page = client.get(answer["Location"]).content.decode()

        assert answer["Location"] == "/accounts/sso/out/"
        assert f"{ready.issuer}/out?client_id={sign_in_service.CLIENT}" in page
        assert client.get("/console/").status_code == 302


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
