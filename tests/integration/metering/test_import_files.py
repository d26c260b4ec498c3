"""Files go in whole or not at all; every real file, idempotency, corrections, reports."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from harness import whole_schema
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, queries
from tenants.metering.models import (
    Channel,
    IntervalDay,
    IntervalDayRevision,
    Meter,
    ReadingImport,
    ReadingImportRow,
)
from tenants.metering.operations import importing

ROOT = Path(__file__).resolve().parents[3]
FILES = ROOT / "examples" / "meters"
AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
ZERO_DAY = ",".join(["0"] * 48)


def supply_point(identifier, zone="Australia/Sydney"):
    premises = Premises.objects.create(address="1 Meter Street", time_zone=zone)
    return SupplyPoint.objects.create(identifier=identifier, premises=premises)


def import_bytes(content, *, at=AT, name="file.csv", **options):
    return operations.import_file(file=io.BytesIO(content), file_name=name, source="test", at=at, **options)


def import_path(path, **options):
    return import_bytes(path.read_bytes(), name=path.name, **options)


def nem12(*days, nmi="NEM1204000", suffix="E1", unit="kWh", minutes=30):
    rows = [f"100,NEM12,202601010000,MDP,RET\n200,{nmi},E1,1,{suffix},N1,SN1,{unit},{minutes},\n"]
    rows += [f"300,{day},{values},A,,,{stamp},\n" for day, values, stamp in days]
    return "".join([*rows, "900\n"]).encode()


def totals():
    return {
        (day.channel.supply_point.identifier, day.channel.register_code, day.day): day.total
        for day in IntervalDay.objects.select_related("channel__supply_point")
    }


def kept_data():
    """Everything of the company beside the records of imports and their reports."""
    return whole_schema.fingerprints(but=("metering_readingimport", "metering_readingimportrow"))


REAL_FILES = {
    "nem12/Example_NEM12_actual_interval.csv": ("VABD000163", 2, {"E1": 53_328, "Q1": 106_656}),
    "nem12/NEM12#000000000000002#CNRGYMDP#NEMMCO.zip": (
        "NEM1202022",
        16,
        {"B1": 0, "E1": 358_797_395, "K1": 114_634_827, "Q1": 3_243_103},
    ),
    "nem12/NEM12#01010_05030502#WBAYM#NEMMCO.zip": ("NEM1201010", 8, {"E1": 350_132_820, "E2": 277_917_820}),
    "nem12/NEM12#SCENARIO205032701#ENERGEXM#NEMMCO.zip": (
        "NEM1202024",
        16,
        {"B1": 276_581_550, "E1": 0, "K1": 250, "Q1": 35_311_220},
    ),
    "nem12/NEM12#Scenario06#ETSAMDP#NEMMCO.zip": ("NEM1206111", 8, {"E1": 4_695_270, "B1": 2_307_660}),
    "nem12/NEM12#mdffl0000000001#ACTEWM#NEMMCO.zip": ("NEM1201001", 8, {"E1": 1_268_760, "E2": 25_594_200}),
    "nem12/nem12#SCENARIO02NEM1202023#ELECTDSM#NEMMCO.zip": (
        "NEM1202023",
        16,
        {"B1": 874_982, "E1": 471_771, "K1": 818_996, "Q1": 459_523},
    ),
}


@pytest.mark.django_db
class TestRealFiles:
    @pytest.mark.parametrize("name", REAL_FILES)
    def test_of_the_australian_market_are_imported_to_the_watt_hour(self, in_birch, name):
        identifier, days, expected = REAL_FILES[name]
        supply_point(identifier)

        done = import_path(FILES / name)

        found: dict[str, int] = {}
        for (_, register, _), total in totals().items():
            found[register] = found.get(register, 0) + total
        assert (done.state, done.days_accepted, done.rows_refused) == ("done", days, 0)
        assert found == expected

    def test_of_many_supply_points_are_imported(self, in_birch):
        names = {f"nmi{number}" for number in range(1, 100)}
        for name in names:
            supply_point(name)

        done = import_path(FILES / "nem12/Example_NEM12_ManyNMIs.zip")

        assert (done.state, done.days_accepted) == ("done", 198)
        assert {key[0] for key in totals()} == names
        assert sum(totals().values()) == 143_219_000 + 71_402_000

    @pytest.mark.parametrize(
        ("name", "usage_point", "days", "total"),
        [
            ("TestGBDataHourlyNineDaysBinnedDaily.xml", "2", 9, 199_563),
            ("test_usage_data_1.xml", "5446AF3F", 5, 511_688),
        ],
    )
    def test_of_green_button_are_imported_on_local_days(self, in_birch, name, usage_point, days, total):
        supply_point(usage_point, zone="America/New_York")

        done = import_path(FILES / "greenbutton" / name)

        assert (done.state, done.days_accepted) == ("done", days)
        assert sum(totals().values()) == total
        assert Channel.objects.get().recording_zone == "America/New_York"

    @pytest.mark.parametrize(
        ("name", "row", "code"),
        [
            ("invalid/Example_NEM12_15min_200_30min_300.csv", 3, "values_missing"),
            ("invalid/Example_NEM12_incomplete_interval.csv", 3, "values_missing"),
            ("invalid/Example_NEM12_missing_header.csv", 2, "nem_header_missing"),
            ("invalid/Example_NEM12_powercor_missing_fields.csv", 2, "nem_header_missing"),
            ("LICENSE", None, "unknown_format"),
        ],
    )
    def test_that_are_broken_are_refused_with_row_and_reason_and_leave_nothing(self, in_birch, name, row, code):
        for identifier in ("VABD000163", "123", "NEM1311002", "NEM1312027"):
            supply_point(identifier)
        before = kept_data()

        refused = import_path(FILES / "nem12" / name)

        report = list(queries.import_report(import_id=refused.pk))
        assert refused.state == "refused"
        assert [(each.outcome, each.row, each.code) for each in report] == [("refused", row, code)]
        assert queries.refusal_sentence(row=report[0]) != ""
        assert kept_data() == before


@pytest.mark.django_db
class TestImport:
    def test_twice_changes_nothing_the_second_time(self, in_birch):
        supply_point("VABD000163")
        path = FILES / "nem12/Example_NEM12_actual_interval.csv"
        import_path(path)
        before = kept_data()

        again = import_path(path, at=LATER)

        assert (again.state, again.days_unchanged, again.days_accepted, again.days_corrected) == ("done", 2, 0, 0)
        assert kept_data() == before

    def test_makes_meters_and_channels_as_the_file_names_them(self, in_birch):
        supply_point("VABD000163")

        import_path(FILES / "nem12/Example_NEM12_actual_interval.csv")

        channels = queries.channels_of(supply_point_ids=[SupplyPoint.objects.get().pk])
        assert [(c.register_code, c.kind, c.unit, c.interval_minutes, c.recording_zone) for c in channels] == [
            ("E1", "consumption", "Wh", 30, "Etc/GMT-10"),
            ("Q1", "reactive", "varh", 30, "Etc/GMT-10"),
        ]
        meter = Meter.objects.get()
        assert (meter.serial, meter.period.lower, meter.period.upper) == ("METSER123", dt.date(2004, 2, 1), None)
        assert {channel.meter_id for channel in channels} == {meter.pk}

    def test_refuses_the_whole_file_for_one_unknown_supply_point(self, in_birch):
        supply_point("nmi1")
        before = kept_data()

        refused = import_path(FILES / "nem12/Example_NEM12_ManyNMIs.zip")

        report = list(queries.import_report(import_id=refused.pk))
        assert (refused.state, refused.rows_refused) == ("refused", 196)
        assert (report[0].row, report[0].code, report[0].params) == (
            7,
            "unknown_supply_point",
            {"identifier": "nmi10"},
        )
        assert queries.refusal_sentence(row=report[0]) == "There is no supply point “nmi10”."
        assert kept_data() == before

    def test_keeps_the_former_version_of_a_corrected_day(self, in_birch):
        supply_point("NEM1204000")
        first = import_bytes(nem12(("20260101", ",".join(["1"] * 48), "20260102000000")))

        second = import_bytes(nem12(("20260101", ",".join(["2"] * 48), "20260103000000")), at=LATER)

        day, former = IntervalDay.objects.get(), IntervalDayRevision.objects.get()
        assert (second.days_corrected, second.days_accepted) == (1, 0)
        assert (day.total, day.version, day.recorded_at, day.import_id) == (96_000, 2, LATER, second.pk)
        assert (former.total, former.version, former.recorded_at, former.import_id, former.replaced_at) == (
            48_000,
            1,
            AT,
            first.pk,
            LATER,
        )

    def test_does_not_let_an_older_delivery_replace_a_newer(self, in_birch):
        supply_point("NEM1204000")
        import_bytes(nem12(("20260101", ",".join(["2"] * 48), "20260103000000")))

        late = import_bytes(nem12(("20260101", ",".join(["1"] * 48), "20260102000000")), at=LATER)

        assert (late.state, late.days_outdated) == ("done", 1)
        assert IntervalDay.objects.get().total == 96_000
        assert IntervalDayRevision.objects.count() == 0

    def test_never_hides_a_reading_behind_a_gap(self, in_birch):
        point = supply_point("3300000000001", "Asia/Shanghai")
        header = "户号,日期," + ",".join(f"P{n}" for n in range(1, 25)) + "\n"
        morning = header + "3300000000001,2026-01-01," + ",".join(["1"] * 12 + [""] * 12) + "\n"
        evening = header + "3300000000001,2026-01-01," + ",".join(["1e8"] * 12 + ["2"] * 12) + "\n"
        import_bytes(morning.encode())

        second = import_bytes(evening.encode("gb18030"), at=LATER)
        again = import_bytes(morning.encode(), at=LATER)

        day = IntervalDay.objects.get(channel__supply_point=point)
        assert (second.days_corrected, again.days_unchanged) == (1, 1)
        assert (day.total, day.missing, day.version) == (36_000, 0, 2)

    def test_refuses_a_register_that_changes_its_unit(self, in_birch):
        supply_point("NEM1204000")
        import_bytes(nem12(("20260101", ZERO_DAY, "20260102000000"), suffix="E1"))
        before = kept_data()

        refused = import_bytes(nem12(("20260102", ZERO_DAY, "20260103000000"), suffix="E1", unit="kW"))

        assert [row.code for row in queries.import_report(import_id=refused.pk)] == ["channel_differs"]
        assert kept_data() == before

    def test_follows_a_meter_that_changes_to_shorter_intervals(self, in_birch):
        point = supply_point("NEM1204000")
        import_bytes(nem12(("20260101", ",".join(["1"] * 48), "20260102000000")))

        import_bytes(nem12(("20260102", ",".join(["1"] * 288), "20260103000000"), minutes=5))

        channel = Channel.objects.get(supply_point=point)
        assert channel.interval_minutes == 5
        assert sorted(totals().values()) == [48_000, 288_000]

    def test_reports_what_a_dry_run_would_change_and_changes_nothing(self, in_birch):
        supply_point("VABD000163")
        path = FILES / "nem12/Example_NEM12_actual_interval.csv"
        before = kept_data()

        checked = import_path(path, dry_run=True)

        report = queries.import_report(import_id=checked.pk).values_list("outcome", "row", "register_code", "total")
        assert (checked.state, checked.days_accepted) == ("checked", 2)
        assert list(report) == [("accepted", 3, "E1", 53_328), ("accepted", 5, "Q1", 106_656)]
        assert kept_data() == before

    def test_refuses_two_names_of_one_supply_point_on_the_same_day(self, in_birch):
        nmi = "QAAAVZZZZZ"
        supply_point(nmi)
        day = f"300,20260101,{ZERO_DAY},A,,,20260102000000,\n"
        rows = "".join(f"200,{name},E1,1,E1,N1,S,kWh,30,\n{day}" for name in (nmi, f"{nmi}3"))

        refused = import_bytes(f"100,NEM12,202601010000,MDP,RET\n{rows}900\n".encode())

        assert [row.code for row in queries.import_report(import_id=refused.pk)] == ["day_twice"]
        assert IntervalDay.objects.count() == 0

    def test_stops_reading_after_a_thousand_refusals(self, in_birch):
        header = "nmi,date," + ",".join(f"P{n}" for n in range(1, 25)) + "\n"
        rows = "".join(f"nobody{n},2026-01-01" + ",1" * 24 + "\n" for n in range(5000))

        refused = import_bytes((header + rows).encode(), zone="Australia/Sydney")

        report = list(queries.import_report(import_id=refused.pk))
        assert refused.days_read == 2000
        assert len(report) == 1001
        assert report[-1].code == "already_refused"

    def test_finds_a_supply_point_by_the_serial_of_its_meter(self, in_birch):
        point = supply_point("NEM1204000")
        import_bytes(nem12(("20260101", ZERO_DAY, "20260102000000")))
        header = "meter,date," + ",".join(f"P{n}" for n in range(1, 25)) + "\n"

        done = import_bytes((header + "SN1,2026-01-02" + ",1" * 24 + "\n").encode(), zone="Etc/GMT-10")

        assert done.state == "done"
        assert totals()[point.identifier, "E1", dt.date(2026, 1, 2)] == 24_000

    def test_refuses_words_that_do_not_fit(self, in_birch):
        with pytest.raises(importing.TextTooLong):
            import_bytes(b"100", identifier="9" * 33)

        assert ReadingImport.objects.count() == 0

    def test_leaves_no_staging_table(self, in_birch):
        supply_point("VABD000163")

        import_path(FILES / "nem12/Example_NEM12_actual_interval.csv")
        import_path(FILES / "nem12/LICENSE")

        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'metering_stage%'")
            assert cursor.fetchone() == (0,)

    def test_runs_an_uploaded_file_once(self, in_birch, settings, tmp_path):
        settings.FILES_DIR = tmp_path
        supply_point("VABD000163")
        content = (FILES / "nem12/Example_NEM12_actual_interval.csv").read_bytes()
        record = operations.upload_file(file=io.BytesIO(content), file_name="a.csv", source="test", at=AT)

        done = operations.run_import(import_id=record.pk, at=AT)
        again = operations.run_import(import_id=record.pk, at=LATER)

        assert (record.state, done.state, again.finished_at) == ("uploaded", "done", AT)
        assert ReadingImportRow.objects.filter(reading_import=record).count() == 2
        assert ReadingImport.objects.get().checksum == hashlib.sha256(content).hexdigest()


@pytest.mark.django_db
class TestImportCommand:
    def test_prints_a_line_for_each_row(self, in_birch, birch, capsys):
        supply_point("VABD000163")
        path = FILES / "nem12/Example_NEM12_actual_interval.csv"

        call_command("import_readings", str(path), retailer="birch.localhost")

        assert capsys.readouterr().out.splitlines() == [
            "row 3: Accepted: VABD000163 E1 2004-02-01: 53328",
            "row 5: Accepted: VABD000163 Q1 2004-02-01: 106656",
            "Done: 2 new, 0 corrected, 0 unchanged, 0 outdated, 0 refused",
        ]

    def test_fails_with_the_reason_when_the_file_is_refused(self, in_birch, capsys):
        path = FILES / "nem12/invalid/Example_NEM12_missing_header.csv"

        with pytest.raises(CommandError):
            call_command("import_readings", str(path), retailer="birch")

        assert "row 2: Refused: The file does not start with a 100 row." in capsys.readouterr().out


@pytest.mark.django_db
class TestInstallMeters:
    def test_hangs_meters_with_registers_that_files_find_again(self, in_birch):
        point = supply_point("VABD000163")
        registers = [operations.Register("E1", "consumption", "Wh", 30)]
        meter = operations.NewMeter(point.pk, "METSER123", dt.date(2004, 1, 1), "Etc/GMT-10", registers)
        ids = operations.install_meters(meters=[meter])

        import_path(FILES / "nem12/Example_NEM12_actual_interval.csv")

        assert set(IntervalDay.objects.values_list("channel_id", flat=True)) >= set(ids.values())
        assert Meter.objects.get().period.lower == dt.date(2004, 1, 1)
        assert Channel.objects.filter(supply_point=point).count() == 2
