"""Files of register reads: NEM13 and tables, whole or not at all, any number of times."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest

from harness import whole_schema
from tenants.customers import operations as customer_operations
from tenants.metering import operations, queries
from tenants.metering.models import Meter, Register, RegisterRead

FILES = Path(__file__).resolve().parents[3] / "examples" / "meters" / "nem12"
AT = dt.datetime(2026, 12, 3, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db
HEAD = "100,NEM13,200505161145,MDP,RET\n"


def row(nmi="NEM1311002", register="11", serial="11002", reads=("38841", "39013"), said="172", **more):
    cells = {"direction": "E", "quality": "A", "from": "20041117093206", "to": "20050217074053", "unit": "KWH"} | more
    return (
        f"250,{nmi},11,{register},11,11,{serial},{cells['direction']},{reads[0]},{cells['from']},A,,,{reads[1]},"
        f"{cells['to']},{cells['quality']},,,{said},{cells['unit']},20050519,20050218104410,\n"
    )


@pytest.fixture
def points(in_birch):
    return [
        customer_operations.add_supply_point(identifier=name, address=name, time_zone="Australia/Sydney")
        for name in ("NEM1311002", "NEM1312027")
    ]


def load(content, dry_run=False, name="reads"):
    file = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    return operations.import_file(file=file, file_name=name, source="test", at=AT, dry_run=dry_run)


def report(record):
    return list(queries.import_report(import_id=record.pk).values_list("row", "outcome", "code"))


def stored():
    rows = RegisterRead.objects.filter(ended_at=None).order_by("register", "day")
    return [(each.register.code, each.day, each.value, each.quality) for each in rows]


class TestSharedFiles:
    def test_of_a_customer(self, points):
        content = (FILES / "NEM13#000000000000011#CNRGYMDP#NEMMCO.zip").read_bytes()

        record = load(content)

        assert (record.state, record.format, record.days_accepted) == ("done", "nem13", 2)
        assert stored() == [
            ("1", dt.date(2004, 11, 17), Decimal(38841), "actual"),
            ("1", dt.date(2005, 2, 17), Decimal(39013), "actual"),
        ]
        # The file says 31 kWh, the register went 172: the report says so.
        assert report(record) == [(2, "accepted", ""), (2, "accepted", "read_quantity")]

    def test_of_a_customer_who_feeds_in(self, points):
        content = (FILES / "NEM13#Scenario12#POWERMDP#NEMMCO.zip").read_bytes()

        first, again = load(content), load(content)

        register = Register.objects.get()
        assert (register.kind, register.digits, register.decimals) == ("feed_in", 7, 2)
        assert (report(first), again.days_unchanged) == ([(2, "accepted", ""), (2, "accepted", "")], 2)
        used = queries.register_uses(supply_point_ids=[points[1].pk], period=_days("2004-10-01", "2005-01-01"))
        assert used[points[1].pk]["feed_in"].wh.sum() == 987_000

    def test_checked_only_leave_nothing(self, points):
        content = (FILES / "NEM13#Scenario12#POWERMDP#NEMMCO.zip").read_bytes()

        record = load(content, dry_run=True)

        assert (record.state, record.days_accepted) == ("checked", 2)
        assert (RegisterRead.objects.count(), Meter.objects.count()) == (0, 0)


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "code", "at"),
        [
            (HEAD + row(), "nem_end_missing", 2),
            (HEAD + row(nmi="9999999999") + "900\n", "unknown_supply_point", 2),
            (HEAD + row(reads=("1", "1x")) + "900\n", "not_a_number", 2),
            (HEAD + row(quality="N") + "900\n", "quality", 2),
            (HEAD + row(unit="GAL") + "900\n", "unit", 2),
            (HEAD + row(direction="X") + "900\n", "nem13_direction", 2),
            (HEAD + row(to="20041117000000") + "900\n", "nem13_order", 2),
            (HEAD + row() + row(reads=("38841", "40000")) + "900\n", "read_twice", 3),
            (HEAD + "250,NEM1311002,11\n900\n", "nem_fields", 2),
            (HEAD + "200,NEM1311002,E1\n900\n", "nem_indicator", 2),
            ("100,NEM13,soon,MDP,RET\n900\n", "nem_header", 1),
            (HEAD + "900\n", "no_readings", None),
        ],
    )
    def test_leaves_no_trace_but_its_report(self, points, content, code, at):
        before = whole_schema.fingerprints(but=("metering_readingimport", "metering_readingimportrow"))

        record = load(content)

        assert (record.state, report(record)[0]) == ("refused", (at, "refused", code))
        assert whole_schema.fingerprints(but=("metering_readingimport", "metering_readingimportrow")) == before

    def test_one_bad_row_refuses_all(self, points):
        record = load(HEAD + row() + row(nmi="NEM1312027", reads=("x", "1")) + "900\n")

        assert (record.state, record.rows_refused, RegisterRead.objects.count()) == ("refused", 1, 0)


class TestTable:
    def meter(self, point):
        dial = operations.Dial("1", "consumption", digits=5, decimals=1, shows=Decimal(0))
        new = operations.NewMeter(point.pk, "M100", dt.date(2026, 1, 1), "Australia/Sydney", dials=[dial])
        return operations.install_meter(meter=new, at=AT, by="x")

    @pytest.mark.parametrize(
        "content",
        [
            "supply_point,meter,register,day,read,quality\nNEM1311002,M100,1,2026-02-01,310.5,actual\n",
            "\ufeff户号;表号;示数类型;抄表日期;示数;质量\r\nNEM1311002;M100;1;20260201;310.5;实抄\r\n",
            "nmi,register,date,read\nNEM1311002,1,2026/2/1,310.5\n",
        ],
    )
    def test_in_either_language(self, points, content):
        self.meter(points[0])

        record = load(content)

        assert (record.state, record.format) == ("done", "register_reads")
        assert stored()[-1] == ("1", dt.date(2026, 2, 1), Decimal("310.5"), "actual")

    @pytest.mark.parametrize(
        ("cells", "code"),
        [
            ("NEM1311002,M100,1,2026-02-30,310.5,actual", "not_a_date"),
            ("NEM1311002,M100,1,2026-02-01,1e9,actual", "not_a_number"),
            ("NEM1311002,M100,1,2026-02-01,1,guessed", "quality"),
            ("NEM1311002,M100,1,2026-02-01,310.55,actual", "read_refused"),
            ("NEM1311002,M100,1,2025-12-01,1,actual", "read_no_meter"),
            ("NEM1311002,,7,2026-02-01,1,actual", "read_no_register"),
        ],
    )
    def test_refuses_with_row_and_reason(self, points, cells, code):
        self.meter(points[0])

        record = load(f"supply_point,meter,register,day,read,quality\n{cells}\n")

        assert (record.state, report(record), len(stored())) == ("refused", [(2, "refused", code)], 1)

    def test_a_backward_read_is_stored_in_doubt_and_told(self, points):
        self.meter(points[0])
        content = "supply_point,register,day,read\nNEM1311002,1,2026-02-01,310\nNEM1311002,1,2026-03-01,309\n"

        record = load(content)

        assert report(record) == [(2, "accepted", ""), (3, "accepted", "read_backward")]
        assert queries.doubted_reads().count() == 1

    def test_in_any_order_and_number_of_times_is_the_same(self, points):
        self.meter(points[0])
        lines = [f"NEM1311002,1,2026-0{month}-01,{month * 100}\n" for month in range(2, 8)]
        head = "supply_point,register,day,read\n"

        for order in (lines[::-1], lines[2:] + lines[:2], lines):
            load(head + "".join(order))

        assert [each[2] for each in stored()] == [0, 200, 300, 400, 500, 600, 700]
        assert RegisterRead.objects.count() == 7


class TestTwoCompanies:
    def test_see_nothing_of_each_other(self, points, alder):
        from tenancy import context

        load(HEAD + row() + "900\n")
        assert RegisterRead.objects.count() == 2

        with context.use(alder):
            assert (RegisterRead.objects.count(), Register.objects.count(), load(HEAD + row() + "900\n").state) == (
                0,
                0,
                "refused",
            )


def _days(start, end):
    from kernel.periods import Period

    return Period(dt.date.fromisoformat(start), dt.date.fromisoformat(end))
