"""Somebody of the host enters a company: by a link good once, for a time, with few rights, and visibly."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.utils import timezone

from harness import second_factor, visits
from harness.browsers import browser, signed_in
from hosting import operations as hosting_operations
from hosting import queries as hosting_queries
from hosting.operations import entering as hosting_entering
from identity import entering, entering_rights, entering_tasks, models, policy, queries, sessions, trail
from identity.capabilities import Capability, Role, of_roles
from tenancy import context
from tenants.customers import operations as customer_operations

pytestmark = pytest.mark.django_db
C = Capability


@pytest.fixture
def host(in_alder):
    return visits.operator_browser()


def the_visit() -> models.SupportEntry:
    return models.SupportEntry.objects.get()


def move(**times) -> None:
    """Let the clock of the only visit run: what is given is when things happened."""
    models.SupportEntry.objects.update(**times)


def grow_old(host, operator) -> None:
    """Let two minutes pass since the host's person proved who he is."""
    with context.use(operator):
        session = host.session
        records = session["account_authentication_methods"]
        session["account_authentication_methods"] = [{**each, "at": each["at"] - 121} for each in records]
        session.save()


class TestAsking:
    def test_needs_a_reason(self, host):
        answer = visits.ask(host, reason=" ")

        assert answer.status_code == 422
        assert models.SupportEntry.objects.count() == 0

    @pytest.mark.parametrize("minutes", ["14", "61", "0", "-15", "x", ""])
    def test_keeps_to_the_hosts_limit(self, host, minutes):
        assert visits.ask(host, minutes=minutes).status_code == 422
        assert models.SupportEntry.objects.count() == 0

    def test_is_only_reading_unless_more_is_ticked(self, host):
        visits.ask(host)

        assert (the_visit().write, the_visit().personal) == (False, False)

    def test_is_kept_by_both_with_its_reason(self, host):
        visits.ask(host)

        [event] = trail.find(action="support.ask")
        assert event.details["reason"] == visits.WISH["reason"]
        assert event.actor_name.endswith(f"支持人员（{the_visit().operator_id}）")
        told = hosting_queries.events(code="alder")
        assert [(e.action, e.reason) for e in told][-1] == ("support.ask", visits.WISH["reason"])

    def test_needs_a_second_factor_given_just_now(self, host, operator):
        grow_old(host, operator)

        answer = visits.ask(host)

        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")
        assert models.SupportEntry.objects.count() == 0

    def test_a_fresh_password_is_not_enough(self, host, operator):
        grow_old(host, operator)
        host.post("/accounts/reauthenticate/", {"password": second_factor.PASSWORD})

        assert visits.ask(host).status_code == 302
        assert models.SupportEntry.objects.count() == 0

    def test_a_company_whose_doors_are_closed_is_not_entered(self, host, operator):
        hosting_operations.suspend_company(code="alder", reason="unpaid", at=timezone.now())

        answer = visits.ask(host)

        assert answer.status_code == 422
        assert models.SupportEntry.objects.count() == 0

    def test_the_host_itself_is_no_company(self, host):
        assert visits.ask(host, "operator").status_code == 404
        assert visits.ask(host, "nobody").status_code == 404

    def test_one_person_has_one_visit_at_a_time(self, host):
        visits.ask(host)

        assert visits.ask(host).status_code == 422
        assert models.SupportEntry.objects.count() == 1


