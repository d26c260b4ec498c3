"""Partitions are made ahead by the owner: years, months for very large companies, and nothing that stands is lost."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from django.db import ProgrammingError, connection

from harness import databases
from tenancy import context
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering.models import Channel, IntervalDay
from tenants.metering.operations import partitions

AT = dt.datetime(2028, 12, 1, tzinfo=dt.UTC)


def make(database, code, *, monthly_above=100_000, at=AT):
    """Make partitions in a process of the owner's."""
    lines = [
        "import datetime, django; django.setup()",
        "from tenancy import context",
        "from tenants.metering.operations import partitions",
        f"partitions.MONTHLY_ABOVE = {monthly_above}",
        f"with context.use(context.retailer_by_code(code={code!r})):",
        f"    print(*partitions.make_partitions(at=datetime.datetime.fromisoformat({at.isoformat()!r})))",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=databases.ROOT,
        env=databases.environment(database, role="owner"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def channel(fresh_db, birch):
    with context.use(birch):
        premises = Premises.objects.create(address="Somewhere", time_zone="Etc/GMT-10")
        point = SupplyPoint.objects.create(identifier="P1", premises=premises)
        yield Channel.objects.create(
            supply_point=point, register_code="E1", kind="consumption", interval_minutes=60, recording_zone="Etc/GMT-10"
        )


def place_of(day):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM metering_intervalday WHERE day = %s", [day])
        return [name.split(".")[-1] for (name,) in cursor.fetchall()]


class TestPartitions:
    def test_are_made_a_year_ahead_and_take_over_days_that_stand_elsewhere(self, channel, fresh_db, birch):
        day = dt.date(2029, 3, 1)
        stored = {"values": b"\1\0\0\0" * 24, "quality": b"\1", "total": 24, "missing": 0, "recorded_at": AT}
        IntervalDay.objects.create(channel=channel, day=day, **stored)
        before = place_of(day)

        made = make(fresh_db, "birch")
        again = make(fresh_db, "birch")

        assert (before, made, again) == (["metering_intervalday_other"], ["metering_intervalday_2029"], [])
        assert place_of(day) == ["metering_intervalday_2029"]
        assert bytes(IntervalDay.objects.get(day=day).values) == stored["values"]
        IntervalDay.objects.filter(day=day).delete()

    def test_are_months_for_a_company_with_very_many_channels(self, channel, fresh_db, birch):
        made = make(fresh_db, "birch", monthly_above=0)

        assert len(made) == 24
        assert made[0] == "metering_intervalday_2028_01"
        standing = partitions.partitions()
        assert "metering_intervalday_2028" not in standing
        assert "metering_intervalday_2027" in standing

    def test_cannot_be_made_by_the_company_itself(self, channel):
        with pytest.raises(ProgrammingError):
            partitions.make_partitions(at=AT)
