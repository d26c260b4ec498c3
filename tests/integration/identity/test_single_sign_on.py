"""Staff sign in at the company's own service: over the real protocol, against a service that can lie."""

from __future__ import annotations

import datetime as dt
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from harness import sign_in_service
from harness.browsers import browser
from harness.sign_in_cast import BOSS, away, refused, through
from identity import models, queries, sessions, trail

pytestmark = pytest.mark.django_db


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