class TestTheHandOver:
    def test_lets_in_once(self, host):
        link = visits.link_in(visits.ask(host))

        _, first = visits.begin(link)
        second_browser, second = visits.begin(link)

        assert (first.status_code, second.status_code) == (302, 403)
        assert second_browser.get("/console/").status_code == 302

    def test_is_not_used_up_by_being_looked_at(self, host):
        link = visits.link_in(visits.ask(host))
        looked = browser().get(link)

        assert looked.status_code == 200
        assert looked["Cache-Control"] == "no-store"
        assert looked["Referrer-Policy"] == "same-origin"  # without any, a browser's form would carry no origin
        assert visits.begin(link)[1].status_code == 302

    def test_is_too_old_after_a_minute(self, host):
        link = visits.link_in(visits.ask(host))
        move(hand_over_until=timezone.now())

        client, answer = visits.begin(link)

        assert answer.status_code == 403
        assert client.get("/console/")["Location"].startswith("/accounts/login/")
        assert the_visit().state == "ready"

    def test_opens_no_other_company(self, host):
        link = visits.link_in(visits.ask(host))

        client, answer = visits.begin(link, "birch.localhost")

        assert answer.status_code == 403
        assert client.get("/console/").status_code == 302
        assert visits.begin(link)[1].status_code == 302

    @pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: "", lambda t: t.replace(":", ";"), "x{}".format])
    def test_spoilt_opens_nothing(self, host, spoil):
        link = visits.link_in(visits.ask(host))

        answer = browser().post("/accounts/support/", {"with": spoil(link.partition("with=")[2])})

        assert answer.status_code == 403

    def test_stands_hashed(self, host):
        token = visits.link_in(visits.ask(host)).partition("with=")[2]

        assert the_visit().hand_over_hash != ""
        assert the_visit().hand_over_hash not in token

    def test_of_somebody_who_lost_his_post_opens_nothing(self, host, operator):
        link = visits.link_in(visits.ask(host))
        with context.use(operator):
            models.User.objects.filter(email=second_factor.OPERATOR).update(is_active=False)

        assert visits.begin(link)[1].status_code == 403

    def test_replaces_whoever_was_signed_in_there(self, host):
        link = visits.link_in(visits.ask(host))
        boss = signed_in()
        visits.begin(link, client=boss)

        assert boss.get("/console/company/staff/").status_code == 403

    def test_is_another_persons_for_nobody(self, host, operator):
        visits.ask(host)

        with pytest.raises(entering.NotFound):
            entering.hand_over(entry_id=the_visit().pk, operator_id=the_visit().operator_id + 1, at=timezone.now())


class TestRights:
    def test_never_hold_money_people_keys_or_rules(self):
        widest = entering_rights.of(write=True, personal=True)

        forbidden = {
            C.ISSUE_BILLS, C.PUBLISH_TARIFFS, C.CLOSE_BOOKS, C.TAKE_PAYMENTS, C.APPROVE_PAYMENTS, C.APPROVE_READINGS,
            C.WORK_ARREARS, C.APPROVE_ARREARS, C.CHANGE_BRAND, C.MANAGE_STAFF, C.MANAGE_KEYS, C.SEE_AUDIT,
            C.OPERATE_FLEET, C.USE_PORTAL,
        }  # fmt: skip
        assert widest & forbidden == set()
        assert entering_rights.of(write=False, personal=True) == entering_rights.READS | {C.SEE_PERSONAL}
        assert entering_rights.of(write=True, personal=False) & {C.SEE_PERSONAL, C.CHANGE_CUSTOMERS} == set()

    def test_reads_and_changes_nothing(self, host):
        client = visits.entered(host=host)

        assert client.get("/console/customers/").status_code == 200
        assert client.get("/console/customers/-/new/").status_code == 403
        assert client.post("/console/runs/new/", {}).status_code == 403
        assert client.post("/console/search/", {}).status_code == 403

    def test_changes_what_was_ticked_and_nothing_else(self, host):
        client = visits.entered(host=host, write="on")

        assert client.get("/console/runs/new/").status_code == 200
        assert client.get("/console/customers/-/new/").status_code == 403
        for address in ("company/staff/invite/", "company/keys/new/", "company/security/", "company/support/rule/"):
            assert client.post(f"/console/{address}", {"support_consent": "on"}).status_code == 403, address
        assert policy.present().support_consent is False

    def test_carries_no_file_out(self, host):
        client = visits.entered(host=host, write="on", personal="on")

        answers = {
            path: client.get(f"/console/{path}").status_code
            for path in ("customers/-/export.csv", "invoices/-/export.csv", "ledger/export.csv", "payments/export.csv")
        }

        assert set(answers.values()) == {403}
        assert trail.find(action="data.export").count() == 0

    def test_reaches_nothing_but_the_console(self, host):
        client = visits.entered(host=host)

        for path in ("/", "/bills/", "/accounts/2fa/", "/accounts/password/change/", "/accounts/2fa/totp/activate/"):
            assert client.get(path).status_code == 403, path
        assert client.get("/api/v1/me").status_code in (401, 403)

    def test_opens_nothing_at_another_company(self, host):
        client = visits.entered(host=host)
        client.defaults["HTTP_HOST"] = "birch.localhost"

        assert client.get("/console/").status_code == 302
        assert client.get("/console/customers/").status_code == 302

    def test_opens_nothing_more_at_the_host(self, host):
        client = visits.entered(host=host)
        client.defaults["HTTP_HOST"] = "operator.localhost"

        assert client.get("/").status_code == 302


