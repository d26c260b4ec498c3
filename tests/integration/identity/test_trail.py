"""The audit trail: chained, checked by command, filtered, handed to auditors; denials and exports stand in it."""

from __future__ import annotations

import csv
import datetime as dt
import io

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction

from harness import databases
from harness import second_factor as app
from harness.browsers import browser, signed_in
from identity import alerts, operations, queries, trail, watching
from identity.capabilities import Role
from tenancy import context

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BOSS = "staff@alder.test"
PASSWORD = "correct horse battery"


def boss():
    return queries.user_by_email(email=BOSS)


def act(times: int = 1) -> None:
    for number in range(times):
        operations.record(action="test.act", subject=f"thing {number}", by=boss(), at=AT, details={"n": number})


def tamper(database: str, statement: str) -> None:
    """Change rows as only the owner of the tables can."""
    with psycopg.connect(databases.server().owner_url(database), autocommit=True) as connection:
        connection.execute(statement)


@pytest.mark.django_db
class TestTheChain:
    def test_has_a_link_for_each_event_and_grows(self, in_alder):
        trail.seal()
        before = trail.verify()
        act(3)
        added = trail.seal()
        after = trail.verify()

        assert (before.intact, after.intact, added) == (True, True, 3)
        assert after.sealed == before.sealed + 3
        assert after.unsealed == 0
        assert trail.verify(expect=before.head).intact

    def test_misses_a_noted_link_that_never_stood_in_it(self, in_alder):
        act()
        trail.seal()

        assert not trail.verify(expect="f" * 64).intact

    def test_cannot_be_changed_by_the_program(self, in_alder):
        act()
        trail.seal()
        for change in (
            lambda: queries.audit_events().update(subject="other"),
            lambda: trail.models.AuditSeal.objects.update(hashed="0" * 64),
            lambda: trail.models.AuditSeal.objects.all().delete(),
        ):
            with pytest.raises(ProgrammingError), transaction.atomic():
                change()

        assert trail.verify().intact

    def test_takes_in_an_event_that_was_committed_late(self, in_alder):
        act(2)
        late = trail.models.AuditEvent.objects.order_by("pk").first()
        trail.seal()
        early = trail.models.AuditEvent(
            pk=late.pk - 1_000, at=AT, actor_name="platform", action="test.late", subject="late", details={}
        )
        early.save(force_insert=True)

        added = trail.seal()

        assert added == 1
        assert trail.verify().intact


class TestTheCommand:
    def test_finds_what_the_owner_changed(self, fresh_db, alder, capsys):
        with context.use(alder):
            act(3)
        call_command("verify_audit", "alder")
        said = capsys.readouterr().out
        events = f"{alder.schema_name}.identity_auditevent"
        tamper(fresh_db, f"UPDATE {events} SET subject = 'other' WHERE action = 'test.act'")

        with pytest.raises(CommandError, match="alder"):
            call_command("verify_audit", "alder")

        assert "intact" in said
        assert "the chain breaks at link" in capsys.readouterr().err

    def test_finds_a_trail_that_was_cut_by_the_noted_link(self, fresh_db, alder, capsys):
        with context.use(alder):
            act(3)
            head = trail.verify().head
        name = alder.schema_name
        tamper(fresh_db, f"DELETE FROM {name}.identity_auditseal WHERE hashed = '{head}'")
        last = f"(SELECT max(id) FROM {name}.identity_auditevent)"
        tamper(fresh_db, f"DELETE FROM {name}.identity_auditevent WHERE id = {last}")
        call_command("verify_audit", "alder")

        with pytest.raises(CommandError):
            call_command("verify_audit", "alder", noted=head)


@pytest.mark.django_db
class TestTheViewer:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [("action=test.&subject=thing+1", ["thing 1"]), ("person=nobody", []), ("since=2026-03-02&action=test.", [])],
    )
    def test_is_filtered(self, in_alder, query, expected):
        act(2)

        page = signed_in().get(f"/console/company/audit/?{query}").content.decode()

        assert [s for s in ("thing 0", "thing 1") if s in page] == expected

    @pytest.mark.parametrize("words", ["run.hold", "run.", "bill run HELD"])
    def test_finds_a_deed_by_its_title_and_by_its_code(self, in_alder, words):
        operations.record(action="run.hold", subject="run 7, account 100", at=AT)
        operations.record(action="tariff.save", subject="product DAY version 1", at=AT)

        page = signed_in().get("/console/company/audit/", {"action": words}).content.decode()

        assert ("bill run 7, account 100" in page, "product DAY version 1" in page) == (True, False)

    def test_speaks_the_readers_language(self, in_alder):
        details = {"on": "2026-03-01", "four_eyes": True, "amount": "1234.50", "added_wh": 53328, "fields": ["email"]}
        operations.record(action="run.hold", subject="run 7, account 100", at=AT, details=details)
        client = signed_in()

        page = client.get("/console/company/audit/?action=暂停出账", headers={"accept-language": "zh-hans"})

        text = page.content.decode()
        said = ("暂停出账批次", "出账批次 7、账户 100", "日期：2026年3月1日", "须双人复核：是", "金额：1,234.5")
        said += ("追补电量：53.328\xa0kWh", "字段：电子邮箱", "run.hold")
        assert [each for each in said if each not in text] == []

    def test_counts_days_of_the_company(self, in_alder):
        operations.record(action="test.late", subject="at night", at=dt.datetime(2026, 3, 1, 17, tzinfo=dt.UTC))
        client = signed_in()

        second = client.get("/console/company/audit/?since=2026-03-02&until=2026-03-02").content.decode()
        first = client.get("/console/company/audit/?until=2026-03-01&action=test.").content.decode()

        assert ("at night" in second, "at night" in first) == (True, False)

    def test_is_handed_to_an_auditor_as_a_file_with_its_links(self, in_alder):
        operations.create_user(email="a@alder.test", name="Ada", roles=[Role.AUDITOR], at=AT, password=PASSWORD)
        act(2)
        trail.seal()

        answer = signed_in("a@alder.test").get("/console/company/audit/export.csv?action=test.")

        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["subject"] for row in rows] == ["thing 1", "thing 0"]
        assert rows[0]["link"] == trail.verify().head
        assert (rows[0]["action"], rows[0]["title"]) == ("test.act", "test.act")

    def test_is_written_with_code_and_title(self, in_alder):
        operations.record(action="cash.count", subject="session 1", at=AT)

        answer = signed_in().get("/console/company/audit/export.csv?action=cash+counted")

        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [(row["action"], row["title"]) for row in rows] == [("cash.count", "Cash counted")]

    def test_is_closed_to_who_may_not_see_it(self, in_alder):
        assert signed_in("metering@alder.test").get("/console/company/audit/").status_code == 403


