"""Corrections of bills, by the API: looked for, shown line by line, approved as they were seen, or left."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from billing.corrections import operations
from harness import bill_cast
from harness.programs import problem
from tenancy import context
from tenants.metering import operations as metering_operations

pytestmark = pytest.mark.django_db
LATER = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
ALL = "/api/v1/corrections"


@pytest.fixture
def client(alder, program):
    """Two bills of 157.22 whose readings became far larger; they were found and rated."""
    with context.use(alder):
        channels = bill_cast.households("1", "2")
        bill_cast.issued(bill_cast.reviewed())
        values = np.full(96, 20_000, np.int64)
        days = [metering_operations.DayReadings(each.pk, dt.date(2026, 3, 10), values) for each in channels.values()]
        metering_operations.store_interval_days(days=days, at=LATER)
    return program(alder)


@pytest.fixture
def rated(client, alder):
    with context.use(alder):
        operations.work(at=LATER)
    return client.get(f"{ALL}?account=A1").json()["results"][0]


def post(client, address, body=None, key="k"):
    return client.post(f"{ALL}/{address}", body or {}, format="json", HTTP_IDEMPOTENCY_KEY=key)


class TestCorrections:
    def test_are_looked_for_listed_and_shown(self, client, alder):
        looked = post(client, "detect")
        found = client.get(f"{ALL}?state=found").json()["results"]
        with context.use(alder):
            operations.work(at=LATER)
        shown = client.get(f"{ALL}/{found[0]['id']}").json()

        assert (looked.status_code, looked.json()) == (200, {"open": 2})
        assert [(row["account"], row["change"]) for row in found] == [("A2", None), ("A1", None)]
        # (30 × 9.6 + 96 × 20) kWh × 0.5283 = 1166.49
        assert (shown["state"], shown["decided_by"], shown["before"]) == ("rated", "person", "157.2200")
        assert (shown["after"], shown["change"]) == ("1166.4900", "1009.2700")
        assert [row["what"] for row in shown["reasons"]] == ["readings"]
        assert shown["lines"][0]["before"] != shown["lines"][0]["after"]
        assert [row["id"] for row in client.get(f"{ALL}?decided_by=person&account=A2").json()["results"]] == [
            found[0]["id"]
        ]

    def test_are_approved_once_and_only_as_they_were_seen(self, client, rated):
        otherwise = post(client, f"{rated['id']}/approve", {"expected": "1.00"}, key="a")
        between = client.get(f"{ALL}/{rated['id']}").json()
        done = post(client, f"{rated['id']}/approve", {"expected": rated["after"]}, key="b")
        repeated = post(client, f"{rated['id']}/approve", {"expected": rated["after"]}, key="b")
        again = post(client, f"{rated['id']}/approve", key="c")

        assert problem(otherwise)[:2] == (409, "correction_changed")
        assert between["state"] == "rated"
        assert (done.status_code, done.json()["state"]) == (200, "done")
        [new] = done.json()["rebills"]
        assert repeated.json() == done.json()
        assert problem(again)[:2] == (409, "correction_wrong_state")
        assert client.get(f"/api/v1/invoices/{new}").json()["gross"]["amount"] == "1166.49"
        assert done.json()["credit_note"] not in (None, new)

    def test_are_left_for_a_reason(self, client, rated):
        silent = post(client, f"{rated['id']}/dismiss", {"note": " "}, key="a")
        left = post(client, f"{rated['id']}/dismiss", {"note": "Agreed."}, key="b")

        assert silent.status_code in (400, 422)
        assert (left.status_code, left.json()["state"], left.json()["note"]) == (200, "dismissed", "Agreed.")
        assert client.get(f"{ALL}?state=dismissed").json()["results"][0]["id"] == rated["id"]

    def test_are_decided_only_by_keys_that_may_issue_and_not_by_other_companies(self, rated, alder, birch, program):
        reader = program(alder, "bills:read")
        stranger = program(birch)

        assert reader.get(f"{ALL}/{rated['id']}").status_code == 200
        assert post(reader, f"{rated['id']}/approve").status_code == 403
        assert post(reader, "detect").status_code == 403
        assert stranger.get(f"{ALL}/{rated['id']}").status_code == 404
        assert post(stranger, f"{rated['id']}/approve").status_code == 404
        assert reader.get(f"{ALL}/{rated['id']}").json()["state"] == "rated"
