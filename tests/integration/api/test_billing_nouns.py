"""Bill runs, invoices and the books, by the API."""

from __future__ import annotations

import datetime as dt

import pytest

from billing.invoices import queries as invoice_queries
from harness import supply
from harness.programs import problem
from kernel.periods import Period
from tenancy import context
from tenants.customers import queries as customer_queries

pytestmark = pytest.mark.django_db
MARCH = Period.of_month(2026, 3)
JANUARY = dt.date(2026, 1, 1)
RUN = {"period": {"start": "2026-03-01", "end": "2026-04-01"}, "title": "March"}
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""


def households(retailer, count):
    """Households 1…count that used 297.6 kWh each in March."""
    with context.use(retailer):
        product = supply.product(document=FLAT, valid_from=JANUARY)
        for number in map(str, range(1, count + 1)):
            supply.supply(number=number, product=product, start=JANUARY)
            point = customer_queries.supply_point_by_identifier(identifier=f"P{number}")
            supply.read(channel=supply.channel(point=point), period=MARCH, each=100)


@pytest.fixture
def client(alder, program):
    households(alder, 2)
    return program(alder)


@pytest.fixture
def run(alder, client, background):
    """A run over March, in review."""
    with background(alder):
        made = client.post("/api/v1/bill-runs", RUN, format="json")
    assert made.status_code == 202, made.content
    return made.headers["Location"]


@pytest.fixture
def invoices(alder, client, run, background):
    """The numbers of the issued invoices of March."""
    with background(alder):
        issued = client.post(f"{run}/issue", {"billing_date": "2026-04-02"}, format="json", HTTP_IDEMPOTENCY_KEY="i")
    assert issued.status_code == 202, issued.content
    return [row["number"] for row in client.get("/api/v1/invoices").json()["results"]]


class TestBillRuns:
    def test_one_is_rated_in_the_background(self, client, run):
        shown = client.get(run).json()
        progress = client.get(f"{run}/progress").json()

        assert (shown["state"], shown["items"], shown["issued"], shown["for_review"]) == ("review", 2, 0, 0)
        assert (progress["rated_percent"], progress["by_state"]) == (100, {"drafted": 2})
        assert progress["totals"] == [{"amount": "314.44", "currency": "CNY"}]

    def test_bills_are_listed_with_their_totals(self, client, run):
        rows = client.get(f"{run}/items?state=drafted").json()["results"]

        assert [(row["account"], row["total"], row["energy_wh"]) for row in rows] == [
            ("A1", {"amount": "157.22", "currency": "CNY"}, 297_600),
            ("A2", {"amount": "157.22", "currency": "CNY"}, 297_600),
        ]

    def test_only_named_accounts_are_billed(self, alder, client, background):
        with background(alder):
            run = client.post("/api/v1/bill-runs", {**RUN, "accounts": ["A2"]}, format="json").headers["Location"]

        assert [row["account"] for row in client.get(f"{run}/items").json()["results"]] == ["A2"]

    def test_an_account_that_is_not_there_is_pointed_at(self, client):
        refused = client.post("/api/v1/bill-runs", {**RUN, "accounts": ["A2", "A9"]}, format="json")

        assert problem(refused) == (422, "unknown_reference", ["/accounts/1"])
        assert client.get("/api/v1/bill-runs").json()["results"] == []

    @pytest.mark.parametrize("end", ["2026-03-01", "2026-02-01", "2030-01-01"])
    def test_a_period_that_is_none_is_refused(self, client, end):
        refused = client.post("/api/v1/bill-runs", {"period": {"start": "2026-03-01", "end": end}}, format="json")

        assert problem(refused) == (422, "invalid", ["/period/end"])

    def test_what_is_billed_is_not_billed_again(self, client, run):
        assert problem(client.post("/api/v1/bill-runs", RUN, format="json"))[:2] == (409, "nothing_to_bill")

    def test_issuing_needs_an_idempotency_key(self, alder, client, run):
        refused = client.post(f"{run}/issue", {"billing_date": "2026-04-02"}, format="json")

        assert problem(refused) == (400, "idempotency_key_required", ["Idempotency-Key"])
        assert client.get(run).json()["state"] == "review"

    def test_issuing_needs_its_own_scope(self, alder, client, run, program):
        clerk = program(alder, "bills:read", "bills:write")

        refused = clerk.post(f"{run}/issue", {"billing_date": "2026-04-02"}, format="json", HTTP_IDEMPOTENCY_KEY="i")

        assert refused.status_code == 403
        assert client.get(run).json()["state"] == "review"

    def test_is_issued_once(self, alder, client, run, invoices, background):
        with background(alder):
            again = client.post(f"{run}/issue", {"billing_date": "2026-04-02"}, format="json", HTTP_IDEMPOTENCY_KEY="i")
        other = client.post(f"{run}/issue", {"billing_date": "2026-04-02"}, format="json", HTTP_IDEMPOTENCY_KEY="j")

        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (202, "true")
        assert problem(other)[:2] == (409, "run_wrong_state")
        assert (client.get(run).json()["state"], len(invoices)) == ("done", 2)

    def test_a_bill_is_held_and_resumed(self, alder, client, run, background):
        item = f"{run}/items/{client.get(f'{run}/items').json()['results'][0]['id']}"

        held = client.post(f"{item}/hold", {"note": "ask the customer"}, format="json")
        with background(alder):
            resumed = client.post(f"{item}/resume")

        assert (held.json()["state"], held.json()["reason_text"]) == ("held", "Held back: ask the customer")
        assert resumed.json()["state"] == "drafted"

    def test_only_a_parked_bill_can_be_released(self, client, run):
        item = f"{run}/items/{client.get(f'{run}/items').json()['results'][0]['id']}"

        assert problem(client.post(f"{item}/release"))[:2] == (409, "item_wrong_state")

    def test_bills_are_rated_anew(self, alder, client, run, background):
        ids = [row["id"] for row in client.get(f"{run}/items").json()["results"]]

        with background(alder):
            anew = client.post(f"{run}/rerate", {"items": ids[:1]}, format="json")

        assert (anew.status_code, anew.json()) == (202, {"items": 1})
        assert client.get(run).json()["state"] == "review"

    def test_a_run_is_cancelled_before_anything_is_issued(self, client, run):
        assert client.post(f"{run}/cancel").json()["state"] == "cancelled"
        assert problem(client.post(f"{run}/close"))[:2] == (409, "run_wrong_state")


