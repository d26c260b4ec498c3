"""Whom the company's own sign-in service lets in, with which posts, and what is asked of them besides."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone

from harness import second_factor, sign_in_service
from harness.browsers import browser, sign_in, signed_in
from harness.sign_in_cast import BOSS, away, confirming, facts, limit, prove, refused, set_up, through
from identity import models, operations, policy, queries, single_sign_on, trail
from identity import single_sign_on_protocol as protocol
from identity.capabilities import Role
from tenancy import context

pytestmark = pytest.mark.django_db


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
            prove(ready, "birch.test")
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