class TestThePerson:
    def test_is_of_a_kind_of_its_own(self, host):
        visits.entered(host=host)
        person = the_visit().user

        assert person.has_usable_password() is False
        assert person not in list(queries.staff())
        assert of_roles(person.roles) == frozenset()
        assert person.is_staff_member is False

    def test_signs_in_by_nothing_else(self, host):
        visits.entered(host=host)
        email = the_visit().user.email
        client = browser()
        client.post("/accounts/login/", {"login": email, "password": ""})
        client.post("/accounts/password/reset/", {"email": email})

        assert client.get("/console/").status_code == 302
        assert [m for m in mail.outbox if email in m.to] == []

    def test_is_the_same_at_the_next_visit(self, host):
        visits.entered(host=host).post("/accounts/support/leave/")
        visits.entered(host=host)

        assert models.SupportEntry.objects.values("user").distinct().count() == 1

    def test_is_named_after_the_host_by_number(self, host, operator):
        client = visits.entered(host=host)
        number = the_visit().operator_id

        page = client.get("/console/").content.decode()

        assert re.search(rf"You are in this company as [^<]+（{number}）", page)
        assert "staff@operator.test" not in page


class TestTheEnd:
    def test_comes_by_itself_on_the_server(self, host):
        client = visits.entered(host=host)
        now = timezone.now()
        move(started_at=now - dt.timedelta(minutes=15), ends_at=now)

        answer = client.get("/console/customers/")

        assert (answer.status_code, answer["Location"]) == (302, "/accounts/support/over/")
        assert the_visit().cause == "time"
        assert client.get("/console/").status_code == 302

    def test_is_told_to_a_page_that_stands_open(self, host):
        client = visits.entered(host=host)
        entering.end(entry_id=the_visit().pk, at=timezone.now(), cause=entering.Cause.COMPANY)

        answer = client.get("/accounts/support/banner/", HTTP_HX_REQUEST="true")

        assert (answer.status_code, answer["HX-Redirect"]) == (204, "/accounts/support/over/")

    def test_is_the_companys_at_any_moment(self, host):
        client, boss = visits.entered(host=host), signed_in()

        boss.post(f"/console/company/support/{the_visit().pk}/end/")

        assert client.get("/console/customers/").status_code == 302
        assert (the_visit().cause, the_visit().ended_by.email) == ("company", "staff@alder.test")
        assert hosting_queries.events(code="alder")[0].action == "support.end"

    def test_is_the_visitors_too(self, host):
        client = visits.entered(host=host)

        client.post("/accounts/support/leave/")

        assert client.get("/console/").status_code == 302
        assert the_visit().cause == "left"

    def test_comes_with_the_visitors_post(self, host, operator):
        client = visits.entered(host=host)
        with context.use(operator):
            models.User.objects.filter(email=second_factor.OPERATOR).update(is_active=False)

        assert client.get("/console/customers/").status_code == 302
        assert the_visit().cause == "host"

    def test_comes_when_the_cookie_is_used_elsewhere(self, host):
        client, thief = visits.entered(host=host), browser()
        thief.cookies["gridhall_session"] = client.cookies["gridhall_session"].value

        assert thief.get("/console/customers/").status_code == 302
        assert client.get("/console/customers/").status_code == 302
        assert the_visit().cause == "elsewhere"

    def test_is_found_by_the_sweep(self, host):
        visits.entered(host=host)
        now = timezone.now()
        move(started_at=now - dt.timedelta(minutes=15), ends_at=now - dt.timedelta(seconds=1))

        assert (hosting_entering.end_overdue(at=now), hosting_entering.end_overdue(at=now)) == (1, 0)
        assert the_visit().cause == "time"

    def test_comes_to_a_wish_that_nobody_begins(self, host):
        visits.ask(host)

        hosting_entering.end_overdue(at=timezone.now() + dt.timedelta(days=2))

        assert the_visit().cause == "lapsed"

    def test_leaves_no_session_behind(self, host):
        client = visits.entered(host=host)
        key = client.cookies["gridhall_session"].value
        entering.end(entry_id=the_visit().pk, at=timezone.now(), cause=entering.Cause.HOST)

        assert sessions.SessionStore(key).exists(key) is False


