"""Imports outside a test's transaction: real commits, the background task, two workers at once, a killed one."""

from __future__ import annotations

import datetime as dt
import io
import threading
from pathlib import Path

import pytest
from django.db import connection, connections

from tenancy import context
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, tasks
from tenants.metering.models import IntervalDay, IntervalDayRevision, ReadingImport, ReadingImportRow
from tenants.metering.operations import importing

CONTENT = (Path(__file__).resolve().parents[3] / "examples/meters/nem12/Example_NEM12_actual_interval.csv").read_bytes()
AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture
def company(fresh_db, birch, settings, tmp_path):
    settings.FILES_DIR = tmp_path
    with context.use(birch):
        premises = Premises.objects.create(address="1 Meter Street", time_zone="Australia/Sydney")
        SupplyPoint.objects.create(identifier="VABD000163", premises=premises)
    return birch


def upload(content=CONTENT):
    return operations.upload_file(file=io.BytesIO(content), file_name="a.csv", source="test", at=AT)


def stored_files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


class TestImportTask:
    def test_imports_for_its_retailer_and_forgets_the_file(self, company, tmp_path):
        with context.use(company):
            record = upload()
            kept = len(stored_files(tmp_path))

            state = tasks.import_readings.apply(args=[record.pk], headers={"retailer": company.schema_name}).get()

            assert (state, kept, stored_files(tmp_path)) == ("done", 1, [])
            assert sorted(IntervalDay.objects.values_list("total", flat=True)) == [53_328, 106_656]
            assert ReadingImport.objects.get().file.name == ""

    def test_checks_first_and_imports_afterwards(self, company, tmp_path):
        with context.use(company):
            record = upload()

            checked = operations.run_import(import_id=record.pk, at=AT, dry_run=True)
            between = IntervalDay.objects.count(), len(stored_files(tmp_path))
            done = operations.run_import(import_id=record.pk, at=AT)

            assert (checked.state, between) == ("checked", (0, 1))
            assert (done.state, IntervalDay.objects.count()) == ("done", 2)
            assert ReadingImportRow.objects.count() == 2

    def test_leaves_nothing_of_a_refused_file_but_its_report(self, company, tmp_path):
        with context.use(company):
            record = upload(CONTENT[:-5])

            refused = operations.run_import(import_id=record.pk, at=AT)

            assert (refused.state, refused.rows_refused, IntervalDay.objects.count()) == ("refused", 1, 0)
            assert stored_files(tmp_path) == []
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'metering_stage%'")
                assert cursor.fetchone() == (0,)

    def test_can_be_run_again_after_it_was_killed_on_the_way(self, company, monkeypatch):
        with context.use(company):
            record = upload()

            with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
                patched.setattr(importing, "_finish", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
                operations.run_import(import_id=record.pk, at=AT)
            left = IntervalDay.objects.count(), ReadingImport.objects.get().state
            done = operations.run_import(import_id=record.pk, at=AT)

            assert left == (0, "importing")
            assert (done.state, IntervalDay.objects.count()) == ("done", 2)

    def test_two_workers_with_one_file_store_it_once(self, company):
        with context.use(company):
            record = upload()
        states: list[str] = []

        def work():
            with context.use(company):
                states.append(operations.run_import(import_id=record.pk, at=AT).state)
            connections.close_all()

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        with context.use(company):
            assert states == ["done", "done"]
            assert set(IntervalDay.objects.values_list("version", flat=True)) == {1}
            assert (ReadingImportRow.objects.count(), IntervalDayRevision.objects.count()) == (2, 0)
