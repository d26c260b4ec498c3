"""Packed days on a grid of instants: zones, clock changes, sums, what cannot be done."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from kernel import market_time
from tenants.metering import intervals, packing
from tenants.metering.formats.base import Quality

SYDNEY, MARKET, BERLIN = ZoneInfo("Australia/Sydney"), ZoneInfo("Etc/GMT-10"), ZoneInfo("Europe/Berlin")


def packed(day, zone, minutes, values=None, quality=Quality.ACTUAL, is_power=False, place=0):
    slots = market_time.slots_of_day(day, zone, minutes)
    numbers = np.arange(1, slots + 1, dtype=np.int32) if values is None else np.array(values, dtype=np.int32)
    marks = np.broadcast_to(np.array(quality, dtype=np.uint8), slots)
    return intervals.PackedDay(
        place, day, zone.key, is_power, packing.pack_values(numbers), packing.pack_quality(marks)
    )


def laid(days, first, last, zone, minutes, rows=1):
    start, _ = market_time.day_bounds(first, zone)
    _, end = market_time.day_bounds(last, zone)
    return intervals.lay(days=days, rows=rows, start=start, end=end, minutes=minutes)


class TestLay:
    def test_puts_market_days_on_the_local_day_an_hour_apart_in_summer(self):
        """Sydney is UTC+11 in January, the market UTC+10: local midnight is 23:00 of the market's day before."""
        days = [packed(dt.date(2026, 1, day), MARKET, 30) for day in (14, 15)]

        block = laid(days, dt.date(2026, 1, 15), dt.date(2026, 1, 15), SYDNEY, 30)

        assert block.values[0].tolist() == [47, 48, *range(1, 47)]
        assert not block.missing.any()

    @pytest.mark.parametrize(("day", "slots"), [(dt.date(2026, 10, 4), 46), (dt.date(2026, 4, 5), 50)])
    def test_gives_the_local_clock_change_day_its_slots_out_of_market_days(self, day, slots):
        around = [packed(day + dt.timedelta(days=n), MARKET, 30, values=[7] * 48) for n in (-1, 0, 1)]

        block = laid(around, day, day, SYDNEY, 30)

        assert block.values[0].tolist() == [7] * slots

    @pytest.mark.parametrize(("day", "slots"), [(dt.date(2026, 3, 29), 92), (dt.date(2026, 10, 25), 100)])
    def test_lays_days_of_23_and_25_hours(self, day, slots):
        block = laid([packed(day, BERLIN, 15)], day, day, BERLIN, 15)

        assert block.values[0].tolist() == list(range(1, slots + 1))

    @pytest.mark.parametrize("minutes", [5, 15, 30])
    def test_sums_shorter_intervals_exactly(self, minutes):
        day = packed(dt.date(2026, 1, 15), MARKET, minutes)

        block = laid([day], dt.date(2026, 1, 15), dt.date(2026, 1, 15), MARKET, 30)

        parts = 30 // minutes
        expected = [sum(range(n * parts + 1, (n + 1) * parts + 1)) for n in range(48)]
        assert block.values[0].tolist() == expected

    def test_averages_power_and_rounds_half_up(self):
        day = packed(dt.date(2026, 1, 15), MARKET, 30, values=[1, 2] * 24, is_power=True)

        block = laid([day], dt.date(2026, 1, 15), dt.date(2026, 1, 15), MARKET, 60)

        assert block.values[0].tolist() == [2] * 24

    def test_gives_a_sum_the_worst_quality_and_makes_it_missing_with_a_missing_part(self):
        quality = [Quality.ACTUAL, Quality.ESTIMATED, Quality.ACTUAL, Quality.MISSING] + [Quality.ACTUAL] * 44
        day = packed(dt.date(2026, 1, 15), MARKET, 30, values=[1] * 48, quality=quality)

        block = laid([day], dt.date(2026, 1, 15), dt.date(2026, 1, 15), MARKET, 60)

        assert block.quality[0, :3].tolist() == [Quality.ESTIMATED, Quality.MISSING, Quality.ACTUAL]
        assert (block.missing[0, :3].tolist(), block.values[0, :3].tolist()) == ([False, True, False], [2, 0, 2])

    def test_holds_days_of_different_intervals_and_rows_at_once(self):
        days = [
            packed(dt.date(2026, 1, 15), MARKET, 30, values=[6] * 48),
            packed(dt.date(2026, 1, 16), MARKET, 5, values=[1] * 288),
            packed(dt.date(2026, 1, 16), MARKET, 15, values=[4] * 96, place=1),
        ]

        block = laid(days, dt.date(2026, 1, 15), dt.date(2026, 1, 16), MARKET, 30, rows=3)

        assert block.values.sum(axis=1).tolist() == [48 * 6 + 288, 96 * 4, 0]
        assert block.missing.sum(axis=1).tolist() == [0, 48, 96]

    def test_refuses_to_split_an_interval(self):
        with pytest.raises(intervals.TooFine):
            laid([packed(dt.date(2026, 1, 15), MARKET, 30)], dt.date(2026, 1, 15), dt.date(2026, 1, 15), MARKET, 15)

    def test_refuses_slots_that_cross_the_grid(self):
        """Kathmandu is UTC+5:45: its days do not start on a half hour."""
        day = packed(dt.date(2026, 1, 15), ZoneInfo("Asia/Kathmandu"), 30)

        with pytest.raises(intervals.OffGrid):
            laid([day], dt.date(2026, 1, 15), dt.date(2026, 1, 15), MARKET, 30)


class TestPacking:
    def test_keeps_one_byte_for_a_day_of_one_quality(self):
        same, mixed = np.full(96, 1, dtype=np.uint8), np.array([1] * 95 + [255], dtype=np.uint8)

        assert (packing.pack_quality(same), len(packing.pack_quality(mixed))) == (b"\1", 96)
        assert packing.unpack_quality(b"\1", slots=96).tolist() == same.tolist()
        assert packing.unpack_quality(packing.pack_quality(mixed), slots=96).tolist() == mixed.tolist()

    def test_keeps_values_as_little_endian_integers(self):
        values = np.array([0, 1, 2**31 - 1], dtype=np.int32)

        assert packing.pack_values(values) == b"\0\0\0\0\1\0\0\0\xff\xff\xff\x7f"
        assert packing.unpack_values(packing.pack_values(values)).tolist() == values.tolist()
