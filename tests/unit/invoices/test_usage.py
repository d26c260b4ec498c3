"""Usage by local day and label: whole days, also those of 23 and 25 hours."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np

from billing.invoices import usage
from kernel import market_time
from kernel.periods import Period

SYDNEY = ZoneInfo("Australia/Sydney")
PEAK, OFF_PEAK = {"en": "Peak"}, {"en": "Off-peak"}


class TestByDay:
    def test_counts_92_96_and_100_quarter_hours(self) -> None:
        for first, slots in ((dt.date(2026, 10, 4), 92), (dt.date(2026, 7, 1), 96), (dt.date(2026, 4, 5), 100)):
            period = Period(first, first + dt.timedelta(days=2))
            starts = market_time.slot_starts(*period.instants(SYDNEY), 15)
            values = np.ones(len(starts), dtype=np.int64)

            summed = usage.by_day(starts=starts, values=values, labels=None, titles=[PEAK], period=period, zone=SYDNEY)

            assert summed["days"] == [[slots], [96]]

    def test_keeps_labels_apart(self) -> None:
        period = Period(dt.date(2026, 7, 1), dt.date(2026, 7, 2))
        starts = market_time.slot_starts(*period.instants(SYDNEY), 720)

        summed = usage.by_day(
            starts=starts,
            values=np.array([300, 700]),
            labels=np.array([1, 0], dtype=np.int8),
            titles=[PEAK, OFF_PEAK],
            period=period,
            zone=SYDNEY,
        )

        assert summed == {"titles": [PEAK, OFF_PEAK], "first": "2026-07-01", "days": [[700, 300]]}


class TestCombined:
    def test_adds_parts_of_the_same_labels_day_by_day(self) -> None:
        first = {"titles": [PEAK, OFF_PEAK], "first": "2026-07-01", "days": [[1, 2], [3, 4]]}
        second = {"titles": [OFF_PEAK], "first": "2026-07-02", "days": [[10], [20]]}

        assert usage.combined([first, {}, second]) == {
            "titles": [PEAK, OFF_PEAK],
            "first": "2026-07-01",
            "days": [[1, 2], [3, 14], [0, 20]],
        }

    def test_of_nothing_is_nothing(self) -> None:
        assert usage.combined([{}, {}]) == {}
