"""The queue of reading exceptions and the page of a day: what they show, what they do, and for whom."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from identity.capabilities import Role
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, queries
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, DayProposal, ReadingException

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.date(2026, 2, 4)
QUEUE = "/console/readings/queue/"


@pytest.fixture
def power(in_alder):
    premises = Premises.objects.create(address="1 Queue Street", time_zone="Asia/Shanghai")
    point = SupplyPoint.objects.create(identifier="P77", premises=premises)
    return Channel.objects.create(
        supply_point=point,
        register_code="E1",
        kind="consumption",
        interval_minutes=15,
        recording_zone="Asia/Shanghai",
    )


def store(channel, day=DAY, *, gap=(), **slots):
    values = np.array([100 + slot % 7 for slot in range(96)], dtype=np.int32)
    quality = np.full(96, Quality.ACTUAL, dtype=np.uint8)
    for slot in gap:
        values[slot], quality[slot] = 0, Quality.MISSING
    for slot, value in slots.items():
        values[int(slot[1:])] = value
    operations.store_interval_days(
        days=[operations.DayReadings(channel.pk, day, values, quality, stamped_at=AT)], at=AT
    )
    return ReadingException.objects.filter(channel=channel, day=day).first()


class TestTheQueue:
    def test_lists_counts_and_filters(self, admin, power):
        store(power, gap=range(40, 43))
        store(power, DAY + dt.timedelta(days=1), s40=900)

        every = admin.get(QUEUE).content.decode()
        spikes = admin.get(QUEUE, {"code": "spike"}).content.decode()
        held = admin.get(QUEUE, {"blocking": "yes"}).content.decode()

        assert ("3 of 96 intervals are missing" in every, "900 Wh" in every) == (True, True)
        assert ("3 of 96 intervals are missing" in spikes, "900 Wh" in spikes) == (False, True)
        assert ("3 of 96 intervals are missing" in held, "900 Wh" in held) == (True, False)

    def test_asks_the_database_as_often_for_fifty_as_for_one(self, admin, power, django_assert_max_num_queries):
        for back in range(50):
            store(power, DAY - dt.timedelta(days=back), s40=900)

        with django_assert_max_num_queries(16):
            page = admin.get(QUEUE)

        assert page.content.decode().count("900 Wh") == 50

    def test_shows_nothing_of_another_company(self, stranger, power):
        found = store(power, s40=900)

        assert "P77" not in stranger.get(QUEUE).content.decode()
        assert stranger.get(f"{QUEUE}{found.pk}/").status_code == 404
        assert stranger.get(f"/console/readings/days/{power.pk}/{DAY}/").status_code == 404
        assert stranger.post(f"/console/readings/days/{power.pk}/{DAY}/estimate/").status_code == 404


class TestManyAtOnce:
    def test_are_previewed_and_then_done(self, admin, power):
        first, second = store(power, gap=range(40, 43)), store(power, DAY + dt.timedelta(days=1), gap=[7])
        chosen = {"chosen": [first.pk, second.pk], "deed": "estimate"}

        page = admin.post(f"{QUEUE}preview/", chosen).content.decode()
        before = queries.exception_counts()
        admin.post(f"{QUEUE}carry-out/", chosen)

        assert ("3 intervals are estimated" in page, "1 interval is estimated" in page) == (True, True)
        assert (before, queries.exception_counts()) == ({"missing": 2}, {})

    def test_what_cannot_be_accepted_is_said_before(self, admin, power):
        gap = store(power, gap=[7])

        page = admin.post(f"{QUEUE}preview/", {"chosen": [gap.pk], "deed": "accept"}).content.decode()
        admin.post(f"{QUEUE}carry-out/", {"chosen": [gap.pk], "deed": "accept"})

        assert "What is missing cannot be accepted" in page
        assert queries.exception_counts() == {"missing": 1}

    @pytest.mark.parametrize("chosen", [[], ["x"], ["9" * 30], ["-1"]])
    def test_nonsense_does_nothing(self, admin, power, chosen):
        store(power, gap=[7])

        answer = admin.post(f"{QUEUE}carry-out/", {"chosen": chosen, "deed": "estimate"})

        assert (answer.status_code, queries.exception_counts()) == (302, {"missing": 1})


class TestOneDay:
    def test_shows_curve_neighbours_estimate_and_history(self, admin, power):
        store(power, DAY - dt.timedelta(days=1))
        found = store(power, gap=range(40, 43))

        page = admin.get(f"{QUEUE}{found.pk}/").content.decode()

        for text in ("Day before", "Day after", "Same weekday, last week", "Straight line", "10:00–10:45", "Version 1"):
            assert text in page

    def test_is_estimated_and_leads_on_to_the_next(self, admin, power):
        found = store(power, gap=range(40, 43))
        behind = store(power, DAY + dt.timedelta(days=1), s40=900)

        answer = admin.post(f"/console/readings/days/{power.pk}/{DAY}/estimate/", {"exception": found.pk})

        assert answer["Location"] == f"{QUEUE}{behind.pk}/"
        assert queries.exception_counts() == {"spike": 1}

    def test_is_edited_in_kilowatt_hours(self, admin, power):
        store(power)
        given = {"first": 4, "last": 6, "way": "total", "value": "0.310", "reason": "Dial", "base_version": 1}

        admin.post(f"/console/readings/days/{power.pk}/{DAY}/edit/", given)

        assert queries.day_shown(channel_id=power.pk, day=DAY).values[4:7].tolist() == [104, 103, 103]

    @pytest.mark.parametrize(
        "wrong", [{"reason": ""}, {"first": 96}, {"last": 1}, {"value": "abc"}, {"value": "-1"}, {"base_version": 9}]
    )
    def test_a_refused_edit_changes_nothing(self, admin, power, wrong):
        store(power)
        given = {"first": 4, "last": 6, "way": "each", "value": "0.2", "reason": "Dial", "base_version": 1} | wrong

        answer = admin.post(f"/console/readings/days/{power.pk}/{DAY}/edit/", given)

        assert (answer.status_code, DayProposal.objects.count()) == (422, 0)
        assert queries.day_shown(channel_id=power.pk, day=DAY).version == 1

    def test_a_large_edit_waits_for_another_person(self, admin, as_role, power):
        store(power)
        given = {"first": 4, "last": 4, "way": "each", "value": "30", "reason": "Dial", "base_version": 1}
        admin.post(f"/console/readings/days/{power.pk}/{DAY}/edit/", given)
        waiting = DayProposal.objects.get()

        admin.post(f"/console/readings/proposals/{waiting.pk}/approve/")
        alone = queries.day_shown(channel_id=power.pk, day=DAY).version
        as_role(Role.ADMINISTRATOR).post(f"/console/readings/proposals/{waiting.pk}/approve/")

        assert alone == 1
        assert queries.day_shown(channel_id=power.pk, day=DAY).values[4] == 30_000
