"""What stands after deliveries of one day depends on their set alone: not on order, repetition or grouping."""

from __future__ import annotations

import datetime as dt
import functools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.metering import merging
from tenants.metering.formats.base import Quality

GONE = int(Quality.MISSING)
READING = st.one_of(st.just((0, GONE)), st.tuples(st.integers(0, 3), st.sampled_from([1, 3, 4])))
DELIVERY = st.tuples(st.sampled_from([2, 3, 4]), st.integers(1, 5)).flatmap(
    lambda form: st.tuples(st.just(form[1]), st.lists(READING, min_size=form[0], max_size=form[0]))
)


def slots(delivery):
    stamp, readings = delivery
    values, quality = (np.array(column) for column in zip(*readings, strict=True))
    return merging.delivered(values=values.astype(np.int32), quality=quality.astype(np.uint8), stamp=stamp)


def after(deliveries):
    found = functools.reduce(lambda one, two: merging.merged(standing=one, given=two), map(slots, deliveries))
    return found.values.tolist(), found.quality.tolist(), found.stamps.tolist()


def declared(deliveries):
    """The rule as it is written down, taken from the whole set at once."""
    spoken = [(stamp, rows) for stamp, rows in deliveries if any(quality != GONE for _, quality in rows)]
    if not spoken:
        longest = max(len(rows) for _, rows in deliveries)
        return [0] * longest, [GONE] * longest, [merging.NEVER] * longest
    cut = max((stamp, len(rows)) for stamp, rows in spoken)[1]
    floor = max(((stamp, len(rows)) for stamp, rows in spoken if len(rows) != cut), default=(0, 0))
    ranked = []
    for place in range(cut):
        found = [
            (stamp, -rows[place][1], rows[place][0])
            for stamp, rows in spoken
            if len(rows) == cut and rows[place][1] != GONE and (stamp, cut) > floor
        ]
        stamp, quality, value = max(found, default=(merging.NEVER, -GONE, 0))
        ranked.append((value, -quality, stamp))
    return tuple(list(column) for column in zip(*ranked, strict=True))


class TestMerging:
    @settings(max_examples=400, deadline=None)
    @given(deliveries=st.lists(DELIVERY, min_size=1, max_size=6), data=st.data())
    def test_gives_what_the_rule_says_in_any_order_and_however_often(self, deliveries, data):
        again = data.draw(st.lists(st.sampled_from(deliveries), max_size=4))
        order = data.draw(st.permutations(deliveries + again))

        assert after(order) == tuple(declared(deliveries))

    @settings(max_examples=100, deadline=None)
    @given(deliveries=st.lists(DELIVERY, min_size=1, max_size=5))
    def test_survives_being_stored_and_read(self, deliveries):
        found = functools.reduce(lambda one, two: merging.merged(standing=one, given=two), map(slots, deliveries))

        packed = merging.packed_stamps(found)
        latest = merging.instant_of(found.latest) if found.latest != merging.NEVER else dt.datetime.now(dt.UTC)
        read = merging.unpacked_slots(values=found.values, quality=found.quality, stamped_at=latest, stamps=packed)

        assert (read.stamps.tolist(), read.floor) == (found.stamps.tolist(), found.floor)

    def test_puts_an_estimate_made_here_below_any_reading_and_above_an_older_estimate(self):
        at = dt.datetime(2026, 5, 2, tzinfo=dt.UTC)
        older, newer = (merging.microseconds(merging.guessed_at(at=at + dt.timedelta(days=n))) for n in (0, 1))
        meter = merging.microseconds(dt.datetime(1990, 1, 1, tzinfo=dt.UTC))

        assert older < newer < meter
