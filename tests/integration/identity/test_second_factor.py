"""A second factor through the real pages: set up, asked for, lost, taken away; and only at one's own company."""

from __future__ import annotations

import base64
import datetime as dt
import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client

from harness import second_factor as app
from harness.browsers import browser, sign_in
from identity import operations, policy, queries, second_factor
from identity.capabilities import Role
from kernel.errors import Conflict, Invalid
from tenancy import context

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"
BOSS = "staff@alder.test"
pytestmark = pytest.mark.django_db


def set_up(client: Client) -> str:
    """Set up the app on its page; return its secret."""
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r"<code>\s*([A-Z2-7]{32})", page)[1]
    answer = client.post("/accounts/2fa/totp/activate/", {"code": app.code(secret)})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/recovery-codes/"), answer.content.decode()
    return secret


class TestTheApp:
    def test_is_set_up_by_picture_or_by_hand_and_asked_for_after_the_password(self, in_alder):
        client = browser()
        sign_in(client)
        page = client.get("/accounts/2fa/totp/activate/").content.decode()
        picture = base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[1])
        secret = set_up(client)

        again = browser()
        first = sign_in(again)
        before = again.get("/console/").status_code
        second = again.post("/accounts/2fa/authenticate/", {"code": app.code(secret)})

        assert picture.startswith(b"<?xml")
        assert (first["Location"], before) == ("/accounts/2fa/authenticate/", 302)
        assert (second.status_code, again.get("/console/").status_code) == (302, 200)

    def test_keeps_its_secret_sealed(self, in_alder):
        client = browser()
        sign_in(client)

        secret = set_up(client)

        stored = Authenticator.objects.get(type="totp").data["secret"]
        assert secret not in stored
        assert secret.encode() not in base64.b64decode(stored)
        assert second_factor.Adapter().decrypt(stored) == secret

    def test_refuses_a_code_that_was_used(self, in_alder):
        client = browser()
        sign_in(client)
        secret = set_up(client)
        one, other = browser(), browser()
        sign_in(one)
        sign_in(other)
        code = app.code(secret)

        one.post("/accounts/2fa/authenticate/", {"code": code})
        other.post("/accounts/2fa/authenticate/", {"code": code})

        assert (one.get("/console/").status_code, other.get("/console/").status_code) == (200, 302)


class TestRecoveryCodes:
    def test_are_shown_once_with_a_file_and_open_once(self, in_alder):
        client = browser()
        sign_in(client)
        set_up(client)
        shown = client.get("/accounts/2fa/recovery-codes/").content.decode()
        codes = re.findall(r"\b\d{8}\b", re.search(r"<pre.*?</pre>", shown, re.S)[0])
        file = base64.b64decode(re.search(r'href="data:text/plain;charset=utf-8;base64,([^"]+)"', shown)[1]).decode()
        hidden = client.get("/accounts/2fa/recovery-codes/").content.decode()
        download = client.get("/accounts/2fa/recovery-codes/download/").status_code
        first, second = browser(), browser()
        sign_in(first)
        sign_in(second)

        first.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        second.post("/accounts/2fa/authenticate/", {"code": codes[0]})

        assert (len(codes), file.split()) == (10, codes)
        assert not set(codes) & set(re.findall(r"\b\d{8}\b", hidden))
        assert download == 403
        assert (first.get("/console/").status_code, second.get("/console/").status_code) == (200, 302)


