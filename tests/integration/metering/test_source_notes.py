"""What NEM12 says beside values is kept, shown where its readings stand, and flags the meter."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.metering import operations, queries
from tenants.metering.models import Channel, MeterFlag, ReadingException, SourceNote
from tenants.metering.operations import validating

AT = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 1)
PERIOD = Period(DAY, DAY + dt.timedelta(days=1))
ALL = ",".join(["1"] * 48)
pytestmark = pytest.mark.django_db


@pytest.fixture
def point(in_birch):
    return customer_operations.add_supply_point(identifier="PT1", address="1 Road", time_zone="Australia/Brisbane")


def nem12(*rows, updated="20260302000000", values=ALL, quality="A", reason="", words=""):
    day = f"300,20260301,{values},{quality},{reason},{words},{updated},\n"
    body = "".join(f"400,{row}\n" for row in rows)
    return f"100,NEM12,202603021200,MDP,RET\n200,PT1,E1,1,E1,N1,S1,kWh,30,\n{day}{body}900\n"


def bring(content, hours=0):
    at = AT + dt.timedelta(hours=hours)
    return operations.import_file(file=io.BytesIO(content.encode()), file_name="a", source="test", at=at)


def said():
    ids = list(Channel.objects.values_list("pk", flat=True))
    return [
        (each.first, each.end, each.quality, each.reason, each.words)
        for each in queries.source_notes(channel_ids=ids, period=PERIOD)
    ]


def flags():
    return [(each.slots.lower, each.slots.upper, each.kind, each.code) for each in MeterFlag.objects.order_by("slots")]


def open_codes():
    return sorted(ReadingException.objects.filter(state="open", code="meter_flag").values_list("code", flat=True))


OUTAGE = ("1,20,A,,", "21,24,S52,79,Power Outage Alarm", "25,48,A,,")


class TestNotes:
    def test_of_ranges_are_kept_with_their_own_letter_method_and_reason(self, point):
        done = bring(nem12(*OUTAGE, quality="V"))

        assert done.state == "done"
        assert said() == [(20, 24, "S52", "79", "Power Outage Alarm")]
        assert queries.day_shown(channel_id=Channel.objects.get().pk, day=DAY).counts() == {
            "actual": 44,
            "substituted": 4,
        }

    def test_of_whole_days_are_kept(self, point):
        bring(nem12(quality="F14", reason="079", words="pole down"))

        assert said() == [(0, 48, "F14", "79", "pole down")]

    def test_that_say_nothing_are_not_kept(self, point):
        bring(nem12())

        assert (SourceNote.objects.count(), MeterFlag.objects.count()) == (0, 0)

    def test_stand_in_the_report(self, point):
        done = bring(nem12(*OUTAGE, quality="V"))

        [row] = queries.import_report(import_id=done.pk)
        assert queries.import_notes_sentence(params=row.params) == (
            "21 to 24: Substituted, method 52 Previous read · reason 79 Power outage alarm · Power Outage Alarm"
        )

    def test_stand_in_the_report_of_a_dry_run_and_change_nothing(self, point):
        content = nem12(*OUTAGE, quality="V").encode()

        done = operations.import_file(file=io.BytesIO(content), file_name="a", source="t", at=AT, dry_run=True)

        [row] = queries.import_report(import_id=done.pk)
        assert queries.import_notes(params=row.params)[0]["reason"] == "79"
        assert SourceNote.objects.count() == 0

    def test_stand_only_for_the_readings_they_came_with(self, point):
        bring(nem12(*OUTAGE, quality="V"))

        bring(nem12(updated="20260303000000", values=ALL.replace("1", "2")), hours=1)

        assert said() == []

    def test_of_an_older_delivery_stand_nowhere_in_whatever_order_it_comes(self, point):
        newer = nem12(updated="20260303000000", values=ALL.replace("1", "2"), quality="S13")
        bring(newer)

        late = bring(nem12(*OUTAGE, quality="V"), hours=1)

        assert late.days_outdated == 1
        assert said() == [(0, 48, "S13", "", "")]

    def test_given_again_are_kept_once(self, point):
        for hours in range(3):
            bring(nem12(*OUTAGE, quality="V"), hours=hours)

        assert (SourceNote.objects.count(), len(said()), len(flags())) == (1, 1, 1)

    def test_on_missing_intervals_stand_as_long_as_they_are_missing(self, point):
        rows = ("1,20,A,,", "21,24,N,43,", "25,48,A,,")
        bring(nem12(*rows, quality="V"))
        before = said()

        bring(nem12(updated="20260303000000"), hours=1)

        assert before == [(20, 24, "N", "43", "")]
        assert said() == []


class TestFlags:
    def test_of_reasons_are_raised_and_put_the_day_into_the_queue(self, point):
        bring(nem12(*OUTAGE, quality="V"))

        assert flags() == [(20, 24, "outage", "79")]
        [found] = ReadingException.objects.filter(code="meter_flag")
        assert (found.state, found.blocking, found.slots.lower, found.slots.upper) == ("open", False, 20, 24)

    @pytest.mark.parametrize(
        ("reason", "kind"), [("89", "clock"), ("87", "reset"), ("95", "overflow"), ("39", "reverse")]
    )
    def test_are_of_the_kind_the_reason_tells(self, point, reason, kind):
        bring(nem12(quality="A", reason=reason))

        assert flags() == [(0, 48, kind, reason)]

    def test_of_reasons_that_say_nothing_of_the_meter_are_none(self, point):
        bring(nem12(quality="S52", reason="12"))

        assert (flags(), open_codes()) == ([], [])
        assert said() == [(0, 48, "S52", "12", "")]

    def test_that_a_person_has_accepted_are_not_raised_again_by_the_same_file(self, point):
        bring(nem12(*OUTAGE, quality="V"))
        found = ReadingException.objects.get(code="meter_flag")
        validating.accept(exception_ids=[found.pk], by="ada", at=AT)

        bring(nem12(*OUTAGE, quality="V"), hours=1)

        assert open_codes() == []

    def test_are_the_same_in_any_order_of_deliveries(self, point):
        first = nem12(*OUTAGE, quality="V")
        second = nem12(updated="20260303000000", quality="A", reason="89")
        bring(second)
        bring(first, hours=1)

        assert flags() == [(0, 48, "clock", "89"), (20, 24, "outage", "79")]

    def test_go_with_an_import_that_is_taken_back(self, point):
        done = bring(nem12(*OUTAGE, quality="V"))
        operations.order_taking_back(import_id=done.pk, by="ada", because="wrong", at=AT)
        operations.continue_import(import_id=done.pk, at=AT)

        assert (flags(), open_codes(), said()) == ([], [], [])

        bring(nem12(*OUTAGE, quality="V"), hours=1)

        assert (flags(), len(open_codes())) == ([(20, 24, "outage", "79")], 1)
        assert said() == [(20, 24, "S52", "79", "Power Outage Alarm")]

    def test_are_taken_back_from_a_day_that_stands_again(self, point):
        bring(nem12(values=ALL.replace("1", "3"), updated="20260301120000"))
        done = bring(nem12(*OUTAGE, quality="V"), hours=1)

        operations.order_taking_back(import_id=done.pk, by="ada", because="wrong", at=AT)
        operations.continue_import(import_id=done.pk, at=AT + dt.timedelta(hours=2))

        assert (flags(), open_codes(), said()) == ([], [], [])
        assert queries.day_shown(channel_id=Channel.objects.get().pk, day=DAY).total == 48 * 3000
