"""Bills of supply points that registers count, down to the fen, and what sends them back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.runs import operations, queries
from harness import supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.metering import operations as metering_operations

JANUARY, FEBRUARY = Period.of_month(2026, 1), Period.of_month(2026, 2)
AT = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
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
def flat():
    return supply.product(document=FLAT, valid_from=dt.date(2025, 12, 1))


def install(*dials, since=JANUARY.start, number="1"):
    point = SupplyPoint.objects.get(identifier=f"P{number}")
    new = metering_operations.NewMeter(point.pk, f"M{number}", since, "Asia/Shanghai", dials=dials, position="1")
    return metering_operations.install_meter(meter=new, at=AT, by="x")


def dial(code="1", **more):
    return metering_operations.Dial(code, "consumption", digits=6, decimals=2, shows=Decimal(0), **more)


def read(meter, on, value, code="1", **more):
    given = metering_operations.NewRead(meter.registers.get(code=code).pk, on, Decimal(value), **more)
    at = max(AT, dt.datetime.combine(on, dt.time(12), tzinfo=dt.UTC))
    return metering_operations.store_reads(reads=[given], at=at, source="test")[0]


def rated(period=JANUARY):
    run = operations.run_to_review(run=operations.create_run(period=period, at=AT), at=AT)
    return run, queries.items(run=run).get()


class TestMonth:
    def test_between_reads_on_its_bounds(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=JANUARY.start)
        read(install(dial()), FEBRUARY.start, "310.5")

        _run, item = rated()

        assert (item.state, item.total, item.energy_wh) == ("drafted", Decimal("155.25"), 310_500)
        usage = item.draft.parts[0]["usage"]["days"]
        assert (len(usage), sum(day[0] for day in usage)) == (31, 310_500)

    def test_between_reads_that_do_not_fall_on_its_bounds_adds_up_over_two_bills(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=dt.date(2025, 12, 20))
        meter = install(dial(), since=dt.date(2025, 12, 20))
        read(meter, dt.date(2026, 1, 11), "22.22")
        read(meter, dt.date(2026, 2, 21), "104.22")

        _, item = rated()

        # 1,010 Wh a day up to the 11th, then 2,000 Wh on each of 21 days.
        assert item.energy_wh == 10 * 1_010 + 21 * 2_000

    def test_without_a_read_at_its_end_waits_and_goes_on_when_it_comes(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=JANUARY.start)
        meter = install(dial())
        run, item = rated()
        assert (item.state, item.reason) == ("parked", "readings_missing")

        read(meter, FEBRUARY.start, "31")
        operations.rerate(run_id=run.pk, at=AT)
        operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=AT)

        assert queries.items(run=run).get().total == Decimal("15.50")

    def test_of_a_backward_read_waits(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=JANUARY.start)
        meter = install(dial())
        read(meter, dt.date(2026, 1, 15), "100")
        read(meter, FEBRUARY.start, "90")

        assert rated()[1].state == "parked"


class TestVersions:
    def test_name_the_reads_and_a_changed_read_rates_the_draft_anew(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=JANUARY.start)
        meter = install(dial())
        read(meter, FEBRUARY.start, "310")
        run, item = rated()
        register = meter.registers.get()
        named = item.draft.versions["parts"][0]["readings"]
        assert named == {f"register:{register.pk}": "2026-01-01=1 2026-02-01=1"}

        read(meter, FEBRUARY.start, "320")
        operations.issue_run_now(run=run, billing_date=AT.date(), at=AT)

        item = queries.items(run=run).get()
        versions = item.draft.versions["parts"][0]["readings"]
        assert (item.state, item.total, versions) == (
            "issued",
            Decimal("160.00"),
            {f"register:{register.pk}": "2026-01-01=1 2026-02-01=2"},
        )

    def test_a_read_of_another_month_sends_nothing_back(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=JANUARY.start)
        meter = install(dial())
        read(meter, FEBRUARY.start, "310")
        run, _ = rated()

        read(meter, dt.date(2026, 3, 1), "500")
        operations.issue_run_now(run=run, billing_date=AT.date(), at=AT)

        assert queries.items(run=run).get().state == "issued"


class TestTimesOfUse:
    def factory(self, *labels):
        product = supply.product(document="cn-two-part-industrial", valid_from=JANUARY.start)
        supply.supply(
            number="1",
            product=product,
            start=JANUARY.start,
            kind="business",
            parameters={"flat_price": "0.38447", "capacity": "630"},
        )
        dials = [dial(f"0{place}", label=label) for place, label in enumerate(labels)]
        reactive = metering_operations.Dial("11", "reactive", unit="kvarh", digits=6, shows=Decimal(0))
        return install(*dials, reactive)

    def test_are_billed_as_the_registers_count_them(self, in_alder):
        meter = self.factory("tip", "peak", "flat", "valley")
        for code, value in (("00", "24800"), ("01", "74400"), ("02", "99200"), ("03", "99200"), ("11", "119040")):
            read(meter, FEBRUARY.start, value, code=code)

        _, item = rated()

        assert item.reason_params == {}
        lines = {line["code"]: line["posted"] for line in item.draft.parts[0]["bill"]["lines"]}
        # The same month in intervals: tests/stories/test_factory_month.py.
        assert lines == {
            "energy": "117278.77",
            "losses": "4161.67",
            "network": "37586.88",
            "system_operation": "24484.44",
            "capacity": "17121.30",
            "power_factor": "-902.85",
            "funds": "13451.52",
        }
        assert [sum(day) for day in item.draft.parts[0]["usage"]["days"]] == [9_600_000] * 31

    def test_that_no_register_counts_are_not_made_up(self, in_alder):
        meter = self.factory("")
        for code, value in (("00", "297600"), ("11", "119040")):
            read(meter, FEBRUARY.start, value, code=code)

        _, item = rated()

        assert (item.state, item.reason) == ("parked", "shape_unknown")

    def test_of_the_price_are_those_of_the_registers(self, in_alder):
        meter = self.factory("peak", "flat", "valley")
        for code, value in (("00", "74400"), ("01", "99200"), ("02", "99200"), ("11", "119040")):
            read(meter, FEBRUARY.start, value, code=code)

        _, item = rated()

        assert (item.state, item.reason) == ("parked", "register_labels_differ")


class TestIntervalsAndRegisters:
    def test_registers_that_settle_always_set_the_quantity_and_intervals_its_shape(self, in_alder):
        product = supply.product(document="cn-two-part-industrial", valid_from=JANUARY.start)
        terms = {"flat_price": "0.38447", "capacity": "630"}
        supply.supply(number="1", product=product, start=JANUARY.start, kind="business", parameters=terms)
        meter = install(dial(settles="always"))
        point = SupplyPoint.objects.get(identifier="P1")
        supply.read(channel=supply.channel(point=point), period=JANUARY, each=99_000)
        supply.read(channel=supply.channel(point=point, kind="reactive", register="Q1"), period=JANUARY, each=40_000)
        read(meter, FEBRUARY.start, "297600")

        _, item = rated()

        cells = item.draft.parts[0]["bill"]["lines"][0]["cells"]
        assert {cell["label"]: cell["quantity"] for cell in cells} == {
            "tip": "24800",
            "peak": "74400",
            "flat": "99200",
            "valley": "99200",
        }

    def test_days_before_the_intervals_began_come_from_the_registers(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=JANUARY.start)
        meter = install(dial())
        read(meter, dt.date(2026, 1, 11), "30")
        read(meter, FEBRUARY.start, "999")
        point = SupplyPoint.objects.get(identifier="P1")
        intervals = Period(dt.date(2026, 1, 11), FEBRUARY.start)
        supply.read(channel=supply.channel(point=point), period=intervals, each=100)

        _, item = rated()

        assert item.energy_wh == 30_000 + 21 * 96 * 100


class TestCorrection:
    def ask(self, point):
        return metering_operations.request_correction(
            supply_point_id=point.pk,
            period=JANUARY,
            power_right=Decimal(3),
            power_wrong=Decimal(2),
            cause="wiring",
            reason="one phase without current",
            key="k",
            by="x",
            at=AT,
        )

    def test_adds_its_rate_to_registers(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=JANUARY.start)
        read(install(dial()), FEBRUARY.start, "310.01")
        run, item = rated()
        asked = self.ask(SupplyPoint.objects.get())

        operations.issue_run_now(run=run, billing_date=AT.date(), at=AT)
        operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=AT)

        item = queries.items(run=run).get()
        assert (asked.added_wh, item.energy_wh) == (155_005, 465_015)
        assert item.draft.versions["parts"][0]["readings"][f"corrections:{SupplyPoint.objects.get().pk}"]

    def test_adds_its_rate_to_intervals(self, in_alder, flat):
        supply.supply(number="1", product=flat, start=JANUARY.start)
        point = SupplyPoint.objects.get(identifier="P1")
        supply.read(channel=supply.channel(point=point), period=JANUARY, each=101)
        self.ask(point)

        _, item = rated()

        assert item.energy_wh == 101 * 96 * 31 * 3 // 2
