"""A read in another unit or of another kind than its register's is refused: it would be wrong by its factor."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest

from harness import supply
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.metering import operations, queries
from tenants.metering.models import IntervalDay, RegisterRead

AT = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def point(in_birch):
    found = customer_operations.add_supply_point(identifier="P1", address="1 Lane", time_zone="Australia/Brisbane")
    dial = operations.Dial("1", "consumption", digits=6, decimals=1, shows=Decimal(0))
    new = operations.NewMeter(found.pk, "M1", dt.date(2026, 2, 1), "Australia/Brisbane", dials=[dial])
    operations.install_meter(meter=new, at=AT, by="x")
    return found


def bring(content):
    done = operations.import_file(file=io.BytesIO(content.encode()), file_name="a", source="test", at=AT)
    return done.state, [(each.row, each.code) for each in queries.import_report(import_id=done.pk) if each.code]


def nem13(unit="KWH", direction="E"):
    row = f"250,P1,11,1,11,11,M1,{direction},0,20260201000000,A,,,130,20260301000000,A,,,130,{unit},,20260302000000,\n"
    return f"100,NEM13,202603021200,MDP,RET\n{row}900\n"


class TestReadsOfOtherUnits:
    @pytest.mark.parametrize("unit", ["MWh", "Wh", "m3", "kvarh", "zebras"])
    def test_in_a_table_are_refused(self, point, unit):
        head = "supply_point,meter,register,day,read,unit"

        assert bring(f"{head}\nP1,M1,1,2026-03-01,5,{unit}\n") == ("refused", [(2, "read_unit")])
        assert RegisterRead.objects.count() == 1

    def test_in_a_table_of_their_own_unit_are_taken(self, point):
        head = "supply_point,meter,register,day,read,unit"

        assert bring(f"{head}\nP1,M1,1,2026-03-01,5,KWH\n") == ("done", [])

    def test_of_another_kind_are_refused(self, point):
        head = "supply_point,meter,register,day,read,kind"

        assert bring(f"{head}\nP1,M1,1,2026-03-01,5,feed_in\n") == ("refused", [(2, "read_unit")])

    def test_of_a_nem13_file_are_refused(self, point):
        assert bring(nem13(unit="MWH"))[0] == "refused"
        assert bring(nem13(direction="I"))[0] == "refused"
        assert RegisterRead.objects.count() == 1

    def test_of_a_nem13_file_that_agree_are_taken(self, point):
        assert bring(nem13())[0] == "done"


class TestSerialsOfTwoCompanies:
    def test_are_each_companys_own(self, alder, birch):
        content = "meter,date," + ",".join(f"P{n}" for n in range(1, 25)) + "\nSN1,2026-02-01," + ",".join(["1"] * 24)
        for retailer, name in ((alder, "A"), (birch, "B")):
            with context.use(retailer):
                found = customer_operations.add_supply_point(
                    identifier=name, address="1 Lane", time_zone="Australia/Brisbane"
                )
                operations.install_meters(
                    meters=[operations.NewMeter(found.pk, "SN1", dt.date(2026, 1, 1), "Australia/Brisbane")]
                )
        with context.use(birch):
            done = operations.import_file(
                file=io.BytesIO(content.replace("meter,", "nmi,").encode()), file_name="a", source="test", at=AT
            )

            assert (done.state, IntervalDay.objects.get().channel.supply_point.identifier) == ("done", "B")
        with context.use(alder):
            assert IntervalDay.objects.count() == 0


class TestBatchesOnDaysOfHalfHours:
    def test_take_no_hours(self, in_birch):
        found = customer_operations.add_supply_point(identifier="P1", address="x", time_zone="Australia/Lord_Howe")
        supply.channel(point=found, minutes=30)
        day = dt.date(2025, 4, 6)
        rows = [operations.BatchRow("P1", "E1", day, [1] * count) for count in (24,)]

        done = operations.store_batch(source="hes", key="1", rows=rows, at=AT)

        assert (done.rows_refused, IntervalDay.objects.count()) == (1, 0)
        good = [operations.BatchRow("P1", "E1", day, [1] * 49)]
        assert operations.store_batch(source="hes", key="2", rows=good, at=AT).days_accepted == 1
