"""Files of other sources through the import: stored to the unit, once, in any order; or refused without a trace."""

from __future__ import annotations

import datetime as dt
import io
import itertools

import pytest
from django.core.management import CommandError, call_command

from harness import meter_files, whole_schema
from harness.meter_files import atom, cases, nem12
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, packing, queries
from tenants.metering.models import Channel, IntervalDay, IntervalDayRevision, MappingProfile, Meter

AT = dt.datetime(2026, 12, 1, 8, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 12, 2, 8, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
GOOD = [case for case in meter_files.ALL if case.days]
BAD = [case for case in meter_files.ALL if case.refused]
IMPORTED = [case for number, case in enumerate(BAD) if case.by_import or number % 2 == 0]
"""Every second one: that each of them is refused is asserted of the readers."""

RECORDS = ("metering_readingimport", "metering_readingimportrow")


def supply(identifiers, zone):
    premises = Premises.objects.create(address="1 Meter Street", time_zone=zone)
    return SupplyPoint.objects.bulk_create(SupplyPoint(identifier=each, premises=premises) for each in identifiers)


def bring(case, at=AT, content=None):
    """Import the file of a case."""
    file = io.BytesIO(content or case.content)
    return operations.import_file(file=file, file_name="file", source="test", at=at, **case.options)


def kept():
    """The days that are stored, in the words of a case."""
    found = {}
    for day in IntervalDay.objects.select_related("channel__supply_point"):
        key = day.channel.supply_point.identifier, day.channel.register_code, day.day.isoformat()
        quality = packing.unpack_quality(day.quality, slots=packing.unpack_values(day.values).size)
        assert int(packing.unpack_values(day.values).sum(dtype="int64")) == day.total
        found[key] = cases.Day(day.total, cases.marks(quality), day.channel.kind, day.channel.unit)
    return found


def traces():
    """Everything an import may leave beside its own record and report."""
    return {
        "days": sorted(IntervalDay.objects.values_list("channel_id", "day", "values", "quality", "version")),
        "former": IntervalDayRevision.objects.count(),
        "channels": sorted(Channel.objects.values_list("pk", "interval_minutes", "meter_id")),
        "meters": sorted(Meter.objects.values_list("pk", "serial", "period")),
    }


@pytest.mark.django_db
class TestFilesOfOtherSources:
    @pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
    def test_are_stored_to_the_unit_and_a_second_time_change_nothing(self, in_birch, case):
        supply(case.points, case.zone)
        first = bring(case)
        before = traces()

        second = bring(case, at=LATER)

        assert (first.state, first.days_accepted) == ("done", len(case.days))
        assert kept() == dict(case.days)
        assert (second.state, second.days_unchanged) == ("done", len(case.days))
        assert traces() == before

    @pytest.mark.parametrize("case", IMPORTED, ids=lambda case: case.name)
    def test_that_are_broken_are_reported_in_their_place_and_leave_no_trace(self, in_birch, case):
        supply(case.points, case.zone)
        before = traces()

        refused = bring(case)

        report = list(queries.import_report(import_id=refused.pk))
        assert refused.state == "refused"
        assert tuple((row.row, row.column, row.code) for row in report) == case.refused
        assert all(queries.refusal_sentence(row=row) for row in report)
        assert traces() == before

    @pytest.mark.parametrize("case", IMPORTED[::12], ids=lambda case: case.name)
    def test_that_are_broken_leave_every_table_of_the_company_as_it_was(self, in_birch, case):
        supply(case.points, case.zone)
        before = whole_schema.fingerprints(but=RECORDS)

        refused = bring(case)

        assert refused.state == "refused"
        assert whole_schema.fingerprints(but=RECORDS) == before

    def test_leave_what_stands_as_it_was_when_they_are_refused(self, in_birch):
        supply(["NEM1204062"], "Australia/Sydney")
        bring(GOOD[0])
        before = traces()

        for case in BAD:
            if case.name.startswith("nem12") and case.known == ("NEM1204062",):
                bring(case, at=LATER)

        assert traces() == before


def delivery(on, value, stamp, suffix="E1"):
    """A NEM12 file of one day."""
    tail = f",{stamp},"
    return nem12.whole(nem12.channel(suffix), nem12.day(on, nem12.values(value), tail=tail))


FIRST = delivery("20260401", 1, "20260402000000")
CORRECTION = delivery("20260401", 2, "20260405000000")
NEXT = delivery("20260402", 3, "20260403000000")
FEED_IN = delivery("20260401", 4, "20260402000000", "B1")


@pytest.mark.django_db
class TestOrderOfFiles:
    @pytest.mark.parametrize("order", list(itertools.permutations([FIRST, CORRECTION, NEXT, FEED_IN]))[::3])
    def test_does_not_change_what_stands_in_the_end(self, in_birch, order):
        supply(["NEM1204062"], "Australia/Sydney")

        for number, content in enumerate([*order, *order]):
            bring(GOOD[0], at=AT + dt.timedelta(hours=number), content=content)

        assert {key[1:]: day.total for key, day in kept().items()} == {
            ("E1", "2026-04-01"): 96_000,
            ("E1", "2026-04-02"): 144_000,
            ("B1", "2026-04-01"): 192_000,
        }


HALF_HOURS = nem12.whole(nem12.channel(), nem12.day("20260401"))
FIVE_MINUTES = nem12.whole(nem12.channel(minutes=5, serial="NEW"), nem12.day("20260402", nem12.values(1, 288)))
MORNING = atom.usual(atom.block(atom.readings()[:50], updated="2026-01-06T00:00:00Z"))
EVENING = atom.usual(atom.block(atom.readings()[50:], updated="2026-01-07T00:00:00Z"))
CORRECTED = atom.usual(atom.block(atom.readings(value=300)[:10], updated="2026-01-08T00:00:00Z"))


@pytest.mark.django_db
class TestOrderOfParts:
    @pytest.mark.parametrize("order", list(itertools.permutations([HALF_HOURS, FIVE_MINUTES])))
    def test_does_not_change_the_intervals_and_the_meter_a_channel_has_now(self, in_birch, order):
        supply(["NEM1204062"], "Australia/Sydney")

        for content in order:
            bring(GOOD[0], content=content)

        channel = Channel.objects.select_related("meter").get()
        assert (channel.interval_minutes, channel.meter.serial) == (5, "NEW")
        assert {key[2]: day.marks for key, day in kept().items()} == {"2026-04-01": "A48", "2026-04-02": "A288"}

    @pytest.mark.parametrize("order", list(itertools.permutations([MORNING, EVENING, CORRECTED])))
    def test_does_not_change_a_day_that_comes_in_pieces(self, in_birch, order):
        supply([atom.NAME], "America/New_York")

        for content in order:
            bring(GOOD[0], content=content)

        assert {day.total for day in kept().values()} == {10 * 300 + 86 * 250}


@pytest.mark.django_db
class TestImportCommand:
    def test_says_what_was_taken_and_the_second_time_that_nothing_changed(self, in_birch, tmp_path, capsys):
        supply(["NEM1204062"], "Australia/Sydney")
        path = tmp_path / "file.csv"
        path.write_bytes(nem12.PLAIN)

        for _ in range(2):
            call_command("import_readings", str(path), retailer="birch")

        assert capsys.readouterr().out.splitlines() == [
            "row 3: Accepted: NEM1204062 E1 2004-06-01: 72000",
            "Done: 1 new, 0 corrected, 0 unchanged, 0 outdated, 0 refused",
            "row 3: Unchanged: NEM1204062 E1 2004-06-01: 72000",
            "Done: 0 new, 0 corrected, 1 unchanged, 0 outdated, 0 refused",
        ]

    def test_says_row_column_and_reason_and_fails(self, in_birch, tmp_path, capsys):
        supply(["NEM1204062"], "Australia/Sydney")
        path = tmp_path / "file.csv"
        path.write_bytes(nem12.PLAIN.replace(b"1.5", b"l.5", 1))

        with pytest.raises(CommandError, match="nothing of it was kept") as failed:
            call_command("import_readings", str(path), retailer="birch")

        assert failed.value.returncode == 1
        assert capsys.readouterr().out.splitlines() == [
            "row 3, column 3: Refused: “l.5” is not a number.",
            "Refused: 0 new, 0 corrected, 0 unchanged, 0 outdated, 1 refused",
        ]
        assert IntervalDay.objects.count() == 0

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"retailer": "nobody"}, "No company is registered under “nobody”."),
            ({"retailer": "birch", "supply_point": "9" * 33}, "At most 32 characters are expected here."),
            ({"retailer": "birch", "profile": "Nobody’s"}, "Nobody’s"),
        ],
    )
    def test_says_what_is_wrong_with_its_options(self, in_birch, tmp_path, options, sentence):
        path = tmp_path / "file.csv"
        path.write_bytes(nem12.PLAIN)

        with pytest.raises(CommandError, match=sentence):
            call_command("import_readings", str(path), **options)

        assert IntervalDay.objects.count() == 0

    def test_reads_a_table_by_a_profile(self, in_birch, tmp_path, capsys):
        supply(["PT1"], "Australia/Brisbane")
        columns = {"identifier": 0, "stamp": 1, "value": 2}
        MappingProfile.objects.create(
            name="Portal", mapping={"columns": columns, "minutes": 60}, created_at=LONG_AGO, used_at=LONG_AGO
        )
        path = tmp_path / "file.csv"
        path.write_text("p,t,v\n" + "".join(f"PT1,2026-04-01 {hour:02}:00,1.111\n" for hour in range(24)))

        call_command("import_readings", str(path), retailer="birch", profile="Portal")

        assert capsys.readouterr().out.splitlines()[0] == "row 2: Accepted: PT1 E1 2026-04-01: 26664"
        assert MappingProfile.objects.get().used_at > LONG_AGO
