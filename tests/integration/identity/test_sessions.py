"""Where people are signed in: listed, ended on the server, ended by idleness, a new password and deactivation."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from harness.browsers import browser, sign_in, signed_in
from identity import operations, policy, queries, sessions
from tenancy import context
from tenancy.database import connection

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BOSS, METERING = "staff@alder.test", "metering@alder.test"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
pytestmark = pytest.mark.django_db


def rows(email: str = BOSS):
    return list(sessions.mine(user=queries.user_by_email(email=email), at=timezone.now()))


def wait(client, minutes: int) -> None:
    """Let time pass in a browser without waiting for it."""
    session = client.session
    session["_guard"] = {**session["_guard"], "seen": session["_guard"]["seen"] - minutes * 60}
    session.save()


class TestTheList:
    def test_tells_device_address_and_which_is_this_one(self, in_alder):
        client = signed_in(HTTP_USER_AGENT=FIREFOX)

        page = client.get("/accounts/2fa/").content.decode()

        assert "Firefox · Windows" in page
        assert "127.0.0.1" in page
        assert "this one" in page

    def test_ends_one_at_once(self, in_alder):
        client, lost = signed_in(), signed_in(HTTP_USER_AGENT=FIREFOX)
        [row] = [row for row in rows() if row.device == "Firefox · Windows"]

        client.post(f"/accounts/2fa/sessions/{row.pk}/end/")

        assert (client.get("/console/").status_code, lost.get("/console/").status_code) == (200, 302)
        assert len(rows()) == 1

    def test_ends_all_others(self, in_alder):
        client, *others = signed_in(), signed_in(), signed_in()

        client.post("/accounts/2fa/sessions/end-others/")

        assert client.get("/console/").status_code == 200
        assert [other.get("/console/").status_code for other in others] == [302, 302]

    def test_ends_nothing_of_others(self, in_alder):
        client, colleague = signed_in(METERING), signed_in()
        [row] = rows()

        answer = client.post(f"/accounts/2fa/sessions/{row.pk}/end/")

        assert (answer.status_code, colleague.get("/console/").status_code) == (404, 200)

    def test_of_another_company_is_not_reached(self, alder, birch):
        at_home, abroad = signed_in(), signed_in("staff@birch.test", "birch.localhost")
        with context.use(alder):
            [row] = rows()
        with context.use(birch):
            [own] = rows("staff@birch.test")

        abroad.post(f"/accounts/2fa/sessions/{row.pk}/end/")

        assert at_home.get("/console/").status_code == 200
        assert abroad.get("/console/").status_code == (302 if own.pk == row.pk else 200)


class TestAnEnd:
    def test_comes_with_a_new_password_everywhere_else(self, in_alder):
        client, other = signed_in(), signed_in()
        new = {
            "oldpassword": "correct horse battery",
            "password1": "quite another word",
            "password2": "quite another word",
        }

        client.post("/accounts/password/change/", new)

        assert (client.get("/console/").status_code, other.get("/console/").status_code) == (200, 302)
        assert len(rows()) == 1

    def test_comes_with_deactivation(self, in_alder):
        client, person = signed_in(METERING), queries.user_by_email(email=METERING)

        operations.deactivate_user(user=person, at=AT, by=queries.user_by_email(email=BOSS))

        assert client.get("/console/").status_code == 302
        assert rows(METERING) == []

    def test_comes_with_signing_out(self, in_alder):
        client = signed_in()

        client.post("/accounts/logout/")

        assert rows() == []

    def test_comes_to_staff_who_do_nothing_for_an_hour(self, in_alder):
        quiet, busy = signed_in(), signed_in()
        wait(quiet, 61)
        wait(busy, 59)

        answer = quiet.get("/console/?q=1")

        assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/console/%3Fq%3D1")
        assert busy.get("/console/").status_code == 200
        assert len(rows()) == 1

    def test_follows_the_companys_own_number(self, in_alder):
        policy.change(idle_minutes=10, by=queries.user_by_email(email=BOSS), at=AT)
        client = signed_in()
        wait(client, 11)

        assert client.get("/console/").status_code == 302


class TestAVisit:
    def test_asks_the_database_nothing_more_within_a_minute(self, in_alder):
        client = signed_in()
        client.get("/accounts/password/change/")

        with CaptureQueriesContext(connection) as asked:
            client.get("/accounts/password/change/")

        tables = ("identity_opensession", "identity_securitypolicy", "mfa_authenticator")
        assert [q["sql"] for q in asked.captured_queries if any(table in q["sql"] for table in tables)] == []

    def test_notes_once_a_minute_when_somebody_was_seen(self, in_alder):
        client = signed_in()
        [before] = rows()
        sessions.models.OpenSession.objects.update(seen_at=before.seen_at - dt.timedelta(minutes=5))
        wait(client, 2)

        client.get("/console/")

        assert rows()[0].seen_at >= before.seen_at

    def test_under_a_renewed_key_is_still_the_same_session(self, in_alder):
        client = signed_in()
        session = client.session
        session.cycle_key()
        client.cookies["gridhall_session"] = session.session_key

        client.get("/console/")

        assert [row.session_key for row in rows()] == [session.session_key]


class TestSensitiveDeeds:
    def old(self, client) -> None:
        session = client.session
        records = session["account_authentication_methods"]
        session["account_authentication_methods"] = [{**r, "at": r["at"] - 901} for r in records]
        session.save()

    def test_are_done_at_once_by_who_just_signed_in(self, in_alder):
        client = signed_in()

        answer = client.post("/console/company/keys/new/", {"name": "gateway", "scopes": ["readings:read"]})

        assert (answer.status_code, queries.keys().count()) == (200, 1)

    def test_ask_again_later_and_go_on_where_they_were(self, in_alder):
        client = signed_in()
        self.old(client)

        asked = client.post("/console/company/keys/new/", {"name": "gateway", "scopes": ["readings:read"]})
        before = queries.keys().count()
        wrong = client.post(asked["Location"], {"password": "wrong"})
        done = client.post(asked["Location"], {"password": "correct horse battery"})

        assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
        assert (before, wrong.status_code) == (0, 200)
        assert queries.keys().count() == 1
        assert "gateway" in done.content.decode()

    def test_with_secrets_keep_nothing_meanwhile(self, in_alder):
        client = signed_in()
        self.old(client)

        asked = client.post("/console/company/payment-provider/keys/", {"secret_key": "sk_test_very_secret"})

        assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
        assert "very_secret" not in str(dict(client.session))

    def test_all_have_pages(self):
        from django.urls import get_resolver

        from portal.shared import sensitive

        found = set()
        for conf, space in (("config.urls_retailer", "console"), ("config.urls_operator", "hosting")):
            _, (_prefix, inner) = space, get_resolver(conf).namespace_dict[space]
            found |= {f"{space}:{name}" for name in inner.reverse_dict if isinstance(name, str)}

        assert sensitive.DEEDS - found == set()
        assert sensitive.WITH_SECRETS <= sensitive.DEEDS


class TestSigningInAgain:
    def test_on_a_known_device_tells_nobody(self, in_alder):
        from identity import alerts

        client = signed_in()
        client.post("/accounts/logout/")
        sign_in(client)

        assert list(alerts.find()) == []

    def test_on_a_new_device_tells_the_person(self, in_alder):
        from identity import alerts

        signed_in()
        sign_in(browser(HTTP_USER_AGENT=FIREFOX))

        [alert] = alerts.find()
        assert (alert.kind, alert.user.email, alert.mail_due) == ("new_device", BOSS, True)
        assert alert.details == {"address": "127.0.0.1", "device": "Firefox · Windows"}

    def test_from_a_new_network_tells_staff(self, in_alder):
        from identity import alerts

        client = signed_in()
        client.post("/accounts/logout/")
        client.defaults["REMOTE_ADDR"] = "203.0.113.9"
        sign_in(client)

        assert [a.kind for a in alerts.find()] == ["new_network"]
