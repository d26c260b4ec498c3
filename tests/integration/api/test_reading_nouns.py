"""Meters, channels, readings in and out, and imports of files, by the API."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from harness.programs import add_customers, problem
from kernel.periods import Period
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.metering import queries

pytestmark = pytest.mark.django_db
METER = {
    "serial": "M100",
    "since": "2026-05-01",
    "registers": [{"code": "E1", "kind": "consumption", "interval_minutes": 30}, {"code": "B1", "kind": "feed_in"}],
}
MAY_1, MAY_2 = dt.date(2026, 5, 1), dt.date(2026, 5, 2)


@pytest.fixture
def point(birch, api):
    """NMI1 with a meter of two registers."""
    add_customers(birch, 1)
    assert api.post("/api/v1/supply-points/NMI1/meters", METER, format="json").status_code == 201
    return "/api/v1/supply-points/NMI1"


def day(register="E1", values=None, **changes):
    given = {"supply_point": "NMI1", "register": register, "day": "2026-05-01", "values": values or [100] * 48}
    return {**given, **changes}


def stored(retailer):
    with context.use(retailer):
        points = customer_queries.supply_points()
        channels = queries.channels_of(supply_point_ids=[each.pk for each in points])
        period = Period(MAY_1, dt.date(2027, 1, 1))
        return queries.day_totals(channel_ids=[each.pk for each in channels], period=period, zone="Australia/Sydney")


class TestMeters:
    def test_one_is_installed_with_its_registers(self, api, point):
        meters = api.get(f"{point}/meters").json()["results"]
        channels = api.get(f"{point}/channels").json()["results"]

        assert meters == [{"serial": "M100", "period": {"start": "2026-05-01", "end": None}}]
        assert channels[1] == {
            "register": "E1",
            "energy": "electricity",
            "kind": "consumption",
            "unit": "Wh",
            "interval_minutes": 30,
            "recording_zone": "Australia/Sydney",
            "meter": "M100",
        }

    def test_a_register_stands_once(self, api, point):
        refused = api.post(f"{point}/meters", {**METER, "serial": "M200"}, format="json")

        assert problem(refused) == (409, "register_stands", ["/registers/0/code"])
        assert len(api.get(f"{point}/meters").json()["results"]) == 1


class TestReadingsIn:
    def test_days_are_stored_and_corrected(self, birch, api, point):
        first = api.post("/api/v1/readings", {"days": [day(), day("B1")]}, format="json")
        second = api.post("/api/v1/readings", {"days": [day(), day("B1", [50] * 96)]}, format="json")

        assert (first.status_code, first.json()["accepted"]) == (200, 2)
        assert second.json() == {"accepted": 0, "corrected": 1, "unchanged": 1, "outdated": 0}
        assert sorted(stored(birch).values()) == [4800, 4800]

    @pytest.mark.parametrize(
        ("wrong", "code", "place"),
        [
            (day(supply_point="NMI9"), "unknown_reference", "/days/1/supply_point"),
            (day("X1"), "unknown_register", "/days/1/register"),
            (day("B1", [1] * 47), "slots_do_not_fit", "/days/1/values"),
            (day(), "day_twice", "/days/1"),
            (day("B1", [-1] * 96), "invalid", "/days/1/values/0"),
            (day("B1", [2**31] * 96), "invalid", "/days/1/values/0"),
            (day("B1", day="2026-13-01"), "invalid", "/days/1/day"),
            (day("B1", colour="red"), "invalid", "/days/1/colour"),
        ],
    )
    def test_one_wrong_day_keeps_all_out(self, birch, api, point, wrong, code, place):
        refused = api.post("/api/v1/readings", {"days": [day(), wrong]}, format="json")

        assert problem(refused)[:2] == (422, code)
        assert place in problem(refused)[2]
        assert stored(birch) == {}

    def test_a_day_of_the_clock_change_has_its_own_length(self, api, point):
        body = {"days": [day(day="2026-10-04", values=[1] * 46)]}

        assert api.post("/api/v1/readings", body, format="json").json()["accepted"] == 1


class TestReadingsOut:
    RANGE = "start=2026-05-01T00:00:00%2B10:00&end=2026-05-02T00:00:00%2B10:00"

    def test_are_shown_by_half_open_range_with_quality(self, api, point):
        values = [None, *[100] * 47]
        api.post("/api/v1/readings", {"days": [day(values=values, quality="estimated")]}, format="json")

        shown = api.get(f"{point}/readings?{self.RANGE}&register=E1").json()

        assert (shown["start"], shown["end"]) == ("2026-04-30T14:00:00Z", "2026-05-01T14:00:00Z")
        assert (shown["time_zone"], shown["interval_minutes"]) == ("Australia/Sydney", 30)
        [channel] = shown["channels"]
        assert channel["values"] == values
        assert channel["quality"] == ["missing", *["estimated"] * 47]
        assert (channel["total"], channel["missing"], channel["unit"]) == (4700, 1, "Wh")

    def test_are_summed_to_longer_intervals(self, api, point):
        api.post("/api/v1/readings", {"days": [day()]}, format="json")

        shown = api.get(f"{point}/readings?{self.RANGE}&minutes=60&kind=consumption").json()

        assert shown["channels"][0]["values"] == [200] * 24

    @pytest.mark.parametrize(
        ("query", "status", "places"),
        [
            ("", 422, ["start", "end"]),
            ("start=2026-05-01T00:00:00Z&end=2026-05-01T00:00:00Z", 422, ["end"]),
            ("start=2026-05-01T00:00:00Z&end=2026-05-01T00:00:30Z", 422, ["end"]),
            ("start=2026-05-01T00:00:00Z&end=2026-05-01T00:20:00Z&minutes=30", 422, ["end"]),
            ("start=yesterday&end=2026-05-01T00:00:00Z", 422, ["start"]),
            ("start=0001-01-01T00:00:00Z&end=9999-12-31T00:00:00Z", 422, ["end"]),
            ("start=2000-01-01T00:00:00Z&end=2026-01-01T00:00:00Z", 422, []),
            (RANGE + "&minutes=5", 200, None),
        ],
    )
    def test_a_range_that_cannot_be_read_is_refused(self, api, point, query, status, places):
        response = api.get(f"{point}/readings?{query}")

        assert response.status_code == status, response.content
        if places is not None:
            assert problem(response)[2] == places

    def test_cannot_be_split_into_shorter_intervals(self, api, point):
        api.post("/api/v1/readings", {"days": [day()]}, format="json")

        refused = api.get(f"{point}/readings?{self.RANGE}&minutes=5&register=E1")

        assert problem(refused)[:2] == (422, "interval_too_fine")


class TestImports:
    def file(self, rows=1):
        lines = ["100,NEM12,202605020000,BIRCH,BIRCH", "200,NMI1,E1,1,E1,N1,M100,KWH,30,20260502"]
        lines += [f"300,2026050{number},{','.join(['0.1'] * 48)},A,,,20260503000000," for number in range(1, rows + 1)]
        return SimpleUploadedFile("may.csv", "\n".join([*lines, "900"]).encode())

    def test_a_file_is_taken_in_the_background_with_a_report(self, birch, api, point, background):
        with background(birch):
            given = api.post("/api/v1/reading-imports", {"file": self.file(2)})
        address = given.headers["Location"]
        rows = api.get(f"{address}/rows").json()["results"]

        assert (given.status_code, given.json()["state"]) == (202, "uploaded")
        assert [(row["outcome"], row["day"], row["total"]) for row in rows] == [
            ("accepted", "2026-05-01", 4800),
            ("accepted", "2026-05-02", 4800),
        ]
        shown = api.get(address).json()
        assert (shown["state"], shown["finished"], shown["days_accepted"]) == ("done", True, 2)
        assert len(stored(birch)) == 2

    def test_a_dry_run_changes_nothing_until_it_is_confirmed(self, birch, api, point, background):
        with background(birch):
            address = api.post("/api/v1/reading-imports", {"file": self.file(), "dry_run": "true"}).headers["Location"]
        before, checked = stored(birch), api.get(address).json()
        with background(birch):
            confirmed = api.post(f"{address}/confirm")

        assert (before, checked["state"], checked["days_accepted"]) == ({}, "checked", 1)
        assert confirmed.status_code == 202
        assert api.get(address).json()["state"] == "done"
        assert len(stored(birch)) == 1

    def test_a_broken_file_is_refused_with_row_and_reason(self, birch, api, point, background):
        broken = SimpleUploadedFile("may.csv", self.file().read().replace(b"0.1,A", b"x,A"))
        with background(birch):
            address = api.post("/api/v1/reading-imports", {"file": broken}).headers["Location"]

        [row] = api.get(f"{address}/rows?outcome=refused").json()["results"]
        assert (row["row"], row["outcome"]) == (3, "refused")
        assert row["code"] and row["reason"]
        assert api.get(address).json()["state"] == "refused"
        assert stored(birch) == {}

    def test_sent_twice_with_one_key_is_one_import(self, api, point):
        answers = [
            api.post("/api/v1/reading-imports", {"file": self.file()}, HTTP_IDEMPOTENCY_KEY="f").content for _ in "ab"
        ]

        assert answers[0] == answers[1]
        assert len(api.get("/api/v1/reading-imports").json()["results"]) == 1

    def test_without_a_file_is_refused(self, api):
        assert problem(api.post("/api/v1/reading-imports", {"zone": "UTC"})) == (422, "invalid", ["/file"])

    def test_only_a_checked_one_can_be_confirmed(self, api, point):
        address = api.post("/api/v1/reading-imports", {"file": self.file()}).headers["Location"]

        assert problem(api.post(f"{address}/confirm"))[:2] == (409, "import_not_checked")


class TestReadingBatches:
    def give(self, api, *rows, key="k1"):
        return api.post("/api/v1/reading-batches", {"source": "hes", "key": key, "rows": list(rows)}, format="json")

    def test_each_row_has_its_result(self, birch, api, point):
        answer = self.give(api, day(), day("Z9"), day(day="2026-05-02", values=[1] * 47), day(values=[2] * 48)).json()

        assert (answer["accepted"], answer["refused"]) == (1, 3)
        assert [(row["row"], row["outcome"], row["code"]) for row in answer["rows"]] == [
            (1, "accepted", ""),
            (2, "refused", "unknown_register"),
            (3, "refused", "values_missing"),
            (4, "refused", "day_twice"),
        ]
        assert answer["rows"][2]["reason"] == "The row has 47 values; 48 are expected."
        assert list(stored(birch).values()) == [4800]

    def test_the_same_batch_has_the_same_answer(self, birch, api, point):
        first = self.give(api, day()).json()
        self.give(api, day(values=[7] * 48), key="k2")

        again = self.give(api, day())

        assert (again.status_code, again.json()) == (200, first)
        assert list(stored(birch).values()) == [336]

    def test_another_batch_under_the_key_is_refused(self, birch, api, point):
        self.give(api, day())

        refused = self.give(api, day(values=[7] * 48))

        assert problem(refused)[:2] == (409, "key_of_other_content")
        assert list(stored(birch).values()) == [4800]

    def test_single_readings_stand_beside_days(self, birch, api, point):
        single = {"supply_point": day()["supply_point"], "register": "E1"}
        early = single | {"start": "2026-06-01T00:00:00+10:00", "value": 7}
        late = single | {"start": "2026-06-01T00:30:00+10:00", "value": 8}

        answer = self.give(api, early, day(), late).json()

        assert [(row["row"], row["outcome"], row["total"]) for row in answer["rows"]] == [
            (1, "accepted", 7),
            (2, "accepted", 4800),
            (3, "accepted", 8),
        ]
        assert answer["accepted"] == 2
        assert sorted(stored(birch).values()) == [15, 4800]

    def test_a_row_is_a_day_or_a_reading(self, birch, api, point):
        refused = self.give(api, day() | {"start": "2026-06-01T00:00:00+10:00", "value": 7})
        neither = self.give(api, {"supply_point": "x", "register": "E1"})

        assert problem(refused) == (422, "invalid", ["/rows/0/day"])
        assert problem(neither) == (422, "invalid", ["/rows/0/day"])
        assert stored(birch) == {}

    def test_what_is_no_batch_is_refused_whole(self, birch, api, point):
        refused = self.give(api, day(), {**day(), "values": ["x"]})

        assert problem(refused) == (422, "invalid", ["/rows/1/values/0"])
        assert stored(birch) == {}
