"""Readings from meter files in the console: checked, confirmed, stored; refused files leave nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import CaptureQueriesContext

from harness.sent import tasks_of
from identity import queries as identity_queries
from kernel.periods import Period
from tenancy.database import connection
from tenants.metering import operations, queries

AT = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
TIMES = ",".join(f"{n // 4:02}:{n % 4 * 15:02}" for n in range(96))


def meter_file(*rows):
    lines = [f"supply_point,date,{TIMES}", *(f"{point},{day}," + ",".join([value] * 96) for point, day, value in rows)]
    return SimpleUploadedFile("day.csv", "\n".join(lines).encode(), content_type="text/csv")


def text_of(response):
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


def rows_of(response):
    rows = BeautifulSoup(response.content, "html.parser").select("tbody tr")
    return [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in rows]


@pytest.fixture
def give(admin, in_alder, django_capture_on_commit_callbacks):
    """Upload a file as the administrator and let the check run, as the worker would; return the page's address."""

    def given(file, **said):
        with django_capture_on_commit_callbacks(execute=True) as sent:
            response = admin.post("/console/imports/new/", {"file": file, "unit": "kWh", **said})
        assert response.status_code == 302, text_of(response)
        assert len(tasks_of(sent)) == 1
        record = queries.imports().first()
        operations.run_import(import_id=record.pk, at=AT, dry_run=True)
        return response["Location"]

    return given


