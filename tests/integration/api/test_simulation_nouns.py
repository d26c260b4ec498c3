"""Simulations and comparisons, by the API."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.simulation import queries
from harness import supply
from harness.programs import problem
from kernel.periods import Period
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs import tariff_documents

pytestmark = pytest.mark.django_db
JANUARY, MARCH = dt.date(2026, 1, 1), Period.of_month(2026, 3)
PLAN = """
tariff: 1
code: {code}
title: {{en: {code}, zh-hans: 方案}}
currency: AUD
parameters: {{margin: {{unit: AUD/kWh, min: 0, max: 0.1, default: 0.01}}}}
charges: [{{code: energy, quantity: sum(consumption), price: {price} + margin, round: {{line: 2}}}}]
"""
BODY = {
    "product": "next",
    "version": 1,
    "period": {"start": "2026-03-01", "end": "2026-04-01"},
    "parameters": {"margin": "0.02"},
    "customers": {"kind": "household"},
    "title": "Next year",
}


def plan(code, price):
    return PLAN.format(code=code, price=price)


@pytest.fixture
def scene(birch):
    """One household on 0.30 + 0.01, a cheaper product 0.25 + 0.01, and the draft “next”."""
    with context.use(birch):
        product = supply.product(document=plan("flat", "0.30"), valid_from=JANUARY, market="au")
        supply.product(document=plan("cheap", "0.25"), valid_from=JANUARY, market="au")
        document = tariff_documents.read(plan("next", "0.20"))
        tariff_operations.create_product(
            code="next", titles=document["title"], market="au", document=document, valid_from=JANUARY
        )
        supply.supply(number="1", product=product, start=JANUARY, currency="AUD", zone="Australia/Sydney")
        point = customer_queries.supply_point_by_identifier(identifier="P1")
        supply.read(channel=supply.channel(point=point), period=MARCH, each=100)


@pytest.fixture
def simulated(scene, birch, api, background):
    with background(birch):
        made = api.post("/api/v1/simulations", BODY, format="json")
    assert made.status_code == 202, made.content
    return made


class TestSimulations:
    def test_one_is_accepted_and_done_in_the_background(self, simulated, api):
        assert simulated.headers["Location"] == "/api/v1/simulations/1"
        assert (simulated.json()["state"], simulated.json()["percent"]) == ("running", 0)
        shown = api.get("/api/v1/simulations/1").json()
        assert {name: shown[name] for name in ("state", "product", "version", "accounts", "done", "percent")} == {
            "state": "done", "product": "next", "version": 1, "accounts": 1, "done": 1, "percent": 100,
        }  # fmt: skip
        assert shown["customers"] == {"kind": "household", "segment": "", "product": ""}

    def test_results_say_now_and_then(self, simulated, api):
        found = api.get("/api/v1/simulations/1/results").json()

        # 297.6 kWh × 0.31 = 92.256 against × 0.22 = 65.472
        assert (found["now"], found["then"], found["difference"]) == (money("92.26"), money("65.47"), money("-26.79"))
        assert found["winners"] == {"accounts": 1, "amount": money("26.79")}
        assert found["losers"] == {"accounts": 0, "amount": money("0.00")}
        assert [each["account"] for each in found["gain_most"]] == ["A1"]
        assert [each["accounts"] for each in found["by_share"]] == [1, *[0] * 10]
        assert (found["energy_wh"], found["margin"]) == (297_600, None)

    def test_rows_come_as_pages_and_as_a_file(self, simulated, api):
        row = api.get("/api/v1/simulations/1/rows").json()["results"][0]
        file = api.get("/api/v1/simulations/1/rows.csv")

        assert (row["account"], row["month"], row["billed_from"], row["difference"]) == (
            "A1", "2026-03-01", "rated", money("-26.79"),
        )  # fmt: skip
        assert file.headers["Content-Type"] == "text/csv"
        assert file.content.decode().splitlines()[1] == (
            "A1,C1,2026-03-01,rated,297600,AUD,92.26,65.47,-26.79,92.26,65.47,,"
        )

    def test_one_that_is_done_is_not_cancelled(self, simulated, api):
        assert problem(api.post("/api/v1/simulations/1/cancel")) == (409, "simulation_not_running", [])

    def test_one_that_waits_is_cancelled(self, scene, api):
        api.post("/api/v1/simulations", BODY, format="json")

        assert api.post("/api/v1/simulations/1/cancel").json()["state"] == "cancelled"

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"product": "gone"}, (422, "unknown_reference", ["/version"])),
            ({"parameters": {"margin": "0.5"}}, (422, "parameter_out_of_bounds", ["/parameters/margin"])),
            ({"parameters": {"other": "1"}}, (422, "parameter_unknown", ["/parameters/other"])),
            ({"period": {"start": "2026-03-02", "end": "2026-04-01"}}, (422, "not_whole_months", ["/period"])),
            ({"period": {"start": "2200-01-01", "end": "2200-02-01"}}, (422, "months_not_over", ["/period"])),
            ({"customers": {"product": "gone"}}, (422, "unknown_reference", ["/customers/product"])),
            ({"customers": {"segment": "nobody"}}, (409, "nothing_to_simulate", [])),
            ({"colour": "red"}, (422, "invalid", ["/colour"])),
        ],
    )
    def test_a_wrong_one_is_refused_and_makes_nothing(self, scene, birch, api, change, told):
        refused = api.post("/api/v1/simulations", {**BODY, **change}, format="json")

        assert problem(refused) == told
        with context.use(birch):
            assert not queries.simulations().exists()

    def test_rows_do_not_cost_a_query_each(self, simulated, birch, api):
        with CaptureQueriesContext(connection) as captured:
            api.get("/api/v1/simulations/1/results")

        assert len(captured) < 25


class TestComparison:
    def test_ranks_the_products_by_cost(self, scene, api):
        found = api.get("/api/v1/supply-points/P1/comparison?on=2026-04-15").json()

        # 297.6 kWh × 0.26 = 77.38 and 7.74 GST; × 0.31 = 92.26 and 9.23
        assert [(each["product"], each["cost"], each["saving"], each["present"]) for each in found["offers"]] == [
            ("cheap", money("85.12"), money("16.37"), False),
            ("flat", money("101.49"), money("0.00"), True),
        ]
        assert (found["months"], found["days"], len(found["missing"])) == (["2026-03-01"], 31, 2)
        assert found["declined"] == []
        assert Decimal(found["offers"][0]["monthly"]["2026-03-01"]["amount"]) == Decimal("85.12")

    @pytest.mark.parametrize("query", ["on=x", "months=0", "months=25", "on=1066-10-14", "other=1"])
    def test_strange_questions_are_refused(self, scene, api, query):
        assert api.get(f"/api/v1/supply-points/P1/comparison?{query}").status_code in {400, 422}

    def test_without_readings_it_says_so(self, scene, api):
        assert problem(api.get("/api/v1/supply-points/P1/comparison?on=2026-02-10")) == (
            422, "no_month_with_readings", [],
        )  # fmt: skip

    def test_a_stranger_finds_nothing(self, scene, alder, program):
        client = program(alder)

        assert client.get("/api/v1/supply-points/P1/comparison").status_code == 404
        assert client.get("/api/v1/simulations/1").status_code == 404


def money(amount):
    return {"amount": amount, "currency": "AUD"}
