"""Registers: reads in, quantities out; every change of a meter in the middle of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from harness import supply
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.metering import operations, queries
from tenants.metering.models import Meter, MeterPause, QuantityCorrection, RegisterRead
from tenants.metering.operations import correcting, exchanging, installing, register_reads
from tenants.metering.registers import dials

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
BY = "reader@alder.example"
JANUARY, FEBRUARY = Period.of_month(2026, 1), Period.of_month(2026, 2)
pytestmark = pytest.mark.django_db


def day(month: int, number: int = 1) -> dt.date:
    return dt.date(2026, month, number)


@pytest.fixture
def point(in_alder):
    return customer_operations.add_supply_point(
        identifier="4100000001", address="1 Test Street", time_zone="Asia/Shanghai"
    )


def new_meter(point, serial="M1", *dials_of, since=None, position="1", **dial):
    made = dials_of or (operations.Dial("1", "consumption", digits=5, **dial),)
    return operations.NewMeter(point.pk, serial, since or day(1), "Asia/Shanghai", dials=made, position=position)


def install(point, serial="M1", *dials_of, **more):
    return operations.install_meter(meter=new_meter(point, serial, *dials_of, **more), at=AT, by=BY)


def read(meter, on, value, code="1", **more):
    given = operations.NewRead(meter.registers.get(code=code).pk, on, Decimal(value), **more)
    return operations.store_reads(reads=[given], at=AT, source="test", by=BY)[0]


def used(point, period, kind="consumption"):
    return queries.register_uses(supply_point_ids=[point.pk], period=period)[point.pk][kind]


def now():
    """Let the database look at what it would look at when the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class TestMonth:
    def test_of_two_reads_with_transformers(self, point):
        ratios = {"pt": (Decimal(10000), Decimal(100)), "ct": (Decimal(10), Decimal(5))}
        meter = install(point, ratios=ratios, shows=Decimal(100))

        read(meter, day(2), "131")

        found = used(point, JANUARY)
        assert (found.per_day.tolist(), found.wh.sum()) == ([200_000] * 31, 6_200_000)
        assert (found.covered.all(), found.estimated.any()) == (True, False)

    def test_between_reads_off_its_bounds_is_shared_by_days(self, point):
        meter = install(point, shows=Decimal(0), since=dt.date(2025, 12, 22))

        read(meter, dt.date(2026, 2, 10), "50")

        found = used(point, JANUARY)
        assert (found.wh.sum(), found.estimated.all(), found.covered.all()) == (31_000, True, True)

    def test_without_a_read_at_its_end_is_not_covered(self, point):
        install(point, shows=Decimal(0))

        assert used(point, JANUARY).covered.any().item() is False


class TestDial:
    def test_rolls_over(self, point):
        meter = install(point, shows=Decimal(99_950))

        stored = read(meter, day(2), "30")

        assert (stored.doubt, used(point, JANUARY).wh.sum()) == ("", 80_000)

    def test_that_runs_backward_counts_for_nothing_until_it_is_mended(self, point):
        meter = install(point, shows=Decimal(1000))
        backward = read(meter, day(2), "900")

        assert (backward.doubt, used(point, JANUARY).covered.any().item()) == ("backward", False)
        with pytest.raises(register_reads.ReadInDoubt):
            operations.believe_read(read_id=backward.read.pk, at=AT, by=BY)

        mended = read(meter, day(2), "1090")
        assert (mended.outcome, used(point, JANUARY).wh.sum()) == ("corrected", 90_000)

    def test_that_was_reset_counts_on_from_there(self, point):
        meter = install(point, shows=Decimal(1000))

        read(meter, day(1, 15), "1014", resumes_at=Decimal(0), reason="reset")
        read(meter, day(2), "17")

        assert used(point, JANUARY).wh.sum() == 31_000

    def test_does_not_jump_by_half_of_what_it_holds(self, point):
        meter = install(point, shows=Decimal(100))

        doubted = read(meter, day(2), "99850")
        assert doubted.doubt == "implausible"

        operations.believe_read(read_id=doubted.read.pk, at=AT, by=BY)
        assert used(point, JANUARY).wh.sum() == 99_750_000

    @pytest.mark.parametrize("value", ["100000", "1.5", "-1", "NaN", "Infinity"])
    def test_takes_only_what_it_can_show(self, point, value):
        meter = install(point, shows=Decimal(0))

        with pytest.raises(register_reads.ReadOutOfRange):
            read(meter, day(2), value)
        assert RegisterRead.objects.count() == 1

    def test_is_read_while_it_hangs(self, point):
        meter = install(point, shows=Decimal(0))

        with pytest.raises(register_reads.MeterNotThere):
            read(meter, dt.date(2025, 12, 31), "1")


