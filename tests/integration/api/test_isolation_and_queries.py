"""Two companies with the same ids and numbers never meet; lists cost the same number of queries however long."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.charges import operations as charge_operations
from billing.prepayment import operations as prepayment_operations
from billing.runs import operations as run_operations
from harness import supply
from harness.programs import AT, add_customers
from kernel.money import Money
from kernel.periods import Period
from portal.api import urls
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.notices import operations as notice_operations

pytestmark = pytest.mark.django_db
MARCH, JANUARY = Period.of_month(2026, 3), dt.date(2026, 1, 1)
FLAT = """
tariff: 1
code: {code}
title: {{en: {title}}}
currency: {currency}
charges: [{{code: energy, quantity: sum(consumption), price: 0.5, round: {{line: 2}}}}]
"""
LISTS = [name for name, (_noun, does) in urls.ROUTES.items() if does.get("get") == "list" and "<" not in name]


TRIED_ELSEWHERE = {
    "bank-lines",
    "bank-statements",
    "corrections",
    "data-requests",
    "deposits",
    "dunning-cases",
    "instalment-plans",
    "ledger/closings",
    "payments",
    "promises",
    "quantity-corrections",
    "reading-imports",
    "reading-proposals",
    "refunds",
    "self-reads",
    "simulations",
    "supply-orders",
    "unbilled",
}
"""Lists whose rows take more than an account and a bill to make; their own tests count queries."""


def fill(retailer, count, start=1):
    """Households with readings, agreements and an issued bill run each."""
    with context.use(retailer):
        for number in map(str, range(start, start + count)):
            document = FLAT.format(code=f"flat{number}", title=retailer.code, currency=retailer.currency)
            product = supply.product(document=document, valid_from=JANUARY, market=retailer.market)
            account = supply.supply(
                number=number, product=product, start=JANUARY, currency=retailer.currency, zone=retailer.time_zone
            )
            point = customer_queries.supply_point_by_identifier(identifier=f"P{number}")
            supply.read(channel=supply.channel(point=point), period=MARCH, each=100)
            bill_around(account, number)
            run = run_operations.create_run(period=MARCH, at=AT, title=retailer.code, account_ids=[account.pk])
            run = run_operations.run_to_review(run=run, at=AT)
            run_operations.issue_run_now(run=run, billing_date=dt.date(2026, 4, 2), at=AT)
            run_operations.hold_account(account_id=account.pk, note="look", at=AT)


def bill_around(account, number):
    """A cycle, a lot, a fact, a charge, an add-on and a message of the account."""
    text = {"en": number}
    words = {"subject": number, "text": number}
    notice_operations.enqueue(
        customer_id=account.customer_id, template="free_text", params=words, reference=f"m{number}", at=AT
    )
    run_operations.create_cycle(
        code=f"m{number}", titles=text, months=1, cut_off_day=1, first_month=dt.date(2026, 1, 1)
    )
    run_operations.create_lot(cycle_code=f"m{number}", code=f"l{number}", titles=text)
    run_operations.state_fact(account_id=account.pk, name="paid_after", value=Decimal(1), start=JANUARY, at=AT)
    fee = {"account_id": account.pk, "source": "test", "amount": Money(Decimal(1), account.currency), "at": AT}
    charge_operations.add(kind="late_fee", reference=number, on=dt.date(2026, 3, 2), **fee)
    prepayment_operations.enrol(account_id=account.pk, on=JANUARY, at=AT)
    charge_operations.agree_add_on(kind="service_fee", reference=number, start=dt.date(2027, 1, 1), **fee)


def counted(client, address):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = client.get(address)
    assert response.status_code == 200, response.content
    return len(queries), len(response.json()["results"])


class TestQueries:
    def test_of_every_list_do_not_grow_with_its_rows(self, birch, program):
        fill(birch, 1)
        client = program(birch)
        addresses = [f"/api/v1/{route}" for route in LISTS]
        for address in addresses:
            client.get(address)
        few = {address: counted(client, address) for address in addresses}

        fill(birch, 3, start=2)
        many = {address: counted(client, address) for address in addresses}

        assert {address: count for address, (count, _rows) in few.items()} == {
            address: count for address, (count, _rows) in many.items()
        }
        empty = {address.removeprefix("/api/v1/") for address, (_count, rows) in many.items() if not rows}
        assert empty == TRIED_ELSEWHERE
        assert min(rows for _count, rows in many.values() if rows) == 4

    def test_of_a_runs_bills_do_not_grow(self, birch, program):
        with context.use(birch):
            product = supply.product(
                document=FLAT.format(code="flat", title="x", currency="AUD"), valid_from=JANUARY, market="au"
            )
            for number in ("1", "2", "3"):
                supply.supply(number=number, product=product, start=JANUARY, currency="AUD", zone="Australia/Sydney")
            run_operations.create_run(period=MARCH, at=AT)
        client = program(birch)
        client.get("/api/v1/me")

        one = counted(client, "/api/v1/bill-runs/1/items?limit=1")
        three = counted(client, "/api/v1/bill-runs/1/items")

        assert (one, three) == ((one[0], 1), (one[0], 3))


class TestIsolation:
    def test_the_same_addresses_show_each_company_its_own(self, alder, birch, program):
        fill(alder, 2)
        fill(birch, 1)
        ours, theirs = program(alder), program(birch)
        number = ours.get("/api/v1/invoices").json()["results"][0]["number"]

        addresses = {
            "/api/v1/products/flat1": lambda body: body["titles"],
            "/api/v1/bill-runs/1": lambda body: body["title"],
            "/api/v1/accounts/A1": lambda body: body["currency"],
            "/api/v1/supply-points/P1": lambda body: body["premises"]["time_zone"],
            "/api/v1/accounts/A1/balance": lambda body: body["balance"]["currency"],
        }
        assert [read(ours.get(address).json()) for address, read in addresses.items()] == [
            {"en": "alder"}, "alder", "CNY", "Asia/Shanghai", "CNY",
        ]  # fmt: skip
        assert [read(theirs.get(address).json()) for address, read in addresses.items()] == [
            {"en": "birch"}, "birch", "AUD", "Australia/Sydney", "AUD",
        ]  # fmt: skip
        for address in ("customers/C2", "accounts/A2", "supply-points/P2", "products/flat2", "bill-runs/2"):
            assert theirs.get(f"/api/v1/{address}").status_code == 404
            assert ours.get(f"/api/v1/{address}").status_code == 200
        assert ours.get(f"/api/v1/invoices/{number}").json()["gross"]["currency"] == "CNY"
        other = theirs.get(f"/api/v1/invoices/{number}")
        assert other.status_code == 404 or other.json()["gross"]["currency"] == "AUD"

    def test_the_same_idempotency_key_is_each_companys_own(self, alder, birch, program):
        body = {"number": "C1", "name": "Ada Moss"}

        answers = [
            program(retailer).post("/api/v1/customers", body, format="json", HTTP_IDEMPOTENCY_KEY="one")
            for retailer in (alder, birch)
        ]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert not any("Idempotency-Replayed" in answer.headers for answer in answers)

    def test_a_page_of_one_company_is_no_page_of_another(self, alder, birch, program):
        add_customers(alder, 3)
        add_customers(birch, 1)
        cursor = program(alder).get("/api/v1/customers?limit=1").json()["next"].partition("?")[2]

        assert program(birch).get(f"/api/v1/customers?{cursor}").json()["results"] == []
