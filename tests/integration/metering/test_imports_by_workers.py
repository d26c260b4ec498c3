"""Imports by messages: real workers of a real broker, each killed at another named point; the next one goes on."""

from __future__ import annotations

import datetime as dt
import io
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import kombu
import pytest
from django.db import connection

from config.embedded import valkey
from harness import databases
from tenancy import context
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import faults, operations, tasks
from tenants.metering.models import Channel, IntervalDay, IntervalDayRevision, ReadingImport, ReadingImportRow

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PATIENCE_SECONDS = 60
HEAD = "nmi,meter,date," + ",".join(f"P{n}" for n in range(1, 97))


def table(number):
    """A day of its own, and a new version of a day that all files share."""
    rows = [f"PT1,M1,2026-02-{number:02d},", "PT1,M1,2026-01-31,"]
    return ("\n".join([HEAD, *(row + ",".join([str(number)] * 96) for row in rows)]) + "\n").encode()


@pytest.fixture
def broker(fresh_db):
    with tempfile.TemporaryDirectory(prefix="gridhall-broker-") as folder:
        server = valkey.Server(Path(folder), durable=False).start()
        yield server
        server.stop()


@pytest.fixture
def programs(fresh_db, broker, settings, tmp_path):
    """What the worker and whoever sends to it need."""
    settings.FILES_DIR = tmp_path / "files"
    own = {"CELERY_BROKER_URL": broker.broker_url(), "GRIDHALL_FILES_DIR": str(tmp_path / "files")}
    own["GRIDHALL_LONG_PER_COMPANY"] = "0"  # who comes next need not wait until the killed one counts as gone
    return {**databases.environment(fresh_db), **own}


def send(broker, *import_ids):
    with kombu.Connection(broker.broker_url()) as to:
        for import_id in import_ids:
            tasks.import_readings.apply_async((import_id,), connection=to)


def worker(programs, log, point=""):
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            "-c",
            "1",
            "--pool",
            "solo",
            "-Q",
            "long",
            "-n",
            "test@%h",
        ],
        cwd=databases.ROOT,
        env={**programs, faults.VARIABLE: point},
        stdout=log.open("ab"),
        stderr=subprocess.STDOUT,
    )


@pytest.mark.slow
class TestWorkers:
    def test_killed_at_every_named_point_lose_and_double_nothing(self, fresh_db, birch, broker, programs, tmp_path):
        log = tmp_path / "worker.log"
        with context.use(birch):
            premises = Premises.objects.create(address="1 Meter Street", time_zone="Australia/Brisbane")
            SupplyPoint.objects.create(identifier="PT1", premises=premises)
            given = [self.upload(number) for number in range(1, len(faults.IMPORT_POINTS) + 1)]

        endings = []
        for import_id, point in zip(given, faults.IMPORT_POINTS, strict=True):
            with context.use(birch):
                send(broker, import_id)
            killed = worker(programs, log, point)
            endings.append((point, killed.wait(PATIENCE_SECONDS)))
        last = worker(programs, log)
        with context.use(birch):
            send(broker, *given, *given)
            self.wait_for(given, last, log)
            last.send_signal(signal.SIGKILL)
            last.wait(PATIENCE_SECONDS)

            assert endings == [(point, -signal.SIGKILL) for point in faults.IMPORT_POINTS]
            days = dict(IntervalDay.objects.values_list("day", "total"))
            shared = days.pop(dt.date(2026, 1, 31))
            assert days == {dt.date(2026, 2, number): number * 96_000 for number in range(1, len(given) + 1)}
            assert shared == len(given) * 96_000
            versions = list(IntervalDayRevision.objects.order_by("version").values_list("version", flat=True))
            assert versions == list(range(1, IntervalDay.objects.get(day=dt.date(2026, 1, 31)).version))
            assert (Channel.objects.count(), ReadingImportRow.objects.count()) == (1, 2 * len(given))
            assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []

    def upload(self, number):
        at = AT + dt.timedelta(hours=number)
        return operations.upload_file(file=io.BytesIO(table(number)), file_name="a.csv", source="test", at=at).pk

    def wait_for(self, given, last, log):
        for _ in range(PATIENCE_SECONDS * 5):
            if ReadingImport.objects.filter(pk__in=given, state="done", file="").count() == len(given):
                return
            assert last.poll() is None, log.read_text()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.2)")
        raise AssertionError(log.read_text()[-3000:])