class TestReads:
    def test_the_same_again_changes_nothing(self, point):
        meter = install(point, shows=Decimal(0))
        first = read(meter, day(2), "10")

        again = read(meter, day(2), "10")

        assert (again.outcome, again.read.pk, RegisterRead.objects.count()) == ("unchanged", first.read.pk, 2)

    def test_another_value_keeps_the_former(self, point):
        meter = install(point, shows=Decimal(0))
        first = read(meter, day(2), "10").read

        second = read(meter, day(2), "11").read

        first.refresh_from_db()
        assert (first.ended_at, first.value, second.version, second.ended_at) == (AT, 10, 2, None)

    def test_never_change_once_they_stand(self, point):
        meter = install(point, shows=Decimal(0))
        stored = read(meter, day(2), "10").read

        for change in ({"value": 11}, {"day": day(3)}, {"quality": "estimated"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                RegisterRead.objects.filter(pk=stored.pk).update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            RegisterRead.objects.filter(pk=stored.pk).delete()

    def test_an_estimate_gives_way_to_the_next_actual_read_below_it(self, point):
        meter = install(point, shows=Decimal(1000), since=dt.date(2025, 12, 1))
        read(meter, day(1), "1031")
        register = meter.registers.get()
        estimated = operations.estimate_reads(register_ids=[register.pk], day=day(2), at=AT, by=BY)[0]
        assert (estimated.read.value, used(point, JANUARY).wh.sum(), used(point, JANUARY).estimated.all()) == (
            1062,
            31_000,
            True,
        )

        actual = read(meter, day(3), "1060")

        estimated.read.refresh_from_db()
        assert (actual.doubt, actual.replaced, estimated.read.ended_at) == ("", 1, AT)
        # 29 kWh in 59 days: January has 31 of them.
        assert (used(point, JANUARY).wh.sum(), used(point, FEBRUARY).wh.sum()) == (15_237, 13_763)

    def test_an_estimate_never_replaces_a_real_read(self, point):
        meter = install(point, shows=Decimal(0))
        read(meter, day(2), "10")

        late = read(meter, day(2), "12", quality="estimated")
        between = read(meter, day(1, 15), "4", quality="estimated")

        assert (late.outcome, between.outcome, RegisterRead.objects.count()) == ("outdated", "outdated", 2)

    def test_a_withdrawn_one_counts_for_nothing(self, point):
        meter = install(point, shows=Decimal(0))
        stored = read(meter, day(2), "10").read
        before = queries.register_versions(supply_point_ids=[point.pk], period=JANUARY)

        operations.withdraw_read(read_id=stored.pk, at=AT, by=BY)

        assert used(point, JANUARY).covered.any().item() is False
        assert queries.register_versions(supply_point_ids=[point.pk], period=JANUARY) != before


class TestExchange:
    def test_in_the_middle_of_a_month_adds_both_parts_with_their_multipliers(self, point):
        old = install(point, shows=Decimal(500), ratios={"ct": (Decimal(100), Decimal(5))})
        new = new_meter(point, "M2", shows=Decimal(7), ratios={"ct": (Decimal(200), Decimal(5))})

        operations.exchange_meter(old=old.pk, on=day(1, 16), removal={"1": Decimal(515)}, new=new, at=AT, by=BY)
        read(Meter.objects.get(serial="M2"), day(2), "23")

        # 15 × 20 and 16 × 40
        found = used(point, JANUARY)
        assert (found.wh.sum(), found.covered.all()) == (300_000 + 640_000, True)
        assert [use.quantity for use in found.uses] == [300_000, 640_000]

    def test_done_twice_is_done_once(self, point):
        old = install(point, shows=Decimal(500))
        new = new_meter(point, "M2", shows=Decimal(7))
        call = {"old": old.pk, "on": day(1, 16), "removal": {"1": Decimal(515)}, "new": new, "at": AT, "by": BY}

        first = operations.exchange_meter(**call)
        second = operations.exchange_meter(**call)

        assert (first[1].pk, Meter.objects.count(), RegisterRead.objects.count()) == (second[1].pk, 2, 3)

    def test_needs_the_last_reads_of_the_old_meter(self, point):
        old = install(point, shows=Decimal(500))

        with pytest.raises(exchanging.ReadsMissing):
            operations.exchange_meter(old=old.pk, on=day(1, 16), removal={}, new=new_meter(point, "M2"), at=AT, by=BY)
        assert list(Meter.objects.values_list("serial", "period__endswith")) == [("M1", None)]

    def test_lets_channels_go_on(self, point):
        old = install(point, shows=Decimal(500))
        channel = supply.channel(point=point)
        channel.meter = old
        channel.save()

        _, new = operations.exchange_meter(
            old=old.pk, on=day(1, 16), removal={"1": Decimal(515)}, new=new_meter(point, "M2"), at=AT, by=BY
        )

        channel.refresh_from_db()
        assert channel.meter_id == new.pk


class TestMultiplier:
    def test_changes_on_a_day_with_a_read(self, point):
        meter = install(point, shows=Decimal(0), ratios={"ct": (Decimal(100), Decimal(5))})
        change = {"ct": (Decimal(150), Decimal(5))}

        for _ in range(2):
            operations.change_multiplier(
                meter_id=meter.pk, on=day(1, 11), ratios=change, shows={"1": Decimal(10)}, at=AT, by=BY
            )
        read(meter, day(2), "31")

        # 10 × 20 and 21 × 30
        assert used(point, JANUARY).wh.sum() == 200_000 + 630_000
        assert meter.registers.get().factors.count() == 2

    def test_that_was_one_until_now_is_written_down_as_one(self, point):
        meter = install(point, shows=Decimal(0))

        operations.change_multiplier(
            meter_id=meter.pk,
            on=day(1, 11),
            ratios={"ct": (Decimal(10), Decimal(5))},
            shows={"1": Decimal(10)},
            at=AT,
            by=BY,
        )
        read(meter, day(2), "31")
        now()

        assert used(point, JANUARY).wh.sum() == 10_000 + 42_000

    def test_needs_a_read(self, point):
        meter = install(point, shows=Decimal(0), ratios={"ct": (Decimal(100), Decimal(5))})

        with pytest.raises(exchanging.ReadsMissing):
            operations.change_multiplier(
                meter_id=meter.pk,
                on=day(1, 11),
                ratios={"ct": (Decimal(10), Decimal(5))},
                shows={},
                at=AT,
                by=BY,
            )

    def test_has_no_gap(self, point):
        meter = install(point, shows=Decimal(0), ratios={"ct": (Decimal(100), Decimal(5))})
        factor = meter.registers.get().factors.get()

        with pytest.raises(IntegrityError), transaction.atomic():
            factor.period = (day(1, 2), None)
            factor.save()
            now()


class TestGas:
    def test_becomes_energy_by_its_dated_heat_and_volume(self, point):
        ratios = {"volume_correction": (Decimal("0.9583"), Decimal(1)), "energy_content": (Decimal("11.2"), Decimal(1))}
        meter = install(point, unit="m3", energy="gas", decimals=3, ratios=ratios, shows=Decimal("100.000"))
        operations.change_multiplier(
            meter_id=meter.pk,
            on=day(1, 11),
            ratios={"energy_content": (Decimal("11.4"), Decimal(1))},
            shows={},
            at=AT,
            by=BY,
        )

        read(meter, day(2), "162.000")

        # 2 m³ a day: 20 × 0.9583 × 11.2 and 42 × 0.9583 × 11.4 kWh
        assert used(point, JANUARY).wh.sum() == 673_493
        assert abs(20 * 0.9583 * 11.2 + 42 * 0.9583 * 11.4 - 673.493) < 0.001

    def test_without_a_heat_is_no_energy(self, point):
        meter = install(point, unit="m3", energy="gas", shows=Decimal(0))

        read(meter, day(2), "10")

        found = used(point, JANUARY)
        assert (found.covered.any().item(), [each.code for each in found.troubles]) == (False, ["factor_missing"])


class TestTimesOfUse:
    def meter(self, point):
        rows = [
            operations.Dial(code, "consumption", digits=6, decimals=2, label=label, shows=Decimal(0),
                            ratios={"ct": (Decimal(800), Decimal(1))})
            for code, label in (("00", ""), ("02", "peak"), ("03", "flat"), ("04", "valley"))
        ]  # fmt: skip
        return install(point, "M1", *rows)

    def test_have_quantities_of_their_own_and_flat_takes_the_rest(self, point):
        meter = self.meter(point)

        for code, value in (("00", "31.02"), ("02", "10"), ("03", "9"), ("04", "12")):
            read(meter, day(2), value, code=code)

        found = used(point, JANUARY)
        sums = dict(zip(found.labels, found.wh.sum(axis=1).tolist(), strict=True))
        # 0.02 × 800 = 16 kWh is just what two steps of the register allow.
        assert sums == {"": 0, "peak": 8_000_000, "flat": 7_216_000, "valley": 9_600_000}

    def test_that_differ_from_the_total_are_not_billed(self, point):
        meter = self.meter(point)

        for code, value in (("00", "31.10"), ("02", "10"), ("03", "9"), ("04", "12")):
            read(meter, day(2), value, code=code)

        found = used(point, JANUARY)
        assert (found.covered.any().item(), [each.code for each in found.troubles]) == (False, ["registers_differ"])


class TestDemand:
    def test_is_the_highest_of_the_reads(self, point):
        dial = operations.Dial(
            "15", "demand", unit="kW", digits=4, decimals=3, ratios={"ct": (Decimal(100), Decimal(1))}
        )
        meter = install(point, "M1", dial)

        read(meter, day(1, 16), "0.500", code="15")
        read(meter, day(2), "0.450", code="15")

        found = used(point, JANUARY, "demand")
        assert (found.wh.max(), found.covered.all()) == (50_000, True)


class TestNoGap:
    def test_a_meter_is_not_taken_down_without_a_word(self, point):
        meter = install(point, shows=Decimal(0))

        with pytest.raises(IntegrityError, match="neither a meter nor a pause"), transaction.atomic():
            meter.period = (day(1), day(1, 16))
            meter.save()
            now()

    def test_a_removed_one_leaves_a_pause_that_ends_with_the_next(self, point):
        meter = install(point, shows=Decimal(0))

        for _ in range(2):
            operations.remove_meter(
                meter_id=meter.pk, on=day(1, 11), removal={"1": Decimal(10)}, reason="rebuilding", at=AT, by=BY
            )
        following = new_meter(point, "M2", since=day(1, 21), shows=Decimal(0))
        made = operations.reinstall_meter(meter=following, at=AT, by=BY)
        read(made, day(2), "11")
        now()

        found = used(point, JANUARY)
        assert (found.wh.sum(), found.covered.all(), MeterPause.objects.count()) == (21_000, True, 1)

    def test_two_meters_never_hang_in_one_position(self, point):
        install(point, shows=Decimal(0))

        with pytest.raises(installing.MeterHangs):
            install(point, "M2", since=day(1, 5))
        assert Meter.objects.count() == 1

    def test_an_unmetered_time_uses_what_was_agreed(self, point):
        meter = install(point, shows=Decimal(0))

        operations.remove_meter(
            meter_id=meter.pk,
            on=day(1, 11),
            removal={"1": Decimal(10)},
            reason="defect",
            at=AT,
            by=BY,
            wh_per_day=2_000,
        )

        assert used(point, JANUARY).wh.sum() == 10_000 + 21 * 2_000

    def test_use_while_suspended_is_doubted(self, point):
        install(point, shows=Decimal(10))

        operations.suspend(
            supply_point_id=point.pk, on=day(1), shows={"M1": {"1": Decimal(10)}}, reason="arrears", at=AT, by=BY
        )
        with pytest.raises(exchanging.NotSuspended):
            operations.resume(supply_point_id=point.pk, on=day(1), shows={}, at=AT, by=BY)
        for _ in range(2):
            operations.resume(supply_point_id=point.pk, on=day(1, 21), shows={"M1": {"1": Decimal(14)}}, at=AT, by=BY)

        assert list(queries.doubted_reads().values_list("doubt", "value")) == [("suspended_use", 14)]


class TestCorrection:
    def ask(self, point, **more):
        given = {
            "supply_point_id": point.pk,
            "period": JANUARY,
            "power_right": Decimal(3),
            "power_wrong": Decimal(2),
            "cause": "wiring",
            "reason": "one phase without current",
            "key": "k1",
            "by": BY,
            "at": AT,
        }
        return operations.request_correction(**(given | more))

    def test_adds_half_where_a_third_was_not_measured(self, point):
        read(install(point, shows=Decimal(0)), day(2), "310")

        first, again = self.ask(point), self.ask(point)

        assert (first.pk, first.state, first.recorded_wh, first.added_wh) == (again.pk, "approved", 310_000, 155_000)
        found = queries.corrections_in(supply_point_ids=[point.pk], period=FEBRUARY)
        assert found == {}
        assert queries.corrections_in(supply_point_ids=[point.pk], period=JANUARY)[point.pk][0].rate == Decimal("0.5")

    def test_a_large_one_needs_another_person(self, point):
        read(install(point, shows=Decimal(0)), day(2), "31000")
        asked = self.ask(point)
        assert (asked.state, queries.corrections_in(supply_point_ids=[point.pk], period=JANUARY)) == ("requested", {})

        with pytest.raises(correcting.FourEyes):
            operations.decide_correction(correction_id=asked.pk, approve=True, by=BY, at=AT)
        with pytest.raises(IntegrityError), transaction.atomic():
            QuantityCorrection.objects.filter(pk=asked.pk).update(state="approved", decided_by=BY, decided_at=AT)
        decided = operations.decide_correction(correction_id=asked.pk, approve=True, by="boss@alder.example", at=AT)

        assert (decided.state, len(queries.corrections_in(supply_point_ids=[point.pk], period=JANUARY))) == (
            "approved",
            1,
        )

    def test_only_one_touches_a_day(self, point):
        read(install(point, shows=Decimal(0)), day(2), "310")
        self.ask(point)

        with pytest.raises(correcting.CorrectionStands):
            self.ask(point, key="k2", period=Period(day(1, 31), day(2, 3)))

        operations.withdraw_correction(correction_id=QuantityCorrection.objects.get().pk, by=BY, at=AT)
        assert self.ask(point, key="k2").state == "approved"

    def test_needs_something_recorded(self, point):
        install(point)

        with pytest.raises(correcting.NothingRecorded):
            self.ask(point)


class TestUnowned:
    def test_days_nobody_answers_for_are_listed(self, point):
        read(install(point, shows=Decimal(0)), day(2), "31")

        listed = queries.unowned(period=JANUARY, limit=10)

        assert [(each.identifier, each.start, each.end, each.measured) for each in listed] == [
            ("4100000001", day(1), day(2), True)
        ]

    def test_days_of_an_account_are_not(self, point):
        install(point, shows=Decimal(0))
        customer = customer_operations.create_customer(number="C1", name="One")
        account = customer_operations.open_account(customer=customer, number="A1", currency="CNY", opened_on=day(1))
        customer_operations.move_in(account=account, supply_point=point, on=day(1, 11))

        listed = queries.unowned(period=JANUARY, limit=10)

        assert [(each.start, each.end, each.measured) for each in listed] == [(day(1), day(1, 11), False)]


class TestSumCheck:
    @pytest.mark.parametrize(("each", "passes"), [(10_416, True), (10_800, False)])
    def test_intervals_against_the_register(self, point, each, passes):
        meter = install(point, shows=Decimal(0), settles="always")
        supply.read(channel=supply.channel(point=point), period=JANUARY, each=each)

        read(meter, day(2), "31000")

        (found,) = queries.sum_checks(supply_point_ids=[point.pk], period=JANUARY)
        assert (found.passes, found.sums.tolerance, found.sums.intervals) == (passes, 31_000, each * 96 * 31)


def test_a_backward_read_says_where():
    refusal = dials.Backward(value="1", day="2026-02-01", before="2", before_day="2026-01-01")

    assert "below 2" in str(refusal)
