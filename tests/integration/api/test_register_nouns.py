"""Customers, accounts, supply points and who occupies them, by the API."""

from __future__ import annotations

import pytest

from harness.programs import add_customers, problem
from tenancy import context
from tenants.customers import queries

pytestmark = pytest.mark.django_db
CUSTOMER = {
    "number": "C1",
    "name": "Ada Moss",
    "kind": "household",
    "segment": "solar",
    "email": "ada@example.org",
    "phone": "",
    "language": "en",
}
POINT = {
    "identifier": "NMI1",
    "premises": {"address": "1 Birch Street", "region": "NSW", "time_zone": "Australia/Sydney"},
    "attributes": {"phases": 3},
}


class TestCustomers:
    def test_one_is_added_and_shown(self, api):
        made = api.post("/api/v1/customers", CUSTOMER, format="json")
        shown = api.get("/api/v1/customers/C1")

        assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/customers/C1")
        assert made.json() == shown.json() == CUSTOMER
        assert made.headers["ETag"] == shown.headers["ETag"]

    def test_a_number_in_use_is_a_conflict(self, birch, api):
        add_customers(birch, 1)

        assert problem(api.post("/api/v1/customers", CUSTOMER, format="json")) == (409, "number_taken", ["/number"])
        with context.use(birch):
            assert [each.name for each in queries.customers()] == ["Customer 1"]

    def test_only_what_is_given_changes(self, birch, api):
        api.post("/api/v1/customers", CUSTOMER, format="json")

        changed = api.patch("/api/v1/customers/C1", {"email": ""}, format="json")

        assert changed.json() == {**CUSTOMER, "email": ""}

    def test_a_refused_change_changes_nothing(self, api):
        api.post("/api/v1/customers", CUSTOMER, format="json")

        refused = api.patch("/api/v1/customers/C1", {"name": "Eve", "email": "nowhere"}, format="json")

        assert problem(refused) == (422, "email_malformed", ["/email"])
        assert api.get("/api/v1/customers/C1").json() == CUSTOMER

    def test_a_number_may_hold_a_slash(self, api):
        api.post("/api/v1/customers", {**CUSTOMER, "number": "C/1"}, format="json")

        assert api.get("/api/v1/customers/C%2F1").json()["number"] == "C/1"

    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ("search=Customer 2", ["C2"]),
            ("search=NMI3", ["C3"]),
            ("kind=business", []),
            ("segment=", ["C1", "C2"]),
        ],
    )
    def test_are_found(self, birch, api, query, numbers):
        add_customers(birch, 3 if query == "search=NMI3" else 2)

        assert [row["number"] for row in api.get(f"/api/v1/customers?{query}").json()["results"]] == numbers

    def test_a_filter_value_that_is_none_is_refused(self, api):
        assert problem(api.get("/api/v1/customers?kind=robot")) == (422, "bad_parameters", ["kind"])


class TestAccounts:
    BODY = {"number": "A1", "customer": "C1", "currency": "AUD", "opened_on": "2026-05-01"}

    def test_one_is_opened_and_closed(self, api):
        api.post("/api/v1/customers", CUSTOMER, format="json")

        opened = api.post("/api/v1/accounts", self.BODY, format="json")
        closed = api.post("/api/v1/accounts/A1/close", {"on": "2026-06-01"}, format="json")

        assert opened.json() == {**self.BODY, "billing_address": "", "closed_on": None}
        assert closed.json() == {**self.BODY, "billing_address": "", "closed_on": "2026-06-01"}

    def test_a_customer_that_is_not_there_is_a_fault_of_the_body(self, birch, api):
        refused = api.post("/api/v1/accounts", self.BODY, format="json")

        assert problem(refused) == (422, "unknown_reference", ["/customer"])
        with context.use(birch):
            assert not queries.accounts().exists()

    def test_one_that_answers_for_a_supply_point_stays_open(self, birch, api):
        add_customers(birch, 1)

        refused = api.post("/api/v1/accounts/A1/close", {"on": "2026-06-01"}, format="json")

        assert problem(refused) == (409, "still_occupied", ["/on"])
        assert api.get("/api/v1/accounts/A1").json()["closed_on"] is None

    def test_are_found_by_customer_and_day(self, birch, api):
        add_customers(birch, 2)

        of_one = api.get("/api/v1/accounts?customer=C2").json()["results"]
        early = api.get("/api/v1/accounts?open_on=2026-04-30").json()["results"]

        assert ([row["number"] for row in of_one], early) == (["A2"], [])

    def test_owes_nothing_at_first(self, birch, api):
        add_customers(birch, 1)

        balance = api.get("/api/v1/accounts/A1/balance?on=2026-05-31").json()
        statement = api.get("/api/v1/accounts/A1/statement").json()

        assert balance == {"account": "A1", "balance": {"amount": "0.00", "currency": "AUD"}}
        assert statement == {"account": "A1", "results": []}


