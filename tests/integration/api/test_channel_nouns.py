"""Channels of gas by the API: added, given factors, and read as energy or as they were recorded."""

from __future__ import annotations

import datetime as dt

import pytest

from harness import supply
from kernel.periods import Period
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.metering.models import Channel, ChannelFactor

POINT = "/api/v1/supply-points/NMI1"
GAS = {"register": "V1", "energy": "gas", "unit": "L", "interval_minutes": 60}
DAY = dt.date(2026, 5, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def api(program, birch):
    with context.use(birch):
        customer_operations.add_supply_point(identifier="NMI1", address="1 Lane", time_zone="Australia/Brisbane")
    return program(birch)


@pytest.fixture
def gas(birch, api):
    answer = api.post(f"{POINT}/channels", GAS, format="json")
    assert answer.status_code == 201, answer.content
    with context.use(birch):
        channel = Channel.objects.get()
        at = dt.datetime(2026, 5, 3, tzinfo=dt.UTC)
        supply.read(channel=channel, period=Period(DAY, DAY + dt.timedelta(days=2)), each=1000, at=at)
    return answer.json()["results"][0]


def let_hold(api, value, since, kind="energy_content"):
    return api.post(f"{POINT}/channels/V1/factors", {"kind": kind, "value": value, "since": since}, format="json")


def read(api, **more):
    wanted = {"start": "2026-05-01T00:00:00+10:00", "end": "2026-05-03T00:00:00+10:00", "minutes": 1440} | more
    return api.get(f"{POINT}/readings", wanted).json()["channels"][0]


class TestChannels:
    def test_are_added_with_their_energy(self, gas):
        assert (gas["register"], gas["energy"], gas["unit"]) == ("V1", "gas", "L")

    def test_are_added_once_and_keep_their_form(self, birch, api, gas):
        again = api.post(f"{POINT}/channels", GAS, format="json")
        other = api.post(f"{POINT}/channels", GAS | {"energy": "water"}, format="json")

        assert (again.status_code, other.status_code) == (201, 409)
        with context.use(birch):
            assert Channel.objects.count() == 1

    @pytest.mark.parametrize(
        "said", [{"energy": "electricity"}, {"unit": "W"}, {"unit": "m3"}, {"zone": "Nowhere/Here"}]
    )
    def test_that_do_not_fit_are_refused(self, birch, api, said):
        answer = api.post(f"{POINT}/channels", GAS | said, format="json")

        assert answer.status_code in (400, 422)
        with context.use(birch):
            assert Channel.objects.count() == 0


class TestFactors:
    def test_turn_litres_into_energy_by_the_day(self, api, gas):
        assert let_hold(api, "11.2", "2026-05-01").status_code == 200
        answer = let_hold(api, "10.8", "2026-05-02")

        assert [(each["value"], each["period"]["start"]) for each in answer.json()["results"]] == [
            ("10.8", "2026-05-02"),
            ("11.2", "2026-05-01"),
        ]
        found = read(api)
        assert (found["unit"], found["values"]) == ("Wh", [24 * 11_200, 24 * 10_800])

    def test_leave_what_was_recorded_as_it_is(self, api, gas):
        let_hold(api, "11.2", "2026-05-01")

        found = read(api, as_recorded="true")

        assert (found["unit"], found["values"]) == ("L", [24_000, 24_000])

    def test_that_are_not_known_leave_no_energy(self, api, gas):
        let_hold(api, "11.2", "2026-05-02")

        assert read(api)["values"] == [None, 24 * 11_200]

    @pytest.mark.parametrize("value", ["0", "-1", "1e9", "NaN", "99999999999"])
    def test_that_are_none_are_refused(self, birch, api, gas, value):
        answer = let_hold(api, value, "2026-05-01")

        assert answer.status_code in (400, 422)
        with context.use(birch):
            assert ChannelFactor.objects.count() == 0

    def test_of_what_is_not_there_are_not_found(self, api, gas):
        assert api.get(f"{POINT}/channels/V9/factors").status_code == 404

    def test_of_another_company_are_not_found(self, alder, program, api, gas):
        assert program(alder).get(f"{POINT}/channels/V1/factors").status_code == 404
