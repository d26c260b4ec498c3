"""Gaps are filled by the ladder, readings edited by four eyes; what a meter tells later takes their place."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction

from kernel.periods import Period
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, queries
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, DayProposal, Determination, IntervalDay, ReadingException
from tenants.metering.operations import applying, editing, estimating, validating

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
LAST = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
DAY = dt.date(2026, 2, 4)
ANNA, BEN = "anna@alder", "ben@alder"


def channel(identifier="3101", register="E1", *, kind="consumption", zone="Asia/Shanghai", minutes=15, **more):
    point = SupplyPoint.objects.filter(identifier=identifier).first()
    if point is None:
        premises = Premises.objects.create(address="1 Gap Street", time_zone=zone)
        point = SupplyPoint.objects.create(
            identifier=identifier, premises=premises, attributes=more.pop("attributes", {})
        )
    return Channel.objects.create(
        supply_point=point, register_code=register, kind=kind, interval_minutes=minutes, recording_zone=zone, **more
    )


def usual(slots=96, each=100):
    return np.array([each + slot % 7 for slot in range(slots)], dtype=np.int32)


def store(power, day=DAY, values=None, *, gaps=(), quality=Quality.ACTUAL, stamped_at=AT, at=AT):
    values = usual().copy() if values is None else np.array(values, dtype=np.int32)
    qualities = np.full(values.size, quality, dtype=np.uint8)
    for first, end in gaps:
        qualities[first:end], values[first:end] = Quality.MISSING, 0
    readings = operations.DayReadings(power.pk, day, values, qualities, stamped_at=stamped_at)
    return operations.store_interval_days(days=[readings], at=at)


def shown(power, day=DAY):
    return queries.day_shown(channel_id=power.pk, day=day)


def open_codes():
    return sorted(ReadingException.objects.filter(state="open").values_list("code", flat=True))


@pytest.mark.django_db
class TestALineOverAShortGap:
    def test_is_exact_on_the_running_sum(self, in_alder):
        power, values = channel(), usual().copy()
        values[39], values[43] = 100, 130
        store(power, values=values, gaps=[(40, 43)])

        done = estimating.estimate(channel_id=power.pk, day=DAY, at=LATER, by=ANNA)

        assert shown(power).values[39:44].tolist() == [100, 108, 115, 122, 130]
        assert (shown(power).counts(), shown(power).version) == ({"actual": 93, "estimated": 3}, 2)
        assert (done.state, done.decided_by, open_codes()) == ("applied", ANNA, [])

    def test_keeps_method_former_values_person_and_time(self, in_alder):
        power = channel()
        store(power, gaps=[(40, 43)])

        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER, by=ANNA)

        kept = Determination.objects.get()
        assert (kept.slots.lower, kept.slots.upper, kept.method, kept.by, kept.at) == (40, 43, "linear", ANNA, LATER)
        assert (kept.former_version, kept.version, set(bytes(kept.former_quality))) == (1, 2, {255})
        assert ReadingException.objects.get().state == "estimated"

    def test_reaches_over_midnight(self, in_alder):
        power, next_day = channel(), DAY + dt.timedelta(days=1)
        first, second = usual().copy(), usual().copy()
        first[93], second[2] = 100, 160
        store(power, values=first, gaps=[(94, 96)])
        store(power, next_day, second, gaps=[(0, 2)])

        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER)
        estimating.estimate(channel_id=power.pk, day=next_day, at=LATER)

        assert [*shown(power).values[94:].tolist(), *shown(power, next_day).values[:2].tolist()] == [112, 124, 136, 148]
        assert set(Determination.objects.values_list("method", flat=True)) == {"linear"}

    def test_has_no_flagged_end_point(self, in_alder):
        power = channel()
        for week in (1, 2, 3):
            store(power, DAY - dt.timedelta(days=week), usual(each=200))
        store(power, gaps=[(40, 43)])
        validating.keep_flags(flags=[validating.Flag(power.pk, DAY, 39, 40, "outage")], at=AT)

        done = estimating.propose(channel_id=power.pk, day=DAY, at=LATER)

        assert [part["method"] for part in done.parts] == ["like_day"]


@pytest.mark.django_db
class TestLikeDays:
    def test_are_the_last_three_of_the_same_class(self, in_alder):
        """4 February 2026 is a Wednesday: before it lie Tuesday, Monday and, past the weekend, Friday."""
        power = channel()
        for back, each in ((1, 100), (2, 200), (3, 9000), (4, 9000), (5, 301)):
            store(power, DAY - dt.timedelta(days=back), np.full(96, each))
        store(power, gaps=[(0, 40)])

        done = estimating.propose(channel_id=power.pk, day=DAY, at=LATER)

        assert done.parts == [
            {
                "first": 0,
                "end": 40,
                "method": "like_day",
                "days": ["2026-02-03", "2026-02-02", "2026-01-30"],
                "scaled": False,
            }
        ]
        values = queries.proposal_shown(proposal=done).values[:40]
        assert (values[:3].tolist(), int(values.sum())) == ([200, 201, 200], 40 * 601 // 3)
        assert (done.state, shown(power).version, shown(power).counts()["missing"]) == ("proposed", 1, 40)

    def test_fill_a_day_that_never_came(self, in_alder):
        power = channel()
        store(power, DAY - dt.timedelta(days=1))
        store(power, DAY + dt.timedelta(days=1))
        validating.find_absent(since=DAY, until=DAY + dt.timedelta(days=1), at=AT)

        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER, by=ANNA)

        assert (shown(power).values.tolist(), shown(power).version) == (usual().tolist(), 1)
        assert (set(shown(power).states), open_codes()) == ({"estimated"}, [])

    def test_of_24_hours_are_laid_on_a_day_of_23(self, in_alder):
        power, short = channel(zone="Europe/Berlin"), dt.date(2026, 3, 29)
        store(power, short - dt.timedelta(days=1), np.arange(96))
        store(power, short, usual(92), gaps=[(0, 92)])

        estimating.estimate(channel_id=power.pk, day=short, at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC))

        assert shown(power, short).values.tolist() == [*range(8), *range(12, 96)]


@pytest.mark.django_db
class TestOtherRungs:
    def test_the_check_meter_comes_first_and_substitutes(self, in_alder):
        power, check = channel(), channel(register="F1", kind="check")
        store(check, values=usual(each=105))
        store(power, gaps=[(40, 42)])

        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER)

        assert shown(power).values[40:42].tolist() == usual(each=105)[40:42].tolist()
        assert shown(power).counts() == {"actual": 94, "substituted": 2}

    def test_without_history_the_profile_takes_what_the_year_is_said_to_be(self, in_alder):
        power = channel(attributes={"annual_kwh": "3650"})
        store(power, gaps=[(0, 96)])

        done = estimating.propose(channel_id=power.pk, day=DAY, at=LATER)

        values = queries.proposal_shown(proposal=done).values
        assert ([part["method"] for part in done.parts], int(values.sum())) == (["profile"], 10_000)

    def test_without_anything_zero_stands_and_holds_the_bill(self, in_alder):
        power = channel()
        store(power, gaps=[(0, 96)])

        done = estimating.estimate(channel_id=power.pk, day=DAY, at=LATER)

        held = queries.open_exceptions(channel_ids=[power.pk], period=Period(DAY, DAY + dt.timedelta(days=1)))
        assert (done.blocking, [each.code for each in held]) == (True, ["no_basis"])

    def test_reactive_energy_follows_the_power_factor_of_the_month_before(self, in_alder):
        active, reactive = channel(), channel(register="Q1", kind="reactive", unit="varh")
        january = dt.date(2026, 1, 14)
        store(active, january, np.full(96, 400))
        store(reactive, january, np.full(96, 100))
        store(active, values=np.full(96, 200))
        store(reactive, values=np.full(96, 50), gaps=[(0, 48)])

        done = estimating.propose(channel_id=reactive.pk, day=DAY, at=LATER)

        assert [part["method"] for part in done.parts] == ["derived"]
        assert set(queries.proposal_shown(proposal=done).values[:48].tolist()) == {50}


@pytest.mark.django_db
class TestWhatTheMeterTellsLater:
    def test_takes_the_place_of_the_estimate_which_stays_in_history(self, in_alder):
        power = channel()
        store(power, gaps=[(40, 43)])
        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER)

        store(power, stamped_at=AT + dt.timedelta(hours=1), at=LAST)

        assert (shown(power).values.tolist(), set(shown(power).states)) == (usual().tolist(), {"actual"})
        assert [each.version for each in queries.former_versions(channel_id=power.pk, day=DAY)] == [1, 2]
        assert Determination.objects.get().replaced_at == LAST

    def test_of_a_part_leaves_the_rest_estimated(self, in_alder):
        power = channel()
        store(power, gaps=[(40, 46)])
        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER)

        store(power, gaps=[(42, 46)], stamped_at=LATER, at=LAST)

        assert shown(power).counts() == {"actual": 92, "estimated": 4}
        standing = Determination.objects.get(replaced_at=None)
        assert (standing.slots.lower, standing.slots.upper, standing.method) == (42, 46, "linear")

    def test_may_be_older_than_the_gap_and_still_takes_its_place(self, in_alder):
        power = channel()
        store(power, gaps=[(40, 43)], stamped_at=LATER)
        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER)

        store(power, values=usual(each=70), stamped_at=AT, at=LAST)

        assert shown(power).values[39:44].tolist() == [*usual()[39:40], *usual(each=70)[40:43], *usual()[43:44]]

    @pytest.mark.parametrize("stamped_at", [AT, None])
    def test_the_same_file_again_undoes_no_edit(self, in_alder, stamped_at):
        power = channel()
        store(power, values=usual(each=300), stamped_at=stamped_at)
        editing.edit(channel_id=power.pk, day=DAY, values={5: 310}, reason="Read from the dial", by=ANNA, at=LATER)

        again = store(power, values=usual(each=300), stamped_at=stamped_at, at=LAST)

        assert (again.unchanged, shown(power).values[5], shown(power).states[5]) == (1, 310, "edited")

    def test_a_new_reading_replaces_an_edit(self, in_alder):
        power = channel()
        store(power)
        editing.edit(channel_id=power.pk, day=DAY, values={5: 110}, reason="Read from the dial", by=ANNA, at=LATER)

        store(power, values=usual(each=101), stamped_at=LAST, at=LAST)

        assert (shown(power).values[5], shown(power).states[5]) == (106, "actual")


@pytest.mark.django_db
class TestAnEdit:
    def test_stands_at_once_when_it_is_small(self, in_alder):
        power = channel()
        store(power)

        done = editing.edit(
            channel_id=power.pk, day=DAY, values={5: 110}, reason="Read from the dial", by=ANNA, at=LATER
        )

        kept = Determination.objects.get()
        assert (done.state, shown(power).values[5], shown(power).version) == ("applied", 110, 2)
        assert (kept.method, kept.reason, kept.by, np.frombuffer(kept.former_values, "<i4").tolist()) == (
            "manual", "Read from the dial", ANNA, [105],
        )  # fmt: skip

    def test_above_a_tenth_of_the_day_waits_for_a_second_person(self, in_alder):
        power = channel()
        store(power)
        tenth = int(usual().sum()) // 10

        at_it = editing.edit(channel_id=power.pk, day=DAY, values={5: 105 + tenth}, reason="Shown", by=ANNA, at=LATER)
        above = editing.edit(channel_id=power.pk, day=DAY, values={9: 3000}, reason="Shown", by=ANNA, at=LATER)

        assert (at_it.state, above.state, above.needs_second) == ("applied", "proposed", True)
        with pytest.raises(applying.SamePerson):
            applying.apply(proposal_id=above.pk, by=ANNA, at=LAST)
        assert shown(power).version == 2
        applying.apply(proposal_id=above.pk, by=BEN, at=LAST)
        assert (shown(power).values[9], Determination.objects.get(slots__contains=9).by) == (3000, ANNA)

    def test_is_validated_like_any_other_version(self, in_alder):
        power = channel()
        store(power)
        done = editing.edit(channel_id=power.pk, day=DAY, values={9: 3000}, reason="Shown", by=ANNA, at=LATER)

        applying.apply(proposal_id=done.pk, by=BEN, at=LAST)

        assert open_codes() == ["spike"]

    @pytest.mark.parametrize(
        ("more", "error"),
        [
            ({"reason": "  "}, editing.ReasonMissing),
            ({"values": {96: 1}}, estimating.SlotsOutside),
            ({"values": {0: -1}}, editing.ValueRefused),
            ({"values": {0: 2**31}}, editing.ValueRefused),
            ({"values": {0: 100}}, editing.NothingChanged),
            ({"base_version": 7}, applying.Overtaken),
        ],
    )
    def test_that_is_refused_changes_nothing(self, in_alder, more, error):
        power = channel()
        store(power)
        given = {"values": {5: 110}, "reason": "Read", "by": ANNA, "at": LATER} | more

        with pytest.raises(error), transaction.atomic():
            editing.edit(channel_id=power.pk, day=DAY, **given)

        assert (shown(power).version, DayProposal.objects.count()) == (1, 0)

    def test_is_overtaken_by_what_the_meter_tells_meanwhile(self, in_alder):
        power = channel()
        store(power)
        waiting = editing.edit(channel_id=power.pk, day=DAY, values={9: 3000}, reason="Shown", by=ANNA, at=LATER)

        store(power, values=usual(each=101), stamped_at=LAST, at=LAST)

        waiting.refresh_from_db()
        assert waiting.state == "overtaken"
        with pytest.raises(applying.AlreadyDecided):
            applying.apply(proposal_id=waiting.pk, by=BEN, at=LAST)

    def test_by_one_person_alone_is_refused_by_the_database(self, in_alder):
        power = channel()
        store(power)
        waiting = editing.edit(channel_id=power.pk, day=DAY, values={9: 3000}, reason="Shown", by=ANNA, at=LATER)

        with pytest.raises(IntegrityError), transaction.atomic():
            DayProposal.objects.filter(pk=waiting.pk).update(state="applied", decided_at=LAST, decided_by=ANNA)


@pytest.mark.django_db
class TestFinalDays:
    def test_change_by_marked_corrections_of_two_people_only(self, in_alder):
        power, february = channel(), Period(dt.date(2026, 2, 1), dt.date(2026, 3, 1))
        store(power)
        editing.finalise(channel_ids=[power.pk], period=february, by=ANNA, at=AT)
        editing.finalise(channel_ids=[power.pk], period=february, by=ANNA, at=AT)

        with pytest.raises(applying.DayIsFinal), transaction.atomic():
            editing.edit(channel_id=power.pk, day=DAY, values={5: 110}, reason="Read", by=ANNA, at=LATER)
        marked = editing.edit(
            channel_id=power.pk, day=DAY, values={5: 110}, reason="Read", by=ANNA, at=LATER, correction=True
        )
        applying.apply(proposal_id=marked.pk, by=BEN, at=LAST)

        assert (marked.state, shown(power).values[5]) == ("proposed", 110)
        assert [each.pk for each in queries.corrections_of_final_days(since=LAST)] == [marked.pk]
        assert queries.is_final(channel_id=power.pk, day=DAY)

    def test_changed_by_a_delivery_are_marked(self, in_alder):
        power = channel()
        store(power)
        editing.finalise(channel_ids=[power.pk], period=Period(DAY, DAY + dt.timedelta(days=1)), by=ANNA, at=AT)

        store(power, values=usual(each=101), stamped_at=LAST, at=LAST)

        assert ReadingException.objects.get().params == {"changed": 96, "unit": "Wh"}

    def test_with_open_exceptions_are_not_final(self, in_alder):
        power = channel()
        store(power, gaps=[(0, 4)])

        with pytest.raises(editing.ExceptionsOpen):
            editing.finalise(channel_ids=[power.pk], period=Period(DAY, DAY + dt.timedelta(days=1)), by=ANNA, at=AT)


@pytest.mark.django_db
class TestPolicy:
    def test_fills_what_has_waited_long_enough_and_nothing_twice(self, in_alder):
        power = channel()
        store(power, gaps=[(40, 43)])

        early = estimating.apply_due(at=AT + dt.timedelta(hours=47))
        due = estimating.apply_due(at=AT + dt.timedelta(hours=48))
        again = estimating.apply_due(at=AT + dt.timedelta(hours=49))

        assert (early, due, again, Determination.objects.get().by) == (0, 1, 0, "")

    def test_leaves_a_weak_estimate_to_a_person(self, in_alder):
        power = channel()
        store(power, gaps=[(0, 96)])

        done = estimating.apply_due(at=LATER), estimating.apply_due(at=LATER)

        assert (done, [each.state for each in queries.proposals(state="")]) == ((0, 0), ["proposed"])


@pytest.mark.django_db
class TestTheShareOfEstimates:
    def test_tells_slots_and_energy_that_were_not_measured(self, in_alder):
        power = channel()
        store(power, values=np.full(96, 10), gaps=[(40, 43)])
        store(power, DAY + dt.timedelta(days=1), np.full(96, 10))
        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER)

        share = queries.estimated_share(channel_ids=[power.pk], period=Period(DAY, DAY + dt.timedelta(days=2)))

        assert (share.slots, share.all_slots, share.energy, share.all_energy) == (3, 192, 30, 1920)


@pytest.mark.django_db
class TestTheDatabase:
    def test_refuses_a_quality_that_nobody_knows(self, in_alder):
        power = channel()
        store(power)

        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(r"UPDATE metering_intervalday SET quality = '\x63' WHERE channel_id = %s", [power.pk])

        assert IntervalDay.objects.get().missing == 0

    def test_rewrites_and_forgets_no_determination(self, in_alder):
        power = channel()
        store(power, gaps=[(40, 43)])
        estimating.estimate(channel_id=power.pk, day=DAY, at=LATER)

        for change in (
            lambda: Determination.objects.update(method="zero"),
            lambda: Determination.objects.all().delete(),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()

        assert Determination.objects.get().method == "linear"