class TestAGoodFile:
    def test_is_checked_in_the_background_after_commit(self, admin, household, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as sent:
            response = admin.post("/console/imports/new/", {"file": meter_file(("P1", "2026-03-01", "0.5"))})

        record = queries.imports().first()
        assert response["Location"] == f"/console/imports/{record.pk}/"
        assert (record.state, record.source, record.requested_by) == ("uploaded", "console", "staff@alder.test")
        assert [callback.func.__self__.name for callback in sent] == ["metering.import_readings"]
        assert "Waiting for a worker" in text_of(admin.get(response["Location"]))
        assert current_app.tasks["metering.import_readings"] is not None

    def test_tells_what_it_would_store_and_has_stored_nothing(self, admin, household, give):
        address = give(
            meter_file(("P1", "2026-03-01", "0.5"), ("P1", "2026-02-28", "0.5"), ("P1", "2026-02-27", "0.25"))
        )

        page = admin.get(address)

        assert "2 days can be stored" in text_of(page)
        assert [row[:2] + row[3:5] for row in rows_of(page)] == [
            ["2", "Accepted", "E1", "1 Mar 2026"],
            ["3", "Corrected", "E1", "28 Feb 2026"],
            ["4", "Unchanged", "E1", "27 Feb 2026"],
        ]
        assert queries.readings_until() == dt.date(2026, 2, 28)

    def test_shows_the_rows_of_one_outcome(self, admin, household, give):
        address = give(meter_file(("P1", "2026-03-01", "0.5"), ("P1", "2026-02-27", "0.25")))

        assert [row[3:6] for row in rows_of(admin.get(f"{address}?outcome=accepted"))] == [
            ["E1", "1 Mar 2026", "48,000 Wh"]
        ]
        assert admin.get(f"{address}?outcome=all").status_code == 400

    def test_is_stored_once_somebody_confirms(self, admin, household, give, django_capture_on_commit_callbacks):
        address = give(meter_file(("P1", "2026-03-01", "0.5")))
        record = queries.imports().first()

        with django_capture_on_commit_callbacks(execute=True) as sent:
            confirmed = admin.post(f"{address}confirm/")
        waiting = admin.get(confirmed["Location"])
        operations.run_import(import_id=record.pk, at=AT)

        assert (len(tasks_of(sent)), confirmed["Location"]) == (1, address)
        assert "Waiting for a worker" in text_of(waiting)
        assert "1 day was taken" in text_of(admin.get(address))
        assert queries.readings_until() == dt.date(2026, 3, 1)
        assert identity_queries.audit_events().first().action == "readings.import"

    def test_is_not_confirmed_twice(self, admin, household, give, django_capture_on_commit_callbacks):
        address = give(meter_file(("P1", "2026-03-01", "0.5")))
        operations.run_import(import_id=queries.imports().first().pk, at=AT)

        with django_capture_on_commit_callbacks() as sent:
            response = admin.post(f"{address}confirm/", follow=True)

        assert tasks_of(sent) == []
        assert "This file does not wait for confirmation any more." in text_of(response)

    def test_answers_the_progress_bar_until_it_is_through(self, admin, household, give):
        address = give(meter_file(("P1", "2026-03-01", "0.5")))

        done = admin.get(f"{address}progress/")
        admin.post(f"{address}confirm/")
        waiting = admin.get(f"{address}progress/")

        assert 'hx-get="' + f'{address}progress/"' in waiting.content.decode()
        assert "HX-Redirect" not in waiting.headers
        assert done["HX-Redirect"] == address


class TestARefusedFile:
    WRONG = (("P1", "2026-03-01", "0.5"), ("NOBODY", "2026-03-01", "0.5"), ("P1", "2026-02-30", "0.5"))

    def test_names_every_row_and_leaves_nothing_behind(self, admin, household, give):
        before = queries.readings_until()
        address = give(meter_file(*self.WRONG))

        page = admin.get(address)

        assert "The file was refused: 2 rows are wrong" in text_of(page)
        rows = rows_of(page)
        assert [[row[0], row[1], row[3]] for row in rows] == [
            ["3", "1", "unknown_supply_point"],
            ["4", "2", "not_a_date"],
        ]
        assert rows[0][2] == "There is no supply point “NOBODY”."
        assert rows[1][2].startswith("“2026-02-30” is not a date")
        assert queries.readings_until() == before
        assert queries.channel_count() == 1

    def test_says_so_in_chinese(self, admin, household, give):
        page = admin.get(give(meter_file(*self.WRONG)), HTTP_ACCEPT_LANGUAGE="zh-hans")

        assert "文件被拒绝：2 行有误" in text_of(page)

    def test_gives_its_rows_as_csv(self, admin, household, give):
        address = give(meter_file(*self.WRONG))

        lines = admin.get(f"{address}rows.csv").content.decode("utf-8-sig").splitlines()

        assert lines[0] == "row,column,outcome,supply_point,register,day,total,missing,code,sentence"
        assert lines[1] == "3,1,refused,,,,,,unknown_supply_point,There is no supply point “NOBODY”."

    def test_waits_on_the_first_page(self, admin, household, give):
        give(meter_file(*self.WRONG))

        assert "day.csv was refused" in text_of(admin.get("/console/"))

    @pytest.mark.parametrize("content", [b"", b"\x00\x01", b"PK\x03\x04broken", "不是电表文件".encode()])
    def test_that_is_no_meter_file_is_refused_with_a_sentence(self, admin, household, give, content):
        if not content:
            response = admin.post("/console/imports/new/", {"file": SimpleUploadedFile("x", content)})
            assert (response.status_code, "The submitted file is empty." in text_of(response)) == (422, True)
            return

        page = admin.get(give(SimpleUploadedFile("x.bin", content)))

        assert "The file was refused: 1 row is wrong" in text_of(page)

    @pytest.mark.parametrize("said", [{"zone": "Mars/Olympus"}, {"unit": "cal"}, {"identifier": "x" * 33}])
    def test_with_options_nobody_offers_is_not_even_kept(self, admin, household, said):
        response = admin.post("/console/imports/new/", {"file": meter_file(("P1", "2026-03-01", "1")), **said})

        assert response.status_code == 422
        assert queries.imports().count() == 0


class TestTheList:
    def test_is_filtered_by_state_and_name(self, admin, household, give):
        give(meter_file(("P1", "2026-03-01", "0.5")))

        assert len(rows_of(admin.get("/console/imports/?state=checked&q=day"))) == 1
        assert "No import fits" in text_of(admin.get("/console/imports/?state=refused"))

    def test_asks_as_often_for_one_as_for_many(self, admin, household, give):
        give(meter_file(("P1", "2026-03-01", "0.5")))
        admin.get("/console/imports/")
        with CaptureQueriesContext(connection) as one:
            admin.get("/console/imports/")
        for day in Period(dt.date(2026, 3, 2), dt.date(2026, 3, 8)):
            give(meter_file(("P1", day.isoformat(), "0.5")))

        with CaptureQueriesContext(connection) as many:
            admin.get("/console/imports/")

        assert len(many) == len(one)

    def test_of_the_other_company_is_empty(self, stranger, household, give):
        address = give(meter_file(("P1", "2026-03-01", "0.5")))

        assert "No imports yet" in text_of(stranger.get("/console/imports/"))
        assert stranger.get(address).status_code == 404
        assert stranger.post(f"{address}confirm/").status_code == 404


LONG = "point;when;amount\n" + "".join(f"P1;01.03.2026 {n // 4:02}:{n % 4 * 15:02};0,5\n" for n in range(96))


def long_file(text=LONG):
    return SimpleUploadedFile("long.csv", text.encode(), content_type="text/csv")


class TestColumns:
    @pytest.fixture
    def waiting(self, admin, household, give):
        with_long = give(long_file(), unit="")
        record = queries.imports().first()
        operations.continue_import(import_id=record.pk, at=AT)
        return with_long

    def told(self, admin, address, **changes):
        form = BeautifulSoup(admin.get(f"{address}columns/").content, "html.parser")
        said = {field["name"]: field.get("value", "") for field in form.select("form input[name]")}
        for field in form.select("form select[name]"):
            chosen = field.select_one("option[selected]")
            said[field["name"]] = chosen["value"] if chosen else ""
        said |= {"column_identifier": "0"} | changes
        return admin.post(f"{address}columns/", said)

    def test_are_asked_for_with_the_first_rows_and_what_they_may_mean(self, admin, waiting):
        page = admin.get(f"{waiting}columns/")

        text = text_of(page)
        assert "01.03.2026 00:15" in text
        chosen = {
            field["name"]: field.select_one("option[selected]").get_text()
            for field in BeautifulSoup(page.content, "html.parser").select("select")
            if field.select_one("option[selected]")
        }
        assert chosen["column_stamp"] == "B when"
        assert chosen["column_value"] == "C amount"
        assert (chosen["order"], chosen["decimal"], chosen["delimiter"]) == ("day, month, year", "Comma", "Semicolon")

    def test_are_told_checked_and_stored(self, admin, waiting):
        record = queries.imports().first()
        before = record.state

        assert self.told(admin, waiting, profile_name="Portal export").status_code == 302
        checked = operations.continue_import(import_id=record.pk, at=AT)
        admin.post(f"{waiting}confirm/")
        done = operations.continue_import(import_id=record.pk, at=AT)

        assert (before, checked.state, done.state, done.days_accepted) == ("mapping", "checked", "done", 1)
        assert queries.import_report(import_id=record.pk).get().total == 48_000
        assert [profile.name for profile in queries.mapping_profiles()] == ["Portal export"]

    def test_are_known_again_by_the_header(self, admin, waiting, give):
        self.told(admin, waiting, profile_name="Portal export")

        give(long_file(LONG.replace("0,5", "0,25")), unit="")
        again = operations.continue_import(import_id=queries.imports().first().pk, at=AT)

        assert (again.state, again.profile.name) == ("checked", "Portal export")

    def test_that_were_told_wrongly_are_told_again_without_another_upload(self, admin, waiting):
        record = queries.imports().first()
        self.told(admin, waiting, order="mdy", decimal=".")
        refused = operations.continue_import(import_id=record.pk, at=AT)
        page = text_of(admin.get(waiting))

        self.told(admin, waiting, order="dmy", decimal=",")
        checked = operations.continue_import(import_id=record.pk, at=AT)

        assert (refused.state, "Change the columns" in page) == ("refused", True)
        assert (checked.state, checked.days_accepted, checked.rows_refused) == ("checked", 1, 0)

    def test_that_were_told_wrongly_are_waited_for_a_day(self, admin, waiting):
        record = queries.imports().first()
        self.told(admin, waiting, decimal=".")
        operations.continue_import(import_id=record.pk, at=AT)
        operations.continue_import(import_id=record.pk, at=AT)
        kept = queries.imports().first().file.name
        soon = operations.sweep_imports(at=AT + dt.timedelta(hours=23))

        found = operations.sweep_imports(at=AT + dt.timedelta(hours=25))
        operations.continue_import(import_id=record.pk, at=AT + dt.timedelta(hours=25))

        assert (bool(kept), soon, found) == (True, [], [record.pk])
        assert (queries.imports().first().state, admin.get(f"{waiting}columns/").status_code) == ("refused", 200)

    def test_may_bring_readings_of_further_registers(self, admin, household, give):
        text = LONG.replace("amount", "amount;out").replace("0,5\n", "0,5;0,25\n")
        address = give(long_file(text), unit="")
        record = queries.imports().first()
        operations.continue_import(import_id=record.pk, at=AT)

        wrong = self.told(admin, address, further="D:B1")
        self.told(admin, address, further="D=B1 kWh")
        checked = operations.continue_import(import_id=record.pk, at=AT)

        assert (wrong.status_code, "such as D=B1" in text_of(wrong)) == (422, True)
        assert checked.state == "checked"
        rows = queries.import_report(import_id=record.pk).values_list("register_code", "total")
        assert sorted(rows) == [("B1", 24_000), ("E1", 48_000)]

    def test_that_contradict_themselves_are_refused_at_their_field(self, admin, waiting):
        response = self.told(admin, waiting, column_value="1")

        assert response.status_code == 422
        assert "two meanings share a column" in text_of(response)
        assert queries.imports().first().state == "mapping"

    def test_are_not_told_of_a_file_that_is_gone(self, admin, household, give):
        address = give(meter_file(("P1", "2026-03-01", "0.5")))
        operations.run_import(import_id=queries.imports().first().pk, at=AT)

        assert admin.get(f"{address}columns/").status_code == 404


class TestProfiles:
    @pytest.fixture
    def two(self, admin, household, give):
        for name in ("One", "Two <b>"):
            address = give(long_file(), unit="")
            operations.continue_import(import_id=queries.imports().first().pk, at=AT)
            TestColumns().told(admin, address, profile_name=name)
        return {profile.name: profile.pk for profile in queries.mapping_profiles()}

    def test_are_listed_renamed_and_forgotten(self, admin, two):
        before = rows_of(admin.get("/console/imports/-/profiles/"))

        renamed = admin.post(f"/console/imports/-/profiles/{two['One']}/rename/", {"name": "Three"})
        forgotten = admin.post(f"/console/imports/-/profiles/{two['Two <b>']}/forget/")

        assert [row[0] for row in before] == ["One", "Two <b>"]
        assert (renamed.status_code, forgotten.status_code) == (302, 302)
        assert [profile.name for profile in queries.mapping_profiles()] == ["Three"]
        deeds = [event.action for event in identity_queries.audit_events()[:2]]
        assert sorted(deeds) == ["readings.profile_forgotten", "readings.profile_renamed"]

    def test_keep_a_name_of_their_own(self, admin, two):
        response = admin.post(f"/console/imports/-/profiles/{two['One']}/rename/", {"name": "Two <b>"})

        assert response.status_code == 422
        assert "is called “Two <b>” already" in text_of(response)
        assert {profile.name for profile in queries.mapping_profiles()} == set(two)

    def test_are_nobody_elses(self, stranger, two):
        address = f"/console/imports/-/profiles/{two['One']}"

        answers = [stranger.post(f"{address}/rename/", {"name": "x"}), stranger.post(f"{address}/forget/")]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert len(queries.mapping_profiles()) == 2


class TestTakingBack:
    def test_is_ordered_with_a_reason_and_shown(self, admin, household, give, django_capture_on_commit_callbacks):
        before = queries.readings_until()
        address = give(meter_file(("P1", "2026-03-01", "0.5")))
        record = operations.run_import(import_id=queries.imports().first().pk, at=AT)

        refused = admin.post(f"{address}take-back/", {"because": ""}, follow=True)
        with django_capture_on_commit_callbacks() as sent:
            admin.post(f"{address}take-back/", {"because": "Wrong meter"})
        under_way = text_of(admin.get(address))
        operations.continue_import(import_id=record.pk, at=AT)

        assert "Say why" in text_of(refused)
        assert len(tasks_of(sent)) == 1
        assert "Taking the import back" in under_way
        assert "Wrong meter" in text_of(admin.get(address))
        assert queries.readings_until() == before

    def test_report_comes_as_a_workbook_too(self, admin, household, give):
        import io

        import openpyxl

        address = give(meter_file(("P1", "2026-03-01", "0.5")))

        book = openpyxl.load_workbook(io.BytesIO(admin.get(f"{address}rows.xlsx").content))

        rows = list(book.active.values)
        assert rows[1][:6] == (2, None, "accepted", "P1", "E1", dt.datetime(2026, 3, 1))
