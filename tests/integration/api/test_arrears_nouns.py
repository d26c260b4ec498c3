"""Cases, promises, plans, deposits and supply orders, by the API."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from harness import arrears_cast
from harness.programs import problem
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.service import operations as service_operations

pytestmark = pytest.mark.django_db
KEY = {"HTTP_IDEMPOTENCY_KEY": "k"}


@pytest.fixture
def client(alder, program):
    with context.use(alder):
        account, point = arrears_cast.account("7")
        arrears_cast.bill(alder, account, point, "300.00", issued_on=dt.date(2026, 2, 27))
        arrears_cast.on_days("2026-03-15")
    return program(alder)


@pytest.fixture
def order(alder, client):
    with context.use(alder):
        made = service_operations.request(
            kind="stop", reason="safety", supply_point_id=_point().pk, account_id=_account().pk,
            request_key="test", earliest_at=timezone.now() - dt.timedelta(hours=1), at=timezone.now(),
        )  # fmt: skip
    return f"/api/v1/supply-orders/{made.pk}"


def _account():
    return customer_queries.account(number="A7")


def _point():
    return customer_queries.supply_point_by_identifier(identifier="P7")


class TestCollections:
    def test_cases_and_their_age_are_shown(self, client):
        [case] = client.get("/api/v1/dunning-cases?account=A7").json()["results"]
        [ageing] = client.get("/api/v1/arrears/ageing").json()["results"]

        assert (case["account"], case["overdue"], case["path"]) == (
            "A7", {"amount": "300.00", "currency": "CNY"}, "standard",
        )  # fmt: skip
        assert client.get(f"/api/v1/dunning-cases/{case['id']}").json() == case
        assert ageing["total"] == ageing["receivable"] == {"amount": "300.00", "currency": "CNY"}

    def test_a_promise_is_noted_once(self, client):
        due = (dt.date.today() + dt.timedelta(days=5)).isoformat()
        body = {"account": "A7", "amount": "300.00", "due_on": due}

        made = client.post("/api/v1/promises", body, format="json", **KEY)
        again = client.post("/api/v1/promises", body, format="json", **KEY)
        other = client.post("/api/v1/promises", body, format="json", HTTP_IDEMPOTENCY_KEY="other")

        assert (made.status_code, again.status_code, problem(other)[:2]) == (201, 201, (409, "promise_open"))
        assert len(client.get("/api/v1/promises?state=open").json()["results"]) == 1

    def test_a_plan_that_is_too_long_is_pointed_at(self, client):
        body = {"account": "A7", "count": 12, "first_on": dt.date.today().isoformat()}

        refused = client.post("/api/v1/instalment-plans", body, format="json", **KEY)

        assert problem(refused) == (422, "plan_too_long", ["/count"])
        assert client.get("/api/v1/instalment-plans").json()["results"] == []

    def test_a_plan_adds_up(self, client):
        body = {"account": "A7", "count": 3, "first_on": (dt.date.today() + dt.timedelta(days=2)).isoformat()}

        made = client.post("/api/v1/instalment-plans", body, format="json", **KEY).json()

        assert [part["amount"]["amount"] for part in made["instalments"]] == ["100.00"] * 3

    def test_a_deposit_is_asked_for(self, client):
        body = {"account": "A7", "kind": "cash", "amount": "500.00"}

        made = client.post("/api/v1/deposits", body, format="json", **KEY)

        assert (made.status_code, made.json()["amount"]) == (201, {"amount": "500.00", "currency": "CNY"})
        assert client.get(made.headers["Location"]).json()["state"] == "asked"

    def test_an_account_that_is_not_there_is_pointed_at(self, client):
        refused = client.post(
            "/api/v1/deposits", {"account": "A9", "kind": "cash", "amount": "1"}, format="json", **KEY
        )

        assert problem(refused) == (422, "unknown_reference", ["/account"])


class TestSupplyOrders:
    def test_one_is_fetched_taken_and_reported(self, client, order):
        [waiting] = client.get("/api/v1/supply-orders?state=requested").json()["results"]
        taken = client.post(f"{order}/dispatch", **KEY)
        body = {"done": True, "happened_at": timezone.now().isoformat(), "evidence": {"relay": "open"}}
        done = client.post(f"{order}/report", body, format="json", HTTP_IDEMPOTENCY_KEY="r")

        assert (waiting["supply_point"], taken.json()["state"]) == ("P7", "dispatched")
        assert (done.json()["state"], done.json()["evidence"]) == ("done", {"relay": "open"})

    def test_one_that_was_not_taken_cannot_be_reported(self, client, order):
        body = {"done": True, "happened_at": timezone.now().isoformat()}

        refused = client.post(f"{order}/report", body, format="json", **KEY)

        assert problem(refused)[:2] == (409, "supply_order_wrong_state")
        assert client.get(order).json()["state"] == "requested"

    def test_another_scope_may_only_read(self, alder, client, order, program):
        reader = program(alder, "arrears:read")

        assert reader.get(order).status_code == 200
        assert reader.post(f"{order}/dispatch", **KEY).status_code == 403

    def test_another_company_finds_none(self, birch, order, program):
        assert program(birch).get(order).status_code == 404