class TestConsent:
    @pytest.fixture
    def asked(self, host):
        boss = queries.user_by_email(email="staff@alder.test")
        policy.change(by=boss, at=timezone.now(), support_consent=True)
        assert visits.ask(host)["Location"] == "/companies/alder/enter/"
        return host

    def go(self, host, code: str):
        return host.post(f"/companies/alder/enter/{the_visit().pk}/go/", {"code": code})

    def allowed(self) -> str:
        page = signed_in().post(f"/console/company/support/{the_visit().pk}/allow/").content.decode()
        found = re.search(r"\b([A-HJ-NP-Z2-9]{8})\b", page)
        assert found is not None
        return found[1]

    def test_is_waited_for(self, asked):
        answer = self.go(asked, "")

        assert answer.status_code == 302
        assert the_visit().hand_over_hash == ""

    def test_opens_with_the_code_that_was_shown_once(self, asked):
        code = self.allowed()

        client, answer = visits.begin(visits.link_in(self.go(asked, code.lower())))

        assert answer.status_code == 302
        assert client.get("/console/").status_code == 200
        assert the_visit().consent_by.email == "staff@alder.test"
        assert code not in str(models.SupportEntry.objects.values().get())

    def test_opens_with_no_other_code_and_ends_after_five(self, asked):
        code = self.allowed()
        for _ in range(5):
            self.go(asked, "WRONGWRO")

        answer = self.go(asked, code)

        assert answer.status_code == 302
        assert (the_visit().cause, the_visit().hand_over_hash) == ("refused", "")

    def test_is_refused(self, asked):
        signed_in().post(f"/console/company/support/{the_visit().pk}/end/")

        assert the_visit().cause == "refused"
        assert self.go(asked, "").status_code == 302

    def test_is_given_by_administrators_alone(self, asked):
        metering = signed_in("metering@alder.test")

        assert metering.post(f"/console/company/support/{the_visit().pk}/allow/").status_code == 403
        assert the_visit().state == "waiting"

    def test_is_asked_for_by_mail(self, asked):
        entering_tasks.tell_administrators.run(the_visit().pk)
        entering_tasks.tell_administrators.run(the_visit().pk)

        assert [(m.to, visits.WISH["reason"] in m.body) for m in mail.outbox] == [(["staff@alder.test"], True)]


