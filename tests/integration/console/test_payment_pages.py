"""The pages of payments: statements in and worked off, cash counted, refunds with two people."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.payments import operations, queries
from billing.payments.models import BankAccount, BankLine, CashSession, Payment, Refund
from harness import billing_cast
from harness.bank_files import IBAN, camt, entry
from harness.issued import issue
from identity.capabilities import Role
from kernel.money import Money

AT = dt.datetime(2026, 5, 4, 4, 0, tzinfo=dt.UTC)


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


@pytest.fixture
def owing(in_alder: Any) -> Any:
    """An account with one bill of 113.00."""
    account, point = billing_cast.make_account("71", name="王小明")
    return account, issue(in_alder, account, point, "113.00")


@pytest.fixture
def waiting(in_alder: Any, owing: Any) -> BankLine:
    """A receipt of 113.00 in the queue, of the customer's name."""
    BankAccount.objects.create(name="House bank", number=IBAN, currency="CNY")
    content = camt([entry("113.00", name="王小明", account="X1")], opening="0.00", closing="113.00")
    operations.import_statement(content=content, file_name="s.xml", imported_by="ann", at=AT)
    return BankLine.objects.get()


class TestPayments:
    def test_one_is_entered_seen_and_taken_back(self, admin, owing):
        account, _ = owing
        data = {
            "account": "A71",
            "amount": "113.00",
            "method": "cheque",
            "reference": "CH1",
            "received_on": "2026-05-04",
        }

        entered = admin.post("/console/payments/new/", data)
        page = admin.get(entered["Location"]).content.decode()
        admin.post(f"{entered['Location']}reverse/", {"reason": "bounced"})

        assert "113.00" in page
        assert "CH1" in admin.get("/console/payments/").content.decode()
        assert [row.open for row in queries.outstanding(account_ids=[account.pk])] == [cny("113.00")]

    def test_a_refusal_stands_at_the_form(self, admin, owing):
        data = {
            "account": "A-none",
            "amount": "1.00",
            "method": "cheque",
            "reference": "x",
            "received_on": "2026-05-04",
        }

        response = admin.post("/console/payments/new/", data)

        assert response.status_code == 422
        assert Payment.objects.count() == 0

    def test_a_list_asks_the_database_a_few_times(self, admin, owing, django_assert_max_num_queries):
        account, _ = owing
        for n in range(12):
            operations.receive(
                account_id=account.pk, money=cny("1.00"), method="card", source="t", reference=str(n),
                received_on=AT.date(), at=AT,
            )  # fmt: skip

        with django_assert_max_num_queries(16):
            admin.get("/console/payments/")


class TestBank:
    def test_a_statement_is_imported_and_reported(self, admin, in_alder):
        admin.post("/console/bank/new/", {"name": "House bank", "number": IBAN})
        file = SimpleUploadedFile("s.xml", camt([entry("5.00")], opening="0.00", closing="5.00"))

        response = admin.post("/console/bank/import/", {"file": file})

        assert response.status_code == 302
        assert "5.00" in admin.get(response["Location"]).content.decode()
        assert "House bank" in admin.get("/console/bank/").content.decode()

    def test_a_wrong_file_is_refused_with_its_reason(self, admin, waiting):
        file = SimpleUploadedFile("s.xml", b"<nothing/>")

        response = admin.post("/console/bank/import/", {"file": file})

        assert response.status_code == 422
        assert "CAMT.053" in response.content.decode()
        assert BankLine.objects.count() == 1

    def test_a_suggestion_is_booked_from_the_queue(self, admin, owing, waiting):
        page = admin.get(f"/console/bank/lines/{waiting.pk}/").content.decode()

        response = admin.post(f"/console/bank/lines/{waiting.pk}/book/", {"account": "A71"})

        assert "the amount that is open" in page
        assert "autofocus" in page
        assert response["Location"] == "/console/bank/queue/"
        assert queries.outstanding(account_ids=[owing[0].pk]) == []

    def test_a_line_is_split_over_accounts(self, admin, waiting):
        other, _ = billing_cast.make_account("72")
        data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-0-account": "A71", "form-0-amount": "100.00"}
        data |= {"form-1-account": "A72", "form-1-amount": "13.00"}

        admin.post(f"/console/bank/lines/{waiting.pk}/book/", data)

        assert queries.account_credit(account_ids=[other.pk]) == {other.pk: cny("13.00")}
        waiting.refresh_from_db()
        assert waiting.used == Decimal("113.00")

    def test_a_line_is_parked_and_found_there(self, admin, waiting):
        admin.post(f"/console/bank/lines/{waiting.pk}/park/", {"reason": "asked the bank"})

        assert "王小明" not in admin.get("/console/bank/queue/").content.decode()
        assert "王小明" in admin.get("/console/bank/queue/?state=parked").content.decode()

    def test_strange_orders_change_nothing(self, admin, waiting):
        for data in ({"kind": "refund", "refund": "x"}, {"kind": "nothing"}, {"account": "\x00"}, {"invoice": "x"}):
            assert admin.post(f"/console/bank/lines/{waiting.pk}/book/", data).status_code == 302

        assert Payment.objects.count() == 0


