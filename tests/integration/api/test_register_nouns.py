"""Meters with registers, their reads and corrections by API, as a program meets them."""

from __future__ import annotations

import pytest

from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.metering.models import RegisterRead

POINT = "/api/v1/supply-points/NMI1"
pytestmark = pytest.mark.django_db


def dial(**more):
    return {"code": "1", "digits": 5, "shows": "0"} | more


def meter(serial="M100", **more):
    return {"on": "2026-05-01", "meter": {"serial": serial, "position": "1", "registers": [dial(**more)]}}


def reads(*values, register="1"):
    return {
        "reads": [
            {"supply_point": "NMI1", "meter": "M100", "register": register, "day": day, "read": value}
            for day, value in values
        ]
    }


def count(retailer):
    with context.use(retailer):
        return RegisterRead.objects.filter(ended_at=None).count()


@pytest.fixture
def api(program, birch):
    with context.use(birch):
        customer_operations.add_supply_point(identifier="NMI1", address="1 Lane", time_zone="Australia/Sydney")
    return program(birch)


@pytest.fixture
def installed(api):
    ratios = [{"kind": "ct", "numerator": "200", "denominator": "5"}]
    answer = api.post(f"{POINT}/registers", meter(ratios=ratios), format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()["results"][0]


class TestMeters:
    def test_are_installed_once(self, birch, api, installed):
        again = api.post(f"{POINT}/registers", meter(), format="json")

        assert (again.status_code, count(birch), len(again.json()["results"])) == (201, 1, 1)
        assert (installed["meter"], installed["factors"][0]["numerator"]) == ("M100", "200")

    def test_are_exchanged_with_reads(self, birch, api, installed):
        body = {
            "on": "2026-05-16",
            "removed": "M100",
            "removal_reads": [{"register": "1", "read": "15"}],
            "meter": {"serial": "M101", "registers": [dial(shows="7")]},
        }

        without = api.post(f"{POINT}/exchange", {**body, "removal_reads": []}, format="json")
        done = api.post(f"{POINT}/exchange", body, format="json")

        assert (without.status_code, without.json()["code"]) == (422, "change_needs_reads")
        assert (done.status_code, count(birch)) == (200, 3)
        assert [row["hangs"]["end"] for row in done.json()["results"]] == [None, "2026-05-16"]

    def test_get_other_ratios_are_removed_and_suspended(self, api, installed):
        ratios = {"on": "2026-05-11", "ratios": [{"kind": "ct", "numerator": "150", "denominator": "5"}]}
        shown = [{"register": "1", "read": "10"}]
        off = {"on": "2026-05-12", "reason": "Arrears.", "reads": []}
        removal = {"on": "2026-05-16", "removal_reads": [{"register": "1", "read": "15"}], "reason": "Rebuilt."}

        answers = [
            api.post(f"{POINT}/meters/M100/ratios", {**ratios, "reads": shown}, format="json"),
            api.post(f"{POINT}/suspend", off, format="json"),
            api.post(f"{POINT}/resume", {"on": "2026-05-13", "reads": []}, format="json"),
            api.post(f"{POINT}/meters/M100/remove", removal, format="json"),
        ]

        assert [answer.status_code for answer in answers] == [200] * 4, [answer.content for answer in answers]
        assert api.post(f"{POINT}/meters/M9/remove", removal, format="json").status_code == 404


class TestReads:
    def test_each_has_its_own_result(self, birch, api, installed):
        body = reads(("2026-06-01", "310"), ("2026-07-01", "300"), ("2026-08-01", "123456"), ("2026-04-01", "1"))

        answer = api.post("/api/v1/register-reads", body, format="json").json()["results"]
        again = api.post("/api/v1/register-reads", body, format="json").json()["results"]

        assert [(each["outcome"], each["doubt"], each["code"]) for each in answer] == [
            ("accepted", "", ""),
            ("accepted", "backward", ""),
            ("refused", "", "read_out_of_range"),
            ("refused", "", "not_found"),
        ]
        assert [each["outcome"] for each in again][:2] == ["unchanged", "unchanged"]
        assert count(birch) == 3

    @pytest.mark.parametrize("value", [310, "3e2", "-1", "", "1.2.3"])
    def test_a_number_is_text(self, birch, api, installed, value):
        answer = api.post("/api/v1/register-reads", reads(("2026-06-01", value)), format="json")

        assert (answer.status_code, count(birch)) == (422, 1)

    def test_are_listed(self, api, installed):
        api.post("/api/v1/register-reads", reads(("2026-06-01", "310")), format="json")

        rows = api.get(f"{POINT}/reads").json()["results"]

        assert [(row["day"], row["read"]) for row in rows] == [("2026-06-01", "310"), ("2026-05-01", "0")]


class TestCorrections:
    def test_are_asked_for_once_by_key(self, api, installed):
        api.post("/api/v1/register-reads", reads(("2026-06-01", "31")), format="json")
        body = {
            "supply_point": "NMI1",
            "period": {"start": "2026-05-01", "end": "2026-06-01"},
            "power_right": "3",
            "power_measured": "2",
            "cause": "wiring",
            "reason": "One phase was without current.",
            "key": "w1",
        }

        first, again = (api.post("/api/v1/quantity-corrections", body, format="json") for _ in range(2))

        assert (first.status_code, first.json()["added_wh"], first.json()["state"]) == (201, 620_000, "approved")
        assert again.json()["id"] == first.json()["id"]
        assert len(api.get("/api/v1/quantity-corrections").json()["results"]) == 1


class TestTwoCompanies:
    def test_see_nothing_of_each_other(self, program, alder, api, installed):
        other = program(alder)

        assert other.get(f"{POINT}/registers").status_code == 404
        assert other.get(f"{POINT}/reads").status_code == 404
        [answer] = other.post("/api/v1/register-reads", reads(("2026-06-01", "1")), format="json").json()["results"]
        assert (answer["outcome"], answer["code"]) == ("refused", "not_found")
