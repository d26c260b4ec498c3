"""The company's service orders that sessions end: believed when it is right in everything, carried out once."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone

from harness import second_factor, sign_in_service
from harness.browsers import browser, sign_in
from harness.sign_in_cast import BOSS, limit, set_up, through
from identity import models, queries, single_sign_on, single_sign_on_logout, trail

pytestmark = pytest.mark.django_db
ADDRESS = "/accounts/sso/logout/"
EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}
NOW = int(time.time())


def token(service, **changes):
    """Sign an order; None leaves a claim out."""
    right = {
        "iss": service.issuer, "aud": sign_in_service.CLIENT, "iat": int(time.time()), "exp": int(time.time()) + 120,
        "jti": "order-1", "events": EVENTS, "sub": "s-1",
    }  # fmt: skip
    return service.sign({name: value for name, value in (right | changes).items() if value is not None})


def order(service, host="alder.localhost", **changes):
    return browser(host).post(ADDRESS, {"logout_token": token(service, **changes)})


def inside(client):
    """Return whether a browser is signed in; the session is looked at as after a minute."""
    session = client.session
    if "_guard" in session:
        session["_guard"] = {**session["_guard"], "seen": session["_guard"]["seen"] - 120}
        session.save()
    return client.get("/console/").status_code == 200


def entered(service, **claims):
    service.claims = claims
    client, answer = through()
    assert answer.status_code == 302
    return client


class TestAnOrder:
    def test_by_subject_ends_all_sessions_that_the_service_vouched_for(self, ready):
        first, second = entered(ready, sid="one"), entered(ready)

        answer = order(ready)

        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        assert [inside(each) for each in (first, second)] == [False, False]
        assert [each.details for each in trail.find(action="sso.logout")] == [{"sessions": 2, "by": "sub"}]

    def test_by_session_ends_that_one(self, ready):
        first, second = entered(ready, sid="one"), entered(ready, sid="two")

        answer = order(ready, sub=None, sid="one")

        assert answer.status_code == 200
        assert [inside(each) for each in (first, second)] == [False, True]

    def test_by_both_ends_that_one_of_that_person_and_what_has_no_name(self, ready):
        named, other, nameless = entered(ready, sid="one"), entered(ready, sid="two"), entered(ready)

        order(ready, sub="s-2", sid="one")
        kept = [inside(each) for each in (named, other, nameless)]
        order(ready, sid="one", jti="order-2")

        assert kept == [True, True, True]
        assert [inside(each) for each in (named, other, nameless)] == [False, True, False]

    def test_leaves_who_signed_in_with_a_password_and_others(self, in_alder, service):
        set_up(service, makes_people=True, default_roles=("service",))
        with_password = browser()
        sign_in(with_password, BOSS)
        boss = entered(service)
        service.person |= {"sub": "s-9", "email": "new@alder.test"}
        colleague = entered(service)

        order(service)

        assert [inside(each) for each in (with_password, boss, colleague)] == [True, False, True]

    def test_finds_a_session_that_a_second_factor_completed(self, ready):
        person = queries.user_by_email(email=BOSS)
        second_factor.give(person)
        client = entered(ready, sid="one")
        client.post("/accounts/2fa/authenticate/", {"code": second_factor.code()})
        before = inside(client)

        order(ready, sub=None, sid="one")

        assert (before, inside(client)) == (True, False)

    def test_is_carried_out_once(self, ready):
        copy = token(ready)
        first = browser().post(ADDRESS, {"logout_token": copy})
        client = entered(ready)

        again = browser().post(ADDRESS, {"logout_token": copy})

        assert (first.status_code, again.status_code) == (200, 400)
        assert "heard before" in again.json()["error_description"]
        assert inside(client)

    def test_for_nobody_is_an_order_all_the_same(self, ready):
        assert order(ready, sub="somebody-else").status_code == 200

    def test_may_be_addressed_to_several(self, ready):
        client = entered(ready)

        assert order(ready, aud=["another", sign_in_service.CLIENT]).status_code == 200
        assert not inside(client)

    def test_is_kept_no_longer_than_its_copies_are_believed(self, ready):
        order(ready)
        now = timezone.now()

        early = single_sign_on_logout.forget_old(at=now)
        late = single_sign_on_logout.forget_old(at=now + 2 * single_sign_on_logout.FORGET_AFTER)

        assert (early, late) == (0, 1)


LIES = {
    "another issuer": {"iss": "http://127.0.0.1:1"},
    "another audience": {"aud": "another"},
    "no audience": {"aud": None},
    "a nonce": {"nonce": "n"},
    "an empty nonce": {"nonce": ""},
    "no events": {"events": None},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that is no object": {"events": {"http://schemas.openid.net/event/backchannel-logout": True}},
    "events that are a list": {"events": ["http://schemas.openid.net/event/backchannel-logout"]},
    "no name": {"jti": None},
    "a name that is no text": {"jti": 7},
    "neither subject nor session": {"sub": None},
    "a subject that is no text": {"sub": ["s-1"]},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "expired": {"iat": NOW - 7200, "exp": NOW - 3600},
    "old": {"iat": NOW - 3600},
    "from the future": {"iat": NOW + 3600, "exp": NOW + 7200},
}  # fmt: skip


FORGERIES = (
    "none", "not at all", "by a stranger", "HS256 with the public key", "HS256 with the secret", "changed afterwards",
)  # fmt: skip


class TestLies:
    def test_end_nothing(self, ready):
        client = entered(ready)

        for lie, claims in LIES.items():
            answer = order(ready, **claims)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), lie

        assert inside(client)
        assert models.ServiceLogout.objects.count() == 0

    def test_nor_do_forgeries(self, ready):
        client = entered(ready)

        for forgery in FORGERIES:
            ready.signed = forgery
            assert order(ready).status_code == 400, forgery

        assert inside(client)
        assert models.ServiceLogout.objects.count() == 0

    def test_nor_does_a_token_of_a_sign_in(self, ready):
        client = entered(ready)
        proof = ready.id_token({"nonce": "n"})

        assert browser().post(ADDRESS, {"logout_token": proof}).status_code == 400
        assert inside(client)

    def test_nor_does_no_token_at_all(self, ready):
        for sent in ({}, {"logout_token": ""}, {"logout_token": "x" * 20_000}, {"other": "x"}):
            assert browser().post(ADDRESS, sent).status_code == 400

    def test_are_written_down(self, ready):
        order(ready, aud="another")

        assert "another application" in trail.find(action="sso.refused")[0].details["said"]


class TestTheDoor:
    def test_takes_no_page_visits(self, ready):
        assert browser().get(ADDRESS).status_code == 405

    def test_is_not_there_without_a_service_or_plan(self, in_alder, service):
        assert browser().post(ADDRESS, {"logout_token": "x"}).status_code == 404
        set_up(service)
        limit(features=())
        assert order(service).status_code == 404

    def test_of_another_company_ends_nothing_here(self, ready, birch):
        client = entered(ready)

        assert order(ready, host="birch.localhost").status_code == 404
        assert inside(client)

    def test_forgets_names_of_a_former_service(self, ready):
        client = entered(ready, sid="one")
        single_sign_on.remove(by=queries.user_by_email(email=BOSS), at=timezone.now())
        set_up(ready)

        order(ready, sub=None, sid="one")

        assert inside(client)
        assert models.ServiceLogout.objects.count() == 1