class TestCash:
    def test_a_day_at_the_counter(self, as_role, admin, owing):
        cashier = as_role(Role.CASHIER)
        admin.post("/console/cash/new/", {"code": "K1", "name": "Counter"})
        [desk] = queries.desks()
        opened = cashier.post(f"/console/cash/desks/{desk.pk}/open/", {"opening": "100.00"})["Location"]

        cashier.post(f"{opened}take/", {"account": "A71", "amount": "113.00"})
        page = cashier.get(opened).content.decode()
        session = CashSession.objects.get()
        receipt = cashier.get(f"/console/cash/receipts/{session.movements.get(receipt=1).pk}.pdf")
        refused = cashier.post(f"{opened}count/", {"piece0": "2", "reason": ""})
        cashier.post(f"{opened}count/", {"piece0": "2", "piece2": "0", "reason": "one note missing"})
        own = cashier.post(f"{opened}approve/")
        admin.post(f"{opened}approve/")

        session.refresh_from_db()
        assert "K1-000001" in page
        assert receipt.content.startswith(b"%PDF")
        assert refused.status_code == 422
        assert own.status_code == 403
        assert (session.state, session.counted_total, session.expected) == ("closed", Decimal(200), Decimal(213))
        assert queries.desk(desk_id=desk.pk).balance == Decimal(200)


class TestRefunds:
    def test_two_people_and_a_file_for_the_bank(self, as_role, admin, owing):
        account, _ = owing
        BankAccount.objects.create(name="House bank", number=IBAN, currency="CNY")
        operations.receive(
            account_id=account.pk, money=cny("150.00"), method="card", source="t", reference="1",
            received_on=AT.date(), at=AT,
        )  # fmt: skip
        data = {
            "account": "A71",
            "amount": "37.00",
            "method": "bank_transfer",
            "payee": "王小明",
            "payee_account": "6222",
        }
        finance = as_role(Role.FINANCE)

        asked = finance.post("/console/refunds/new/", data | {"reason": "overpaid"})["Location"]
        finance.post(f"{asked}approve/")
        alone = Refund.objects.get().state
        admin.post(f"{asked}approve/")
        file = admin.post(
            "/console/refunds/order/", {"bank_account": str(BankAccount.objects.get().pk), "file_format": "pain.001"}
        )

        assert alone == "requested"
        assert b"pain.001.001.09" in file.content
        assert "王小明".encode() in file.content
        assert Refund.objects.get().state == "sent"
        assert "RF" in admin.get("/console/refunds/").content.decode()

    def test_more_than_the_credit_is_refused(self, admin, owing):
        data = {"account": "A71", "amount": "1.00", "method": "cash", "reason": "x"}

        response = admin.post("/console/refunds/new/", data)

        assert response.status_code == 422
        assert Refund.objects.count() == 0
