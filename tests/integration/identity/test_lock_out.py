"""Wrong passwords and codes lock an account for a while: the same for strangers, undone by time, people and a link."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from config.celery import app as workers
from harness import second_factor as app
from harness.browsers import browser, sign_in, signed_in
from identity import alerts, attempts, policy, queries, tasks
from tenancy import context

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BOSS, METERING = "staff@alder.test", "metering@alder.test"
MINUTE = dt.timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def at_once():
    """The workers work at once."""
    before, workers.conf.task_always_eager = workers.conf.task_always_eager, True
    yield
    workers.conf.task_always_eager = before


def guess(email: str, times: int) -> None:
    for _ in range(times):
        sign_in(browser(), email, "wrong")


def fail(email: str, *, at: dt.datetime, times: int = 1, address: str = "198.51.100.7", mark: str = "") -> list[bool]:
    heard = []
    for _ in range(times):
        noted = attempts.begin(email=email, address=address, mark=mark, device="", at=at)
        heard.append(noted is not None)
    return heard


class TestAnAccount:
    def test_is_locked_after_five_wrong_passwords_even_for_the_right_one(self, in_alder):
        guess(METERING, 5)

        answer = sign_in(browser(), METERING)

        assert answer.status_code == 200
        assert "Too many failed attempts. Try again in 15 minutes" in answer.content.decode()
        assert attempts.recent(since=AT).first().outcome == "refused"

    def test_that_nobody_has_is_answered_in_the_same_words(self, in_alder):
        pages = []
        for email in (METERING, "nobody@alder.test"):
            guess(email, 5)
            page = sign_in(browser(), email).content.decode()
            pages.append(re.search(r"Too many failed attempts[^<]*", page)[0])
            cache.clear()

        assert pages[0] == pages[1]

    def test_opens_by_itself_when_the_time_is_over(self, in_alder):
        heard = fail(METERING, at=AT, times=6)
        just_before = fail(METERING, at=AT + 14 * MINUTE)
        after = fail(METERING, at=AT + 15 * MINUTE)

        assert (heard, just_before, after) == ([True] * 5 + [False], [False], [True])

    def test_counts_before_the_password_is_looked_at(self, in_alder):
        """Tries at the same moment see each other: each is written down before it is judged."""
        first = attempts.begin(email=METERING, address="", mark="", device="", at=AT)
        others = fail(METERING, at=AT, times=5)
        attempts.take_back(attempt=first)

        assert others == [True] * 4 + [False]
        assert fail(METERING, at=AT) == [True]

    def test_is_counted_by_its_address_whatever_the_case(self, in_alder):
        heard = fail("Metering@Alder.test ", at=AT, times=3) + fail(METERING, at=AT, times=3)

        assert heard == [True] * 5 + [False]

    def test_of_the_same_address_at_another_company_is_open(self, alder, birch):
        with context.use(alder):
            fail("staff@birch.test", at=AT, times=9)
        with context.use(birch):
            heard = fail("staff@birch.test", at=AT)

        assert heard == [True]

    def test_follows_the_companys_own_numbers(self, in_alder):
        policy.change(failures_allowed=3, lock_minutes=60, by=queries.user_by_email(email=BOSS), at=AT)

        heard = fail(METERING, at=AT, times=4)

        assert heard == [True] * 3 + [False]
        assert attempts.locked(at=AT) == [(METERING, AT + 60 * MINUTE)]


class TestAKnownBrowser:
    def test_lets_its_person_in_while_strangers_are_refused(self, in_alder):
        mine = signed_in(METERING)
        mine.post("/accounts/logout/")
        guess(METERING, 6)

        stranger, own = sign_in(browser(), METERING), sign_in(mine, METERING)

        assert (stranger.status_code, own.status_code) == (200, 302)

    def test_has_a_count_of_its_own(self, in_alder):
        mine = signed_in(METERING)
        mine.post("/accounts/logout/")
        for _ in range(5):
            sign_in(mine, METERING, "wrong")

        own, stranger = sign_in(mine, METERING), sign_in(browser(), METERING)

        assert (own.status_code, stranger.status_code) == (200, 302)

    def test_is_not_made_by_a_mark_of_another_company(self, alder, birch):
        abroad = signed_in("staff@birch.test", "birch.localhost")
        mine = browser()
        mine.cookies["gridhall_device"] = abroad.cookies["gridhall_device"].value
        guess(METERING, 5)

        answer = sign_in(mine, METERING)

        assert answer.status_code == 200
        with context.use(alder):
            assert [a.kind for a in alerts.find()] == ["foreign_company"]


class TestASender:
    def test_that_tries_many_accounts_is_refused_and_told_of(self, in_alder, at_once):
        now = timezone.now()
        heard = [fail(f"p{n}@alder.test", at=now)[0] for n in range(32)]
        elsewhere = fail("p99@alder.test", at=now, address="203.0.113.5")
        tasks.look_at_failures.delay("p1@alder.test", "198.51.100.7")

        assert heard == [True] * 30 + [False] * 2
        assert elsewhere == [True]
        assert [(a.kind, a.user, a.details) for a in alerts.find()] == [
            ("many_failures", None, {"address": "198.51.100.7"})
        ]


class TestACode:
    def test_that_is_wrong_counts_like_a_password(self, in_alder):
        person = queries.user_by_email(email=METERING)
        app.give(person)
        client = browser()
        sign_in(client, METERING)
        for _ in range(5):
            client.post("/accounts/2fa/authenticate/", {"code": "000000"})

        answer = client.post("/accounts/2fa/authenticate/", {"code": app.code()})

        assert "Too many failed" in answer.content.decode()
        assert client.get("/console/").status_code == 302


class TestUnlocking:
    def test_is_done_by_an_administrator_and_recorded(self, in_alder):
        guess(METERING, 5)
        boss = signed_in()
        shown = boss.get("/console/company/security/").content.decode()

        boss.post("/console/company/security/unlock/", {"email": METERING})

        assert f"Unlock {METERING}" in shown
        assert sign_in(browser(), METERING).status_code == 302
        assert queries.audit_events().filter(action="security.unlock", subject=METERING).count() == 1

    def test_of_what_is_not_locked_is_not_found(self, in_alder):
        answer = signed_in().post("/console/company/security/unlock/", {"email": METERING})

        assert answer.status_code == 404

    def test_follows_a_new_password_by_mail(self, in_alder, at_once):
        guess(METERING, 5)
        browser().post("/accounts/password/reset/", {"email": METERING})
        path = re.search(r"https?://[^/]+(\S+)", mail.outbox[-1].body)[1]
        client = browser()
        form = client.get(path)["Location"]
        client.post(form, {"password1": "a quite different secret", "password2": "a quite different secret"})

        answer = sign_in(browser(), METERING, "a quite different secret")

        assert answer.status_code == 302


class TestTheWarning:
    def test_goes_to_the_person_once_and_to_the_list(self, in_alder, at_once, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            guess(METERING, 7)

        told = list(alerts.find(kind="locked"))
        assert [a.user.email for a in told] == [METERING]
        tasks.send_alert.delay(told[0].pk)
        assert [m.to for m in mail.outbox] == [[METERING]]
        assert mail.outbox[0].subject == "桤木售电：您的账号已暂时锁定"

    def test_takes_the_same_steps_for_strangers(self, in_alder):
        """Nothing of the answer depends on whether somebody has the address: the lookup is the workers'."""
        from django.test.utils import CaptureQueriesContext

        from tenancy.database import connection

        counts = []
        for email in (METERING, "nobody@alder.test"):
            with CaptureQueriesContext(connection) as asked:
                browser().post("/accounts/password/reset/", {"email": email})
            counts.append(len(asked))

        assert counts[0] == counts[1]
        assert mail.outbox == []
