"""What a stranger, a neighbour or a customer with bad intentions would try at the doors."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client

from config.celery import app
from identity import operations as identity_operations
from identity import queries as identity_queries
from tenancy import context

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"


def browser(host: str = "alder.localhost", **extra) -> Client:
    return Client(HTTP_HOST=host, HTTP_ACCEPT_LANGUAGE="en", raise_request_exception=False, **extra)


def sign_in(client: Client, email: str = "staff@alder.test", password: str = PASSWORD, **extra):
    return client.post("/accounts/login/", {"login": email, "password": password}, **extra)


@pytest.mark.django_db
class TestHost:
    @pytest.mark.parametrize("host", ["ALDER.localhost", "alder.localhost.", "alder.localhost:8000"])
    def test_is_the_same_company_however_it_is_written(self, host):
        assert browser(host).get("/accounts/login/").status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "", "cedar.localhost", "alder.localhost.evil.test", "evil.test:alder.localhost", "alder.localhost..",
            "alder.localhost:80:80", "alder.localhost:evil", "alder.localhost,birch.localhost", "*", "a" * 5000,
            "alder.localhost@evil.test", "evil.test@alder.localhost", "[::1]alder.localhost", "[x]alder.localhost",
            "alder.localhost/../", "alder.localhost\x00", "alder.local\xadhost", "xn--alder.localhost",
            " alder.localhost", "alder.localhost\t", "alder%2elocalhost", "alder_localhost",
        ],
    )  # fmt: skip
    def test_that_is_not_quite_a_company_is_nobodys(self, host):
        answer = browser(host).get("/accounts/login/")

        assert answer.status_code == 421, answer.status_code

    @pytest.mark.parametrize(
        "header", ["HTTP_X_FORWARDED_HOST", "HTTP_X_HOST", "HTTP_X_ORIGINAL_HOST", "HTTP_FORWARDED", "SERVER_NAME"]
    )
    def test_cannot_be_overruled_by_another_header(self, header):
        forged = browser(**{header: "host=birch.localhost" if header == "HTTP_FORWARDED" else "birch.localhost"})

        page = forged.get("/accounts/login/").content.decode()

        assert "Alder" in page
        assert "Birch" not in page

    def test_page_for_nobody_is_as_strict_as_every_other(self):
        headers = browser("cedar.localhost").get("/").headers

        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "Host" in headers["Vary"]


@pytest.mark.django_db
class TestRedirects:
    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.test/", "//evil.test/", "///evil.test/", "http:evil.test", "\\\\evil.test", "/\\evil.test",
            "https://birch.localhost/", "javascript:alert(1)", "https://alder.localhost@evil.test/", "\t//evil.test/",
            "https:///evil.test", "data:text/html,x", "//evil.test\\@alder.localhost/",
        ],
    )  # fmt: skip
    def test_after_sign_in_stay_at_the_company(self, target):
        answer = browser().post("/accounts/login/", {"login": "staff@alder.test", "password": PASSWORD, "next": target})

        assert answer.status_code == 302
        assert answer["Location"] == "/console/"

    @pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
    @pytest.mark.parametrize("path", ["/preferences/language", "/preferences/theme", "/accounts/logout/"])
    def test_of_small_forms_stay_at_the_company(self, path, target):
        client = browser()
        sign_in(client)

        answer = client.post(path, {"next": target, "language": "en", "theme": "dark"}, headers={"referer": target})

        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert not answer["Location"].startswith(("//", "/\\"))


@pytest.mark.django_db
class TestForgery:
    def test_a_form_of_a_neighbour_is_refused_although_it_planted_its_own_token(self):
        """A neighbour on a sister name may set cookies for the common parent; the origin of the form betrays it."""
        neighbour = Client(HTTP_HOST="birch.localhost", enforce_csrf_checks=True)
        page = neighbour.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
        victim = Client(HTTP_HOST="alder.localhost", enforce_csrf_checks=True, raise_request_exception=False)
        victim.cookies["gridhall_csrf"] = neighbour.cookies["gridhall_csrf"].value

        answer = victim.post(
            "/accounts/login/",
            {"login": "staff@alder.test", "password": PASSWORD, "csrfmiddlewaretoken": token},
            headers={"origin": "http://birch.localhost"},
        )

        assert answer.status_code == 403

    def test_a_planted_session_of_a_neighbour_opens_nothing(self):
        neighbour = browser("birch.localhost")
        sign_in(neighbour, "staff@birch.test")
        victim = browser("alder.localhost")
        victim.cookies["gridhall_session"] = neighbour.cookies["gridhall_session"].value

        assert victim.get("/console/").status_code == 302

    def test_every_address_that_changes_something_asks_for_a_token(self):
        client = Client(HTTP_HOST="alder.localhost", enforce_csrf_checks=True, raise_request_exception=False)
        client.cookies["gridhall_session"] = _session_of("staff@alder.test")
        assert client.get("/console/").status_code == 200

        for path in (
            "/accounts/logout/",
            "/accounts/password/change/",
            "/console/company/staff/invite/",
            "/console/company/keys/new/",
        ):
            assert client.post(path, {}).status_code == 403, path


@pytest.mark.django_db
class TestSession:
    def test_gets_a_new_key_at_sign_in(self):
        client = browser()
        client.cookies["gridhall_session"] = "a" * 32
        sign_in(client)

        assert client.cookies["gridhall_session"].value != "a" * 32
        assert client.get("/console/").status_code == 200

    def test_ends_with_signing_out_on_the_server_too(self):
        client = browser()
        sign_in(client)
        stolen = client.cookies["gridhall_session"].value
        client.post("/accounts/logout/")
        thief = browser()
        thief.cookies["gridhall_session"] = stolen

        assert thief.get("/console/").status_code == 302

    def test_of_other_devices_ends_with_a_new_password(self):
        here, elsewhere = browser(), browser()
        sign_in(here)
        sign_in(elsewhere)
        new = "a quite different secret"

        changed = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

        assert changed.status_code == 302, changed.content.decode()
        assert elsewhere.get("/console/").status_code == 302
        assert here.get("/console/").status_code == 200

    def test_ends_when_the_person_is_deactivated(self, alder):
        client = browser()
        sign_in(client, "metering@alder.test")
        before = client.get("/console/").status_code
        with context.use(alder):
            boss = identity_queries.user_by_email(email="staff@alder.test")
            person = identity_queries.user_by_email(email="metering@alder.test")
            identity_operations.deactivate_user(user=person, at=AT, by=boss)

        assert before == 200
        assert client.get("/console/").status_code == 302

    def test_pages_of_a_person_are_kept_by_no_cache(self):
        client = browser()
        sign_in(client)

        headers = client.get("/console/").headers

        assert "no-store" in headers.get("Cache-Control", "")
        assert "Cookie" in headers["Vary"]


@pytest.mark.django_db
class TestKeys:
    def test_of_a_deactivated_maker_open_nothing(self, alder):
        with context.use(alder):
            boss = identity_queries.user_by_email(email="staff@alder.test")
            person = identity_queries.user_by_email(email="metering@alder.test")
            _, secret = identity_operations.create_key(name="gateway", scopes=["readings:read"], by=person, at=AT)
        program = browser(HTTP_AUTHORIZATION=f"Bearer {secret}")
        before = program.get("/api/v1/me").status_code
        with context.use(alder):
            identity_operations.deactivate_user(user=person, at=AT, by=boss)

        assert (before, program.get("/api/v1/me").status_code) == (200, 401)


@pytest.mark.django_db
class TestGuessing:
    def guess(self, times: int, host: str = "alder.localhost", email: str = "staff@alder.test", **extra):
        answers = [sign_in(browser(host, **extra), email, "wrong") for _ in range(times)]
        return answers[-1]

    def test_a_password_is_slowed_down_even_for_the_right_one(self):
        self.guess(6)

        answer = sign_in(browser())

        assert answer.status_code == 200
        assert "Too many failed attempts" in answer.content.decode()

    def test_at_one_company_locks_nobody_out_at_another(self):
        self.guess(6)

        assert sign_in(browser("birch.localhost"), "staff@birch.test").status_code == 302

    def test_is_not_helped_by_a_made_up_sender_address(self):
        for number in range(12):
            sign_in(browser(HTTP_X_FORWARDED_FOR=f"10.0.0.{number}"), f"nobody{number}@alder.test", "wrong")

        answer = sign_in(browser(HTTP_X_FORWARDED_FOR="10.9.9.9"))

        assert answer.status_code == 200

    def test_behind_a_proxy_counts_by_the_address_the_proxy_saw(self, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        for number in range(12):
            made_up = browser(HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 203.0.113.9")
            sign_in(made_up, f"nobody{number}@alder.test", "wrong")

        guesser = sign_in(browser(HTTP_X_FORWARDED_FOR="10.9.9.9, 203.0.113.9"))
        neighbour = sign_in(browser(HTTP_X_FORWARDED_FOR="203.0.113.10"))

        assert (guesser.status_code, neighbour.status_code) == (200, 302)

    def test_an_unknown_address_is_answered_like_a_known_one(self):
        known = sign_in(browser(), "staff@alder.test", "wrong").content.decode()
        unknown = sign_in(browser(), "nobody@alder.test", "wrong").content.decode()

        assert _plain(known, "staff@alder.test") == _plain(unknown, "nobody@alder.test")

    def test_a_reset_for_an_unknown_address_is_answered_like_a_known_one(self):
        answers = [
            browser().post("/accounts/password/reset/", {"email": email})
            for email in ("staff@alder.test", "nobody@alder.test")
        ]

        assert {(a.status_code, a["Location"]) for a in answers} == {(302, "/accounts/password/reset/done/")}


@pytest.mark.django_db
class TestReset:
    @pytest.fixture(autouse=True)
    def workers(self):
        """The mail goes out by the workers; here they work at once."""
        before, app.conf.task_always_eager = app.conf.task_always_eager, True
        yield
        app.conf.task_always_eager = before

    def link(self, host: str = "alder.localhost", email: str = "staff@alder.test") -> str:
        browser(host).post("/accounts/password/reset/", {"email": email})
        return re.search(r"https?://\S+", mail.outbox[-1].body)[0]

    def test_link_leads_to_the_company_whatever_the_host_header_said(self):
        assert self.link("ALDER.localhost:6666").startswith("http://alder.localhost/accounts/password/reset/key/")

    def test_link_is_good_once_and_only_at_home(self):
        path = self.link().split("localhost", 1)[1]
        new = {"password1": "a quite different secret", "password2": "a quite different secret"}
        abroad = browser("birch.localhost").get(path)
        home = browser()
        form = home.get(path)["Location"]
        home.post(form, new)
        again = browser().get(path)

        assert 'name="password1"' not in abroad.content.decode()
        assert sign_in(browser(), password="a quite different secret").status_code == 302
        assert 'name="password1"' not in again.content.decode()

    def test_sends_nothing_to_the_deactivated_or_to_strangers(self, alder):
        with context.use(alder):
            boss = identity_queries.user_by_email(email="staff@alder.test")
            person = identity_queries.user_by_email(email="metering@alder.test")
            identity_operations.deactivate_user(user=person, at=AT, by=boss)
        for email in ("metering@alder.test", "stranger@elsewhere.test", "staff@birch.test"):
            browser().post("/accounts/password/reset/", {"email": email})

        assert [message.to for message in mail.outbox] == []


@pytest.mark.django_db
class TestAccountPages:
    @pytest.mark.parametrize("path", ["email/", "confirm-email/", "confirm-email/x/", "login/code/confirm/"])
    def test_nobody_needs_are_not_there(self, path):
        client = browser()
        sign_in(client)

        assert client.get(f"/accounts/{path}").status_code == 404
        assert client.post(f"/accounts/{path}", {"email": "evil@evil.test", "action_add": ""}).status_code == 404


def _session_of(email: str) -> str:
    client = browser()
    sign_in(client, email)
    return client.cookies["gridhall_session"].value


def _plain(page: str, email: str) -> str:
    return re.sub(r'(value="|Token": ")\w{64}', "", page.replace(email, ""))
