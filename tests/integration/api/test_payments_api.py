"""Payments, statements and refunds through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.payments.models import BankAccount, BankLine, Payment, Refund
from harness import programs
from harness.bank_files import IBAN, camt, entry
from tenancy import context

ADDRESS = "/api/v1/payments"
NEW = {
    "account": "A1", "amount": "30.00", "method": "card", "reference": "T-1", "received_on": "2026-05-02",
}  # fmt: skip


@pytest.fixture(autouse=True)
def customers(birch: Any) -> None:
    programs.add_customers(birch, 1)


def pay(api: Any, key: str, **changes: Any) -> Any:
    return api.post(ADDRESS, NEW | changes, format="json", headers={"Idempotency-Key": key})


class TestPayments:
    def test_the_same_reference_is_one_payment(self, api, birch):
        first, second = pay(api, "a"), pay(api, "b")

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["id"] == second.json()["id"]
        assert api.get("/api/v1/accounts/A1/open").json()["credit"] == {"amount": "30.00", "currency": "AUD"}

    def test_other_content_is_refused(self, api, birch):
        pay(api, "a")

        response = pay(api, "b", amount="31.00")

        assert response.json()["code"] == "payment_differs"
        with context.use(birch):
            assert Payment.objects.count() == 1

    def test_needs_a_key_for_repeats(self, api):
        assert api.post(ADDRESS, NEW, format="json").status_code == 400

    @pytest.mark.parametrize(
        "changes", [{"amount": "0"}, {"amount": "1.005"}, {"account": "A9"}, {"method": "shells"}, {"invoices": ["X"]}]
    )
    def test_refuses_with_a_place(self, api, birch, changes):
        response = pay(api, "a", **changes)

        assert programs.problem(response)[0] == 422
        with context.use(birch):
            assert Payment.objects.count() == 0

    def test_is_taken_back(self, api):
        made = pay(api, "a").json()["id"]

        response = api.post(
            f"{ADDRESS}/{made}/reverse", {"reason": "bounced"}, format="json", headers={"Idempotency-Key": "r"}
        )

        assert response.json()["reversal_reason"] == "bounced"
        assert api.get("/api/v1/accounts/A1/open").json()["credit"]["amount"] == "0.00"


class TestStatements:
    @pytest.fixture
    def bank_account(self, birch):
        with context.use(birch):
            return BankAccount.objects.create(name="Bank", number=IBAN, currency="AUD")

    def send(self, api: Any, content: bytes) -> Any:
        file = SimpleUploadedFile("s.xml", content)
        return api.post("/api/v1/bank-statements", {"file": file}, format="multipart")

    def test_a_statement_is_booked_once(self, api, bank_account):
        content = camt([entry("5.00")], opening="0.00", closing="5.00").replace(b"CNY", b"AUD")

        first, second = self.send(api, content), self.send(api, content)

        assert (first.json()["new_rows"], second.json()["new_rows"]) == (1, 0)
        assert [line["left"]["amount"] for line in api.get("/api/v1/bank-lines?state=open").json()["results"]] == [
            "5.00"
        ]

    def test_a_wrong_one_is_a_problem(self, api, birch, bank_account):
        status, code, _ = programs.problem(self.send(api, b"<x/>"))

        assert (status, code) == (422, "statement_refused")
        with context.use(birch):
            assert BankLine.objects.count() == 0


class TestRefunds:
    def test_two_people_decide(self, api, second, birch):
        pay(api, "a")
        asked = {"account": "A1", "amount": "10.00", "method": "cash", "reason": "too much"}
        made = api.post("/api/v1/refunds", asked, format="json").json()
        address = f"/api/v1/refunds/{made['reference']}/approve"

        own = api.post(address, headers={"Idempotency-Key": "x"})
        other = second.post(address, headers={"Idempotency-Key": "y"})

        assert own.json()["code"] == "refund_same_person"
        assert other.json()["state"] == "approved"

    def test_never_above_the_credit(self, api, birch):
        asked = {"account": "A1", "amount": "10.00", "method": "cash", "reason": "x"}

        response = api.post("/api/v1/refunds", asked, format="json")

        assert programs.problem(response)[1] == "credit_too_small"
        with context.use(birch):
            assert Refund.objects.count() == 0
