"""Pages of documents, legal entities, the tax bureau and messages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.invoices import models, operations
from harness import billing_cast as cast
from identity.capabilities import Capability, Role, of_roles
from tenants.customers.models import Customer
from tenants.notices.models import Message

C = Capability
NUMBER = "20260000000001"
READS = {
    "invoices/-/fiscal/": C.SEE_BILLS,
    f"invoices/{NUMBER}/": C.SEE_BILLS,
    f"invoices/{NUMBER}/-/structured.xml": C.SEE_BILLS,
    f"invoices/{NUMBER}/-/factur-x.pdf": C.SEE_BILLS,
    f"invoices/{NUMBER}/-/credit-part/": C.ISSUE_BILLS,
    "company/entities/": C.CHANGE_BRAND,
    "company/entities/new/": C.CHANGE_BRAND,
    "customers/-/accounts/A1/-/billing/": C.CHANGE_CUSTOMERS,
    "messages/": C.SEE_CUSTOMERS,
    "messages/letters/": C.SEE_CUSTOMERS,
}
ORDERS = {
    "invoices/-/fiscal/export/": C.ISSUE_BILLS,
    "invoices/-/fiscal/results/": C.ISSUE_BILLS,
    "invoices/-/fiscal/confirm/": C.ISSUE_BILLS,
    f"invoices/{NUMBER}/-/send/": C.RUN_BILLS,
    "company/entities/OWN/-/series/": C.CHANGE_BRAND,
    "messages/letters/print/": C.CHANGE_CUSTOMERS,
    "messages/1/send-again/": C.CHANGE_CUSTOMERS,
}
STAFF = [role for role in Role if role not in (Role.CUSTOMER, Role.OPERATOR)]


@pytest.fixture
def bill(in_alder: Any) -> models.Invoice:
    operations.save_entity(code="HOME", legal_name="Alder Ltd", tax_number="91320000MA1XXXXX0A", is_default=True)
    account, point = cast.make_account("1")
    Customer.objects.update(email="ada@example.test")
    [key] = operations.store_drafts(drafts=[cast.make_draft(account, point, "100.00", "13.00")], created_at=cast.AT)
    issued = operations.issue_drafts(draft_ids=[key], terms=cast.terms_of(in_alder))
    return models.Invoice.objects.get(pk=issued[key])


class TestAccess:
    @pytest.mark.parametrize("role", [*STAFF, Role.CUSTOMER])
    def test_follows_the_post(self, as_role, bill, role):
        client, mine = as_role(role), of_roles([role])

        reads = {page: client.get(f"/console/{page}").status_code for page in READS}
        orders = {page: client.post(f"/console/{page}").status_code for page in ORDERS}

        assert reads == {page: 200 if needed in mine else 403 for page, needed in READS.items()}
        assert {page for page, status in orders.items() if status == 403} == {
            page for page, needed in ORDERS.items() if needed not in mine
        }

    def test_of_another_company_is_nothing_there(self, stranger, bill):
        pages = [page for page in READS if NUMBER in page or "A1" in page]

        assert {stranger.get(f"/console/{page}").status_code for page in pages} == {404}


class TestPartialCredit:
    def test_is_issued_from_the_page(self, admin, bill):
        answer = admin.post(f"/console/invoices/{NUMBER}/-/credit-part/", {"line_1": "10.00", "reason": "Slip"})

        note = models.Invoice.objects.get(kind="credit_note")
        assert answer["Location"].endswith(f"/invoices/{note.number}/")
        assert (note.gross, note.reason, note.partial) == (Decimal("-10.00"), "Slip", True)
        page = admin.get(f"/console/invoices/{NUMBER}/").content.decode()
        assert "Credited in part" in page

    def test_beyond_the_line_points_at_it(self, admin, bill):
        answer = admin.post(f"/console/invoices/{NUMBER}/-/credit-part/", {"line_1": "100.01", "reason": "Slip"})

        assert answer.status_code == 422
        assert "cannot be credited" in answer.content.decode()
        assert models.Invoice.objects.count() == 1


class TestSending:
    def test_leaves_a_message_with_the_document_and_a_history(self, admin, bill):
        admin.post(f"/console/invoices/{NUMBER}/-/send/")
        admin.post(f"/console/invoices/{NUMBER}/-/send/")

        messages = Message.objects.order_by("pk")
        assert [message.reference for message in messages] == [f"invoice:{bill.pk}:1", f"invoice:{bill.pk}:2"]
        assert messages[0].recipient == "ada@example.test"
        assert messages[0].files.get().name == f"{NUMBER}.pdf"
        admin.get(f"/console/invoices/{NUMBER}/")
        page = admin.get(f"/console/invoices/{NUMBER}/").content.decode()
        assert page.count("ada@example.test") == 2

    def test_a_message_page_shows_text_and_files(self, admin, bill):
        admin.post(f"/console/invoices/{NUMBER}/-/send/")
        message = Message.objects.get()

        page = admin.get(f"/console/messages/{message.pk}/").content.decode()
        file = admin.get(f"/console/messages/{message.pk}/files/1/")

        assert "http://alder.localhost/bills/" in page
        assert file.content.startswith(b"%PDF")

    def test_lists_cost_the_same_whatever_their_length(self, admin, bill, django_assert_max_num_queries):
        for number in range(30):
            operations.send_invoice(invoice_id=bill.pk, at=cast.AT, again=bool(number))

        with django_assert_max_num_queries(16):
            assert admin.get("/console/messages/").status_code == 200


class TestLegalEntities:
    def test_are_added_changed_and_given_a_series(self, admin, bill):
        fields = {"code": "OWN", "legal_name": "Own Ltd", "country": "CN", "bank_account": "6222"}
        admin.post("/console/company/entities/new/", fields)
        admin.post("/console/company/entities/OWN/", {**fields, "legal_name": "New Ltd", "is_default": "on"})
        series = {"prefix": "N", "credit_prefix": "NC", "digits": "8", "reset": "year", "code": ""}
        admin.post("/console/company/entities/OWN/-/series/", series)
        wrong = admin.post("/console/company/entities/OWN/-/series/", {**series, "credit_prefix": "N"})

        entity = models.LegalEntity.objects.get(code="OWN")
        assert (entity.legal_name, entity.is_default, entity.series.get().prefix) == ("New Ltd", True, "N")
        assert wrong.status_code == 422

    def test_an_account_is_arranged(self, admin, bill):
        operations.save_entity(code="OWN", legal_name="Own Ltd")

        admin.post("/console/customers/-/accounts/A1/-/billing/", {"entity_code": "OWN", "tax_number": "T-1"})

        row = models.BillingArrangement.objects.get()
        assert (row.entity.code, row.tax_number) == ("OWN", "T-1")


class TestTaxBureau:
    def test_file_and_answer_go_through_the_page(self, admin, bill):
        admin.post("/console/invoices/-/fiscal/export/", {"first": "2026-04-01", "last": "2026-04-30"})
        batch = models.FiscalBatch.objects.get()
        file = admin.get(f"/console/invoices/-/fiscal/batches/{batch.pk}/")
        rows = f"发票流水号,发票号码,开票日期\n{NUMBER},26320000000000000001,2026-04-03\n"
        admin.post("/console/invoices/-/fiscal/results/", {"file": SimpleUploadedFile("a.csv", rows.encode())})
        again = admin.post("/console/invoices/-/fiscal/export/", {"first": "2026-04-01", "last": "2026-04-30"})

        assert file.content.startswith(b"PK")
        assert models.FiscalDocument.objects.get().state == "issued"
        assert again.status_code == 422
        page = admin.get("/console/invoices/-/fiscal/").content.decode()
        assert "26320000000000000001" in page

    def test_a_broken_answer_is_refused(self, admin, bill):
        answer = admin.post("/console/invoices/-/fiscal/results/", {"file": SimpleUploadedFile("a.csv", b"\xff\xfe")})

        assert answer.status_code == 422