class TestInvoices:
    def test_every_line_is_explained(self, client, invoices):
        shown = client.get(f"/api/v1/invoices/{invoices[0]}").json()

        [line] = shown["lines"]
        [cell] = line["cells"]
        assert shown["gross"] == line["amount"] == cell["amount"] == {"amount": "157.22", "currency": "CNY"}
        assert (cell["quantity"], cell["unit"], cell["price"]) == ("297.6", "kWh", "0.5283")
        assert shown["supply_period"] == {"start": "2026-03-01", "end": "2026-04-01"}

    def test_the_document_is_the_same_bytes_every_time(self, client, invoices):
        first = client.get(f"/api/v1/invoices/{invoices[0]}/document?language=zh-hans", HTTP_ACCEPT="application/pdf")
        again = client.get(f"/api/v1/invoices/{invoices[0]}/document?language=zh-hans")

        assert first.headers["Content-Type"] == "application/pdf"
        assert first.content[:5] == b"%PDF-"
        assert first.content == again.content

    def test_a_document_in_another_language_is_refused(self, client, invoices):
        refused = client.get(f"/api/v1/invoices/{invoices[0]}/document?language=fr")

        assert problem(refused) == (422, "bad_parameters", ["language"])

    def test_a_credit_note_takes_one_back(self, client, invoices):
        address, body = f"/api/v1/invoices/{invoices[0]}", {"issued_on": "2026-04-03"}

        without_key = client.post(f"{address}/credit", body, format="json")
        made = client.post(f"{address}/credit", body, format="json", HTTP_IDEMPOTENCY_KEY="c")
        twice = client.post(f"{address}/credit", body, format="json", HTTP_IDEMPOTENCY_KEY="d")

        assert without_key.status_code == 400
        assert (made.status_code, made.json()["kind"], made.json()["reverses"]) == (201, "credit_note", invoices[0])
        assert made.json()["gross"] == {"amount": "-157.22", "currency": "CNY"}
        assert problem(twice)[1] == "invoice_already_credited"
        assert client.get(address).json()["reversed_by"] == made.json()["number"]

    @pytest.mark.parametrize(
        ("query", "count"),
        [("account=A1", 1), ("kind=credit_note", 0), ("issued_from=2026-04-02", 2), ("issued_before=2026-04-02", 0)],
    )
    def test_are_found(self, client, invoices, query, count):
        assert len(client.get(f"/api/v1/invoices?{query}").json()["results"]) == count

    def test_pages_hold_many_of_one_day(self, client, invoices):
        first = client.get("/api/v1/invoices?limit=1").json()
        second = client.get(first["next"]).json()

        assert [row["number"] for page in (first, second) for row in page["results"]] == invoices
        assert second["next"] is None

    def test_a_stranger_number_is_not_found(self, client, invoices):
        assert client.get("/api/v1/invoices/none").status_code == 404
        assert client.get("/api/v1/invoices/none/document").status_code == 404


class TestBooks:
    def test_accounts_owe_what_was_issued(self, client, invoices):
        owed = client.get("/api/v1/ledger/balances").json()["results"]
        statement = client.get("/api/v1/accounts/A1/statement").json()["results"]

        assert owed == [
            {"account": f"A{number}", "balance": {"amount": "157.22", "currency": "CNY"}} for number in (1, 2)
        ]
        assert [row["balance"]["amount"] for row in statement] == ["157.22"]

    def test_debits_equal_credits(self, alder, client, invoices):
        rows = client.get("/api/v1/ledger/trial-balance").json()["results"]

        cents = [[int(row[side]["amount"].replace(".", "")) for row in rows] for side in ("debit", "credit")]
        assert sum(cents[0]) == sum(cents[1]) == 31444
        with context.use(alder):
            assert invoice_queries.invoices().count() == 2