@pytest.mark.django_db
class TestWhatStandsInIt:
    def test_a_page_that_was_denied_once_a_minute(self, in_alder):
        client = signed_in("metering@alder.test")
        for _ in range(3):
            client.get("/console/company/staff/")

        [event] = queries.audit_events().filter(action="access.denied")
        assert (event.actor_name, event.subject) == ("Metering", "/console/company/staff/")

    def test_an_export_with_its_rows(self, in_alder):
        client = signed_in()

        client.get("/console/customers/-/export.csv")

        [event] = queries.audit_events().filter(action="data.export")
        assert (event.actor_name, event.subject, event.details) == (
            "Staff of alder", "/console/customers/-/export.csv", {"rows": 0},
        )  # fmt: skip

    def test_a_stream_with_its_rows_when_it_ends(self, in_alder):
        from django.http import StreamingHttpResponse
        from django.test import RequestFactory

        headers = {"Content-Disposition": "attachment; filename=x.csv"}
        answer = StreamingHttpResponse([b"head\n", b"1\n2\n", b"3\n"], content_type="text/csv", headers=headers)
        watched = watching.note_answer(request=RequestFactory().get("/x.csv"), response=answer, user=boss(), at=AT)
        before = queries.audit_events().filter(action="data.export").count()

        content = b"".join(watched.streaming_content)

        assert (before, content) == (0, b"head\n1\n2\n3\n")
        assert queries.audit_events().get(action="data.export").details == {"rows": 3}

    def test_a_cookie_of_another_company(self, alder, birch):
        abroad = signed_in("staff@birch.test", "birch.localhost")
        thief = browser()
        thief.cookies["gridhall_device"] = abroad.cookies["gridhall_device"].value

        thief.get("/accounts/login/")

        with context.use(alder):
            assert queries.audit_events().first().action == "access.foreign"
            assert [a.kind for a in alerts.find()] == ["foreign_company"]
        with context.use(birch):
            assert list(alerts.find()) == []


@pytest.mark.django_db
class TestALargeExport:
    def test_by_rows_is_told_to_person_and_administrators(self, in_alder):
        watching.note_export(path="/x.csv", rows=1_000, user=boss(), at=AT)

        [alert] = alerts.find()
        assert (alert.kind, alert.user.email, alert.mail_due) == ("mass_export", BOSS, True)
        assert alert.details == {"path": "/x.csv", "rows": 1_000}

    def test_by_files_is_told_once(self, in_alder):
        for minute in range(12):
            watching.note_export(path="/x.csv", rows=5, user=boss(), at=AT + dt.timedelta(minutes=minute))

        assert [a.kind for a in alerts.find()] == ["mass_export"]

    def test_is_looked_at_in_the_list(self, in_alder):
        watching.note_export(path="/x.csv", rows=1_000, user=boss(), at=AT)
        client = signed_in()
        [alert] = alerts.find()
        shown = client.get("/console/company/alerts/").content.decode()

        client.post(f"/console/company/alerts/{alert.pk}/seen/")

        assert "Large export" in shown
        assert "/x.csv" not in client.get("/console/company/alerts/").content.decode()
        assert client.post(f"/console/company/alerts/{alert.pk}/seen/").status_code == 404

    def test_reaches_the_operator_as_a_number_only(self, alder, operator):
        with context.use(alder):
            watching.note_export(path="/secret-of-alder.csv", rows=1_000, user=boss(), at=AT)
            trail.models.Alert.objects.update(at=dt.datetime.now(dt.UTC))
        client = browser("operator.localhost")
        app.sign_in(client)

        page = client.get("/security/").content.decode()

        assert "Alder Power" in page
        assert "secret-of-alder" not in page
        assert BOSS not in page
        assert "Staff of alder" not in page