class TestWhatIsSeen:
    def test_every_request_stands_in_the_trail_and_at_the_host(self, host):
        client = visits.entered(host=host)
        client.get("/console/customers/?q=x")
        client.get("/console/customers/NOBODY/")
        client.post("/console/runs/new/", {})

        seen = [(e.action, e.subject) for e in entering.deeds(entry=the_visit()) if e.action.startswith("support.")]
        assert seen == [
            ("support.ask", f"support visit {the_visit().pk}"),
            ("support.start", f"support visit {the_visit().pk}"),
            ("support.open", "/console/customers/"),
            ("support.open", "/console/customers/NOBODY/"),
            ("support.change", "/console/runs/new/"),
        ]
        told = hosting_entering.host_events(code="alder", visit=the_visit().pk)
        assert [(e.action, e.details.get("page")) for e in told] == [
            ("support.ask", None),
            ("support.hand_over", None),
            ("support.start", None),
            ("support.request", "console:customers"),
            ("support.request", "console:customer"),
            ("support.request", "console:new_run"),
        ]
        assert trail.seal_everything() >= 0
        assert trail.verify().intact

    def test_administrators_are_told_at_the_start(self, host):
        visits.entered(host=host)
        mail.outbox.clear()
        entering_tasks.tell_administrators.run(the_visit().pk)

        assert [m.to for m in mail.outbox] == [["staff@alder.test"]]
        assert visits.WISH["reason"] in mail.outbox[0].body

    def test_a_mail_that_was_not_sent_waits(self, host):
        visits.entered(host=host)

        assert entering.waiting_mails() == [the_visit().pk]

    def test_the_console_shows_who_is_there_and_what_was_opened(self, host):
        client, boss = visits.entered(host=host), signed_in()
        client.get("/console/customers/")

        listed = boss.get("/console/company/support/").content.decode()
        page = boss.get(f"/console/company/support/{the_visit().pk}/").content.decode()

        assert "There now" in listed and visits.WISH["reason"] in listed
        assert "/console/customers/" in page

    def test_the_hosts_page_shows_earlier_visits(self, host):
        visits.entered(host=host).post("/accounts/support/leave/")

        page = host.get("/companies/alder/enter/").content.decode()

        assert visits.WISH["reason"] in page and "Ended" in page

    def test_the_banner_is_on_the_pages(self, host):
        client = visits.entered(host=host)

        for path in ("/console/", "/console/customers/", "/console/ledger/"):
            assert "support-banner" in client.get(path).content.decode(), path
        assert "15 minutes left" in client.get("/accounts/support/banner/").content.decode()
        assert "support-banner" not in signed_in().get("/console/").content.decode()

    def test_asking_how_long_is_left_fills_no_trail(self, host):
        client = visits.entered(host=host)

        client.get("/accounts/support/banner/")

        assert trail.find(action="support.open").count() == 0


class TestTheRoles:
    def test_no_post_is_the_visitors(self):
        assert "support" not in [str(role) for role in Role]


class TestPersonalFields:
    @pytest.fixture
    def customer(self, in_alder):
        return customer_operations.create_customer(number="C1", name="Wang Xiaoming", email="wang@example.com")

    def test_are_masked_by_default(self, host, customer):
        client = visits.entered(host=host)

        page = client.get("/console/customers/C1/").content.decode()

        assert "Wang Xiaoming" not in page and "wang@example.com" not in page
        assert client.post("/console/customers/C1/-/show/", {"reason": "I want to see"}).status_code == 403

    def test_are_masked_with_the_right_to_change_too(self, host, customer):
        client = visits.entered(host=host, write="on")

        assert "Wang Xiaoming" not in client.get("/console/customers/C1/").content.decode()
        assert client.post("/console/customers/C1/-/show/", {"reason": "I want to see"}).status_code == 403

    def test_are_shown_when_they_were_asked_for(self, host, customer):
        client = visits.entered(host=host, personal="on")

        assert "Wang Xiaoming" in client.get("/console/customers/C1/").content.decode()

    def test_are_changed_only_by_who_sees_them(self, host, customer):
        assert visits.entered(host=host, write="on").get("/console/customers/C1/-/edit/").status_code == 403
        hosting_entering.end(code="alder", entry_id=the_visit().pk, by=the_visit().user, at=timezone.now())
        changing = visits.entered(host=host, write="on", personal="on")
        assert changing.get("/console/customers/C1/-/edit/").status_code == 200
