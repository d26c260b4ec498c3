"""Ten million readings in one file: read in little memory, every one of them stored."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import pytest

from harness import databases
from tenancy import context
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering.models import IntervalDay, ReadingImport

POINTS, DAYS, SLOTS = 1050, 100, 96
MOST_BYTES = 500 * 2**20
FIRST = dt.date(2026, 1, 1)
WORK = """
import datetime, json, sys
import django; django.setup()
from tenancy import context
from tenants.metering import operations
with context.use(context.retailer_by_code(code="birch")), open(sys.argv[1], "rb") as file:
    at = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
    done = operations.import_file(file=file, file_name="large.csv", source="test", at=at, zone="Etc/GMT-10")
    lines = open("/proc/self/status").read().splitlines()  # of this program alone, not of the one that started it
    peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    codes = [row.code for row in done.rows.filter(outcome="refused")[:3]]
    print(json.dumps([done.state, done.days_accepted, peak, codes]))
"""


@pytest.fixture
def points(fresh_db, birch):
    with context.use(birch):
        premises = Premises.objects.create(address="1 Meter Street", time_zone="Etc/GMT-10")
        SupplyPoint.objects.bulk_create(SupplyPoint(identifier=f"PT{n:06d}", premises=premises) for n in range(POINTS))
        yield birch


def columns(path):
    tail = "," + ",".join(["1.234"] * SLOTS) + "\n"
    with path.open("w") as file:
        file.write("nmi,date," + ",".join(f"P{n}" for n in range(1, SLOTS + 1)) + "\n")
        for point in range(POINTS):
            file.writelines(f"PT{point:06d},{FIRST + dt.timedelta(days=day)}{tail}" for day in range(DAYS))


def long(path, points, days):
    times = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(0, 1440, 15)]
    with path.open("w") as file:
        file.write("nmi,interval start,kWh\n")
        for day in range(days):
            date = FIRST + dt.timedelta(days=day)
            for time in times:
                file.writelines(f"PT{point:06d},{date} {time},1.234\n" for point in range(points))


def run(path, database):
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(path)],
        cwd=databases.ROOT,
        env=databases.environment(database),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
class TestTenMillionReadings:
    def test_in_columns_are_stored_in_less_than_500_megabytes(self, points, fresh_db, tmp_path):
        columns(tmp_path / "large.csv")

        state, accepted, peak, refused = run(tmp_path / "large.csv", fresh_db)

        assert (state, accepted, refused) == ("done", POINTS * DAYS, [])
        assert IntervalDay.objects.filter(total=SLOTS * 1234).count() == POINTS * DAYS
        assert peak < MOST_BYTES
        assert ReadingImport.objects.get().rows_read == POINTS * DAYS + 1

    def test_in_rows_sorted_by_time_are_stored_in_less_than_500_megabytes(self, points, fresh_db, tmp_path):
        long(tmp_path / "large.csv", POINTS, 100)

        state, accepted, peak, refused = run(tmp_path / "large.csv", fresh_db)

        assert (state, accepted, refused) == ("done", POINTS * 100, [])
        assert peak < MOST_BYTES