class TestSupplyPoints:
    def test_one_is_added_with_its_premises(self, api):
        made = api.post("/api/v1/supply-points", POINT, format="json")

        assert made.status_code == 201
        assert made.json() == api.get("/api/v1/supply-points/NMI1").json() == POINT

    def test_a_clock_nobody_knows_is_refused(self, birch, api):
        body = {**POINT, "premises": {**POINT["premises"], "time_zone": "Mars/Base"}}

        assert problem(api.post("/api/v1/supply-points", body, format="json"))[:2] == (422, "time_zone_unknown")
        with context.use(birch):
            assert not queries.supply_points().exists()

    def test_attributes_are_set_beside_the_others(self, api):
        api.post("/api/v1/supply-points", POINT, format="json")

        changed = api.patch("/api/v1/supply-points/NMI1", {"attributes": {"capacity_kva": 315}}, format="json")

        assert changed.json()["attributes"] == {"phases": 3, "capacity_kva": 315}

    def test_attributes_that_are_no_object_are_refused(self, api):
        api.post("/api/v1/supply-points", POINT, format="json")

        refused = api.patch("/api/v1/supply-points/NMI1", {"attributes": [1]}, format="json")

        assert problem(refused) == (422, "invalid", ["/attributes"])
        assert api.get("/api/v1/supply-points/NMI1").json() == POINT


class TestOccupancies:
    def test_people_move_out_and_in(self, birch, api):
        add_customers(birch, 2)

        out = api.post("/api/v1/supply-points/NMI1/move-out", {"on": "2026-06-01"}, format="json")
        moved = api.post("/api/v1/supply-points/NMI1/occupancies", {"account": "A2", "on": "2026-06-01"}, format="json")

        first = {"account": "A1", "supply_point": "NMI1", "period": {"start": "2026-05-01", "end": "2026-06-01"}}
        second = {"account": "A2", "supply_point": "NMI1", "period": {"start": "2026-06-01", "end": None}}
        assert (out.json(), moved.json()) == (first, second)
        assert api.get("/api/v1/supply-points/NMI1/occupancies").json() == {"results": [second, first]}

    def test_two_at_once_are_refused(self, birch, api):
        add_customers(birch, 2)

        refused = api.post(
            "/api/v1/supply-points/NMI1/occupancies", {"account": "A2", "on": "2026-06-01"}, format="json"
        )

        assert problem(refused) == (409, "occupied", ["/on"])
        assert len(api.get("/api/v1/supply-points/NMI1/occupancies").json()["results"]) == 1

    def test_an_end_before_the_start_is_refused(self, birch, api):
        add_customers(birch, 1)
        body = {"account": "A1", "on": "2026-06-01", "until": "2026-06-01"}

        refused = api.post("/api/v1/supply-points/NMI1/occupancies", body, format="json")

        assert problem(refused) == (422, "invalid", ["/until"])


class TestCompany:
    def test_the_key_learns_whose_it_is(self, api):
        me = api.get("/api/v1/me").json()

        assert me["company"]["code"] == "birch"
        assert me["company"]["time_zone"] == "Australia/Sydney"
        assert "customers:read" in me["scopes"]

    def test_the_brand_is_shown(self, api):
        brand = api.get("/api/v1/brand").json()

        assert (brand["names"]["en"], brand["primary_color"], brand["logo"]) == ("Birch Energy", "#b4432a", None)

    def test_the_market_is_shown_with_its_documents(self, alder, program):
        client = program(alder)
        market = client.get("/api/v1/market").json()

        calendar = client.get(f"/api/v1/market/calendars/{market['calendars'][0]}")
        template = client.get(f"/api/v1/market/product-templates/{market['product_templates'][0]}")

        assert (market["code"], market["currencies"][0]) == ("cn", "CNY")
        assert calendar.json()["document"]["calendar"] == market["calendars"][0]
        assert template.json()["document"]["code"] == market["product_templates"][0]
        assert client.get("/api/v1/market/calendars/cn/nowhere").status_code == 404
        assert client.get("/api/v1/market/product-templates/nothing").status_code == 404
