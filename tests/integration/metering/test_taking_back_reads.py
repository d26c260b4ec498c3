"""A file of register reads is taken back: what stood before stands again, and the bills it touched are found."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest

from billing.corrections import operations as correction_operations
from billing.corrections.models import Correction
from billing.runs import operations as run_operations
from billing.runs import queries as run_queries
from harness import supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.metering import operations
from tenants.metering.models import Meter, Register, RegisterRead
from tenants.metering.operations import taking_back

AT = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2026, 2, 1), dt.date(2026, 3, 1)
HEAD = "supply_point,meter,register,day,read,quality\n"
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一制}
currency: CNY
charges:
  - code: energy
    title: {en: Energy}
    quantity: sum(consumption)
    price: 0.5
    round: {line: 2}
    payee: retailer
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def register(in_alder):
    product = supply.product(document=FLAT, valid_from=FIRST)
    supply.supply(number="1", product=product, start=FIRST)
    point = SupplyPoint.objects.get(identifier="P1")
    dial = operations.Dial("1", "consumption", digits=6, decimals=2, shows=Decimal(0))
    meter = operations.NewMeter(point.pk, "M1", FIRST, "Asia/Shanghai", dials=[dial])
    operations.install_meter(meter=meter, at=AT, by="x")
    return Register.objects.get()


def hour(hours):
    return AT + dt.timedelta(hours=hours)


def bring(*reads, hours):
    rows = "".join(f"P1,M1,1,{day},{value},{quality}\n" for day, value, quality in reads)
    file = io.BytesIO((HEAD + rows).encode())
    done = operations.import_file(file=file, file_name="reads.csv", source="test", at=hour(hours))
    assert done.state == "done", list(done.rows.values_list("code", "params"))
    return done.pk


def order(import_id, hours):
    operations.order_taking_back(import_id=import_id, by="ada", because="wrong file", at=hour(hours))


def back(import_id, hours):
    order(import_id, hours)
    return operations.continue_import(import_id=import_id, at=hour(hours))


def stands():
    rows = RegisterRead.objects.filter(ended_at=None).order_by("register", "day")
    return [(each.day, int(each.value), each.quality, each.doubt) for each in rows]


START = (FIRST, 0, "actual", "")


class TestTakingBackReads:
    def test_sets_new_reads_aside_and_keeps_them(self, register):
        wrong = bring((LAST, 900, "actual"), hours=1)

        done = back(wrong, 2)

        assert (done.state, stands()) == ("taken_back", [START])
        kept = RegisterRead.objects.get(import_id=wrong)
        assert (kept.value, kept.ended_at, kept.ended_by) == (Decimal(900), hour(2), "ada")

    def test_brings_back_the_read_that_was_replaced(self, register):
        bring((LAST, 300, "actual"), hours=1)
        wrong = bring((LAST, 900, "actual"), hours=2)

        back(wrong, 3)

        assert stands() == [START, (LAST, 300, "actual", "")]
        assert list(RegisterRead.objects.filter(day=LAST).order_by("version").values_list("version", flat=True)) == [
            1,
            2,
            3,
        ]

    def test_brings_back_the_estimates_that_a_read_ended(self, register):
        middle = dt.date(2026, 2, 15)
        bring((middle, 140, "estimated"), hours=1)
        wrong = bring((LAST, 900, "actual"), hours=2)
        assert stands() == [START, (LAST, 900, "actual", "")]

        back(wrong, 3)

        assert stands() == [START, (middle, 140, "estimated", "")]

    def test_of_two_files_on_one_another_goes_from_the_last(self, register):
        first = bring((LAST, 300, "actual"), hours=1)
        second = bring((LAST, 310, "actual"), hours=2)

        with pytest.raises(taking_back.ChangedSince, match="2026-03-01"):
            order(first, 3)
        back(second, 3)
        back(first, 4)

        assert stands() == [START]

    def test_brings_back_what_a_person_believed(self, register):
        bring((LAST, 600_000, "actual"), hours=1)
        doubted = RegisterRead.objects.get(day=LAST)
        assert doubted.doubt == "implausible"
        operations.believe_read(read_id=doubted.pk, at=hour(1), by="eve")
        wrong = bring((LAST, 400, "actual"), hours=2)

        back(wrong, 3)

        now = RegisterRead.objects.get(day=LAST, ended_at=None)
        assert (now.value, now.doubt, now.cleared_by) == (Decimal(600_000), "", "eve")

    def test_leaves_alone_what_a_person_withdrew_meanwhile(self, register):
        wrong = bring((LAST, 900, "actual"), hours=1)
        operations.withdraw_read(read_id=RegisterRead.objects.get(day=LAST).pk, at=hour(2), by="eve")

        done = back(wrong, 3)

        assert (done.state, stands()) == ("taken_back", [START])
        assert RegisterRead.objects.get(import_id=wrong).ended_by == "eve"

    def test_done_twice_has_one_effect(self, register):
        bring((LAST, 300, "actual"), hours=1)
        wrong = bring((LAST, 900, "actual"), hours=2)
        back(wrong, 3)
        before = RegisterRead.objects.count()

        taking_back.take_back(import_id=wrong, at=hour(4))

        assert (RegisterRead.objects.count(), len(stands())) == (before, 2)

    def test_lets_the_same_file_come_again(self, register):
        wrong = bring((LAST, 900, "actual"), hours=1)
        back(wrong, 2)

        bring((LAST, 900, "actual"), hours=3)

        assert stands() == [START, (LAST, 900, "actual", "")]

    def test_of_a_nem13_file_goes_the_same_way(self, register):
        row = "250,P1,11,1,11,11,M9,E,100,20260201000000,A,,,130,20260301000000,A,,,30,KWH,20260601,20260302000000,\n"
        content = f"100,NEM13,202603021200,MDP,RET\n{row}900\n"
        done = operations.import_file(file=io.BytesIO(content.encode()), file_name="n", source="test", at=hour(1))

        back(done.pk, 2)

        assert stands() == [START]
        assert Meter.objects.filter(serial="M9").count() == 1


class TestBills:
    def test_made_of_the_reads_are_found(self, register):
        wrong = bring((LAST, 900, "actual"), hours=1)
        february = Period(FIRST, LAST)
        run = run_operations.run_to_review(run=run_operations.create_run(period=february, at=hour(2)), at=hour(2))
        assert run_queries.items(run=run).get().energy_wh == 900_000
        run_operations.issue_run_now(run=run, billing_date=LAST, at=hour(2))
        assert correction_operations.run_now(at=hour(3)) == 0

        back(wrong, 4)

        assert correction_operations.run_now(at=hour(5)) == 1
        assert Correction.objects.get().reasons[0]["what"] == "register"
