"""Days are checked in the transaction that stores them: exceptions open, heal, and never come twice."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from kernel.periods import Period
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, queries
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, MeterFlag, ReadingException
from tenants.metering.operations import validating

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DAY = dt.date(2026, 2, 4)
SHANGHAI = "Asia/Shanghai"


def channel(identifier="3101", register="E1", *, kind="consumption", zone=SHANGHAI, minutes=15, **more):
    point = SupplyPoint.objects.filter(identifier=identifier).first()
    if point is None:
        premises = Premises.objects.create(address="1 Check Street", time_zone=zone)
        point = SupplyPoint.objects.create(
            identifier=identifier, premises=premises, attributes=more.pop("attributes", {})
        )
    return Channel.objects.create(
        supply_point=point, register_code=register, kind=kind, interval_minutes=minutes, recording_zone=zone, **more
    )


def usual(slots=96, each=100):
    """A day without a flat line or a spike."""
    return np.array([each + slot % 7 for slot in range(slots)], dtype=np.int32)


def day_of(channel, day=DAY, values=None, quality=Quality.ACTUAL, stamped_at=AT):
    values = usual() if values is None else values
    return operations.DayReadings(channel_id=channel.pk, day=day, values=values, quality=quality, stamped_at=stamped_at)


def store(*days, at=AT):
    return operations.store_interval_days(days=days, at=at)


def found(state="open"):
    rows = ReadingException.objects.filter(state=state) if state else ReadingException.objects.all()
    return sorted(rows.values_list("day", "code"))


def changed(values, **slots):
    for slot, value in slots.items():
        values[int(slot[1:])] = value
    return values


@pytest.mark.django_db
class TestADayByItself:
    def test_that_is_good_opens_nothing(self, in_alder):
        store(day_of(channel()))

        assert found(state="") == []

    def test_tells_its_missing_intervals(self, in_alder):
        quality = np.full(96, Quality.ACTUAL, dtype=np.uint8)
        quality[10:13] = quality[50] = Quality.MISSING

        store(day_of(channel(), quality=quality))

        kept = ReadingException.objects.get()
        assert (kept.code, kept.blocking, kept.version) == ("missing", True, 1)
        assert kept.params == {"found": 4, "expected": 96, "gaps": 2, "longest": 3}
        assert (kept.slots.lower, kept.slots.upper) == (10, 51)

    def test_rings_for_a_spike_above_180_per_cent_and_not_at_it(self, in_alder):
        just, above = usual(each=10) * 0 + 10, usual(each=10) * 0 + 10
        just[::2], above[::2] = 9, 9
        just[40], above[40] = 28, 29
        one, other = channel("3101"), channel("3102")

        store(day_of(one, values=just), day_of(other, values=above))

        kept = ReadingException.objects.get()
        assert (kept.channel_id, kept.code, kept.blocking) == (other.pk, "spike", False)
        assert (kept.params["highest"], kept.params["third"], kept.params["over"]) == (29, 10, 190)
        assert "190 %" in queries.sentence_of(exception=kept)

    def test_finds_negative_readings_above_capacity_and_flat_lines(self, in_alder):
        negative, full, flat = channel("3101"), channel("3102", attributes={"capacity_kva": "10"}), channel("3103")

        store(
            day_of(negative, values=changed(usual(), s5=-3)),
            day_of(full, values=changed(usual(each=2600), s7=2751)),
            day_of(flat, values=np.full(96, 100, dtype=np.int32)),
        )

        assert dict(ReadingException.objects.values_list("channel_id", "code")) == {
            negative.pk: "negative",
            full.pk: "capacity",
            flat.pk: "flat_line",
        }

    def test_at_exactly_110_per_cent_of_capacity_passes(self, in_alder):
        store(day_of(channel(attributes={"capacity_kva": 10}), values=changed(usual(each=2600), s7=2750)))

        assert found() == []

    def test_of_23_or_25_hours_is_whole(self, in_alder):
        berlin = channel(zone="Europe/Berlin")
        short, long = dt.date(2026, 3, 29), dt.date(2026, 10, 25)

        store(day_of(berlin, short, usual(92)), day_of(berlin, long, usual(100)))

        assert found() == []

    def test_with_a_wrong_number_of_intervals_is_found(self, in_alder):
        berlin = channel(zone="Europe/Berlin")

        store(day_of(berlin, dt.date(2026, 3, 29), usual(96)))

        kept = ReadingException.objects.get()
        assert (kept.code, kept.params) == ("interval_count", {"found": 96, "expected": 92})


@pytest.mark.django_db
class TestADayBesideOthers:
    def test_is_compared_with_the_same_weekday_of_earlier_weeks(self, in_alder):
        power = channel()
        weeks = [day_of(power, DAY - dt.timedelta(days=7 * week), usual(each=300)) for week in (1, 2, 3)]
        store(*weeks)

        store(day_of(power, values=usual(each=620)), day_of(power, DAY - dt.timedelta(days=1), usual(each=620)))

        kept = ReadingException.objects.get()
        assert (kept.day, kept.code, kept.params["weeks"]) == (DAY, "high_use", 3)

    def test_is_compared_with_days_of_its_own_delivery(self, in_alder):
        power = channel()

        store(*(day_of(power, DAY - dt.timedelta(days=7 * week), usual(each=300 if week else 90)) for week in range(4)))

        assert found() == [(DAY, "low_use")]

    def test_without_use_rings_after_48_hours_at_a_point_in_use(self, in_alder):
        used, vacant = channel("3101"), channel("3102")
        occupy(used.supply_point, DAY - dt.timedelta(days=30))
        nothing = np.zeros(96, dtype=np.int32)
        evening = changed(usual(), s95=0)

        for power in (used, vacant):
            store(*(day_of(power, DAY - dt.timedelta(days=back), nothing) for back in range(2)))
            store(day_of(power, DAY - dt.timedelta(days=2), evening))
        before = found()
        store(day_of(used, DAY + dt.timedelta(days=1), nothing), day_of(vacant, DAY + dt.timedelta(days=1), nothing))

        assert before == []
        kept = ReadingException.objects.get(code="zero")
        assert (kept.channel_id, kept.day, kept.params["hours"]) == (used.pk, DAY + dt.timedelta(days=1), 72)

    def test_with_too_much_reactive_energy_is_found_whichever_comes_last(self, in_alder):
        active, reactive = channel(), channel(register="Q1", kind="reactive", unit="varh")

        store(day_of(reactive, values=usual(each=160)))
        before = found()
        store(day_of(active, values=usual(each=100)))
        kept = list(ReadingException.objects.filter(state="open").values_list("channel_id", "code"))
        store(day_of(active, values=usual(each=140), stamped_at=LATER), at=LATER)

        assert (before, kept) == ([], [(reactive.pk, "reactive")])
        assert found() == []

    def test_is_held_against_its_check_meter(self, in_alder):
        main, check = channel(), channel(register="F1", kind="check")
        total = int(usual(each=200).sum())

        store(
            day_of(main, values=usual(each=200)), day_of(check, values=changed(usual(each=200), s0=200 + total // 100))
        )
        before = found()
        store(day_of(check, values=changed(usual(each=200), s0=202 + total // 100), stamped_at=LATER), at=LATER)

        assert before == []
        assert ReadingException.objects.get(state="open").channel_id == main.pk

    def test_estimated_for_too_long_is_found(self, in_alder):
        power, days = channel(), [DAY + dt.timedelta(days=each) for each in range(12)]

        store(*(day_of(power, day, quality=Quality.ESTIMATED) for day in days))

        assert found() == [(days[10], "estimates"), (days[11], "estimates")]


@pytest.mark.django_db
class TestHealing:
    def test_a_good_day_given_again_closes_what_was_open(self, in_alder):
        power, quality = channel(), np.full(96, Quality.ACTUAL, dtype=np.uint8)
        quality[:4] = Quality.MISSING
        store(day_of(power, quality=quality))

        store(day_of(power, stamped_at=LATER), at=LATER)

        kept = ReadingException.objects.get()
        assert (kept.state, kept.closed_at, kept.closed_by) == ("healed", LATER, "")

    def test_what_is_still_wrong_stays_the_same_exception(self, in_alder):
        power, quality = channel(), np.full(96, Quality.ACTUAL, dtype=np.uint8)
        quality[:4] = Quality.MISSING
        store(day_of(power, quality=quality))
        before = ReadingException.objects.get().pk
        quality[:2] = Quality.ACTUAL

        store(day_of(power, quality=quality, stamped_at=LATER), at=LATER)

        kept = ReadingException.objects.get()
        assert (kept.pk, kept.state, kept.params["found"], kept.version) == (before, "open", 2, 2)

    def test_the_same_file_again_opens_nothing_that_was_accepted(self, in_alder):
        spiky = changed(usual(), s40=900)
        power = channel()
        store(day_of(power, values=spiky))
        validating.accept(
            exception_ids=[ReadingException.objects.get().pk], by="meter@alder", at=LATER, note="A new oven"
        )

        store(day_of(power, values=spiky), at=LATER)

        kept = ReadingException.objects.get()
        assert (kept.state, kept.closed_by, kept.note) == ("accepted", "meter@alder", "A new oven")

    def test_a_gap_cannot_be_accepted(self, in_alder):
        store(day_of(channel(), quality=np.array([Quality.MISSING] + [Quality.ACTUAL] * 95, dtype=np.uint8)))

        done = validating.accept(exception_ids=[ReadingException.objects.get().pk], by="meter@alder", at=LATER)

        assert (done, found()) == (0, [(DAY, "missing")])


@pytest.mark.django_db
class TestOthers:
    def test_a_day_told_twice_at_one_time_of_change_is_noted(self, in_alder):
        power = channel()
        store(day_of(power))

        store(day_of(power, values=changed(usual(), s3=180, s9=170)))

        kept = ReadingException.objects.get()
        assert (kept.code, kept.params) == ("duplicate", {"changed": 2})

    def test_flags_and_drifting_clocks_stand_in_the_queue_once(self, in_alder):
        power = channel()
        flags = [
            validating.Flag(power.pk, DAY, 3, 6, "outage", code="79"),
            validating.Flag(power.pk, DAY, 0, 96, "clock", seconds=-200, code="89"),
        ]

        for _ in range(2):
            validating.keep_flags(flags=flags, at=AT)

        assert MeterFlag.objects.count() == 2
        assert found() == [(DAY, "clock"), (DAY, "meter_flag")]

    def test_a_clock_within_three_minutes_passes(self, in_alder):
        validating.keep_flags(flags=[validating.Flag(channel().pk, DAY, 0, 96, "clock", seconds=180)], at=AT)

        assert found() == []

    def test_days_without_readings_are_missed_until_they_come(self, in_alder):
        power, days = channel(), [DAY + dt.timedelta(days=each) for each in range(4)]
        store(day_of(power, days[0]), day_of(power, days[2]))

        validating.find_absent(since=days[0] - dt.timedelta(days=9), until=days[3] + dt.timedelta(days=1), at=AT)
        missed = found()
        store(day_of(power, days[1]), day_of(power, days[3]), at=LATER)

        assert missed == [(days[1], "absent"), (days[3], "absent")]
        assert found() == []

    def test_only_what_holds_bills_is_told_to_billing(self, in_alder):
        power = channel()
        gap = np.array([Quality.MISSING] + [Quality.ACTUAL] * 95, dtype=np.uint8)
        store(day_of(power, quality=gap), day_of(power, DAY + dt.timedelta(days=1), changed(usual(), s40=900)))
        february = Period(dt.date(2026, 2, 1), dt.date(2026, 3, 1))

        held = queries.open_exceptions(channel_ids=[power.pk], period=february)
        every = queries.open_exceptions(channel_ids=[power.pk], period=february, blocking=None)

        assert [each.code for each in held] == ["missing"]
        assert [each.code for each in every] == ["missing", "spike"]
        assert not queries.open_exceptions(
            channel_ids=[power.pk], period=Period(dt.date(2026, 3, 1), AT.date().replace(day=2))
        )

    def test_another_company_sees_none_of_them(self, alder, birch):
        with context.use(alder):
            store(day_of(channel(), values=changed(usual(), s5=-3)))
            ours = queries.exception_counts()

        with context.use(birch):
            theirs = queries.exception_counts()

        assert (ours, theirs) == ({"negative": 1}, {})


def occupy(point, since):
    customer = customer_operations.create_customer(number=f"C{point.pk}", name="Customer", kind="household")
    account = customer_operations.open_account(
        customer=customer, number=f"A{point.pk}", currency="CNY", opened_on=since
    )
    customer_operations.move_in(account=account, supply_point=point, on=since)