class TestAPolicy:
    def test_leads_staff_to_set_one_up_and_to_nothing_else(self, in_alder):
        boss = queries.user_by_email(email=BOSS)
        policy.change(staff_second_factor=True, by=boss, at=AT)
        client = browser()
        sign_in(client)

        pages = [client.get(path) for path in ("/console/", "/console/company/staff/", "/")]
        order = client.post("/console/company/keys/new/", {"name": "x", "scopes": ["readings:read"]})
        part = client.get("/console/", headers={"HX-Request": "true"})
        shown = client.get("/accounts/2fa/").content.decode()
        set_up(client)

        assert {page["Location"] for page in pages} == {"/accounts/2fa/"}
        assert (order["Location"], queries.keys().count()) == ("/accounts/2fa/", 0)
        assert (part.status_code, part["HX-Redirect"]) == (204, "/accounts/2fa/")
        assert "Set up a second factor" in shown
        assert client.get("/console/").status_code == 200

    def test_holds_for_who_is_signed_in_already_within_a_minute(self, in_alder):
        client = browser()
        sign_in(client)
        session = client.session
        policy.change(staff_second_factor=True, by=queries.user_by_email(email=BOSS), at=AT)
        session["_guard"] = {**session["_guard"], "seen": session["_guard"]["seen"] - 61}
        session.save()

        answer = client.get("/console/")

        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")

    def test_lets_nobody_remove_the_last_one(self, in_alder):
        client = browser()
        sign_in(client)
        set_up(client)
        policy.change(staff_second_factor=True, by=queries.user_by_email(email=BOSS), at=AT)

        client.post("/accounts/2fa/totp/deactivate/")

        assert Authenticator.objects.filter(type="totp").count() == 1

    def test_asks_nothing_of_customers(self, in_alder):
        boss = queries.user_by_email(email=BOSS)
        operations.create_user(email="c@alder.test", name="C", roles=[Role.CUSTOMER], at=AT, password=PASSWORD)
        policy.change(staff_second_factor=True, by=boss, at=AT)
        client = browser()

        sign_in(client, "c@alder.test")

        assert client.get("/").status_code == 403  # no customer yet, but the door is open
        assert "Where you are signed in" in client.get("/accounts/2fa/").content.decode()

    @pytest.mark.parametrize("values", [{"idle_minutes": 4}, {"failures_allowed": 21}, {"lock_minutes": 0}, {"x": 1}])
    def test_refuses_numbers_outside_their_ranges(self, in_alder, values):
        with pytest.raises(Invalid):
            policy.change(by=queries.user_by_email(email=BOSS), at=AT, **values)

        assert policy.present().pk == 1
        assert policy.present().idle_minutes == 60


class TestTheOperator:
    def test_gets_nowhere_without_one(self, operator):
        with context.use(operator):
            Authenticator.objects.all().delete()
        client = browser("operator.localhost")
        sign_in(client, app.OPERATOR)

        answer = client.get("/")

        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")

    def test_gets_in_with_one(self, operator):
        client = browser("operator.localhost")

        app.sign_in(client)

        assert client.get("/").status_code == 200
        assert client.get("/security/").status_code == 200


class TestALostOne:
    def test_is_reset_by_an_administrator_and_the_sessions_end(self, in_alder):
        person = queries.user_by_email(email="metering@alder.test")
        phone, boss = browser(), browser()
        sign_in(phone, person.email)
        set_up(phone)
        sign_in(boss)

        boss.post(f"/console/company/staff/{person.pk}/reset-factor/")

        assert not second_factor.is_held(user=person)
        assert phone.get("/console/").status_code == 302
        assert queries.audit_events().filter(action="second_factor.reset").count() == 1

    def test_is_not_reset_by_oneself(self, in_alder):
        boss = queries.user_by_email(email=BOSS)
        app.give(boss)

        with pytest.raises(Conflict):
            second_factor.reset(user=boss, by=boss, at=AT)

        assert second_factor.is_held(user=boss)

    def test_of_the_last_person_is_reset_by_command(self, operator, capsys):
        call_command("reset_second_factor", "operator", app.OPERATOR)

        with context.use(operator):
            assert not second_factor.is_held(user=queries.user_by_email(email=app.OPERATOR))
        assert capsys.readouterr().out == "operator: staff@operator.test has no second factor now\n"


class TestAnotherCompany:
    def test_with_the_same_address_has_its_own(self, alder, birch):
        for retailer in (alder, birch):
            with context.use(retailer):
                operations.create_user(
                    email="same@both.test", name="Same", roles=[Role.AUDITOR], at=AT, password=PASSWORD
                )
        home, abroad = browser(), browser("birch.localhost")
        sign_in(home, "same@both.test")
        set_up(home)

        plain = sign_in(abroad, "same@both.test")

        assert plain["Location"] == "/console/"
        assert abroad.get("/console/").status_code == 200

    def test_does_not_open_a_secret_sealed_here(self, alder, birch):
        with context.use(alder):
            sealed = second_factor.Adapter().encrypt("secret")

        with context.use(birch), pytest.raises(Exception, match="cannot be opened"):
            second_factor.Adapter().decrypt(sealed)
