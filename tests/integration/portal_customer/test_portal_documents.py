"""Bills credited in part, their documents, and the inbox, as a customer sees them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing.invoices import models, operations
from harness import billing_cast as cast
from identity import operations as identity_operations
from tenancy.database import connection
from tenants.customers.models import Customer, CustomerLogin
from tenants.notices import operations as notice_operations
from tenants.notices.models import Message

PASSWORD = "correct horse battery"


class Browser(Client):
    """A browser that leaves the test working for its company."""

    def request(self, **request: Any) -> Any:
        before = connection.tenant
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(before)


def sign_in(customer: Customer, email: str) -> Client:
    user = identity_operations.create_user(
        email=email, name="Lin", roles=["customer"], at=cast.AT, password=PASSWORD, language="en"
    )
    CustomerLogin.objects.create(user=user, customer=customer)
    client = Browser(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")
    assert client.post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def bill(in_alder: Any, settings: Any, tmp_path: Any) -> models.Invoice:
    settings.FILES_DIR = tmp_path
    operations.save_entity(code="HOME", legal_name="Alder Ltd", tax_number="91320000MA1XXXXX0A", is_default=True)
    account, point = cast.make_account("1")
    Customer.objects.update(email="lin@example.test")
    rows = [cast.line("energy", "100.00", cells=[cast.cell("200", "0.5", "100.00")])]
    [key] = operations.store_drafts(drafts=[cast.make_draft(account, point, lines=rows)], created_at=cast.AT)
    issued = operations.issue_drafts(draft_ids=[key], terms=cast.terms_of(in_alder))
    return models.Invoice.objects.get(pk=issued[key])


@pytest.fixture
def lin(bill: models.Invoice) -> Client:
    return sign_in(bill.account.customer, "lin@alder.test")


@pytest.fixture
def wu(bill: models.Invoice) -> Client:
    other, _point = cast.make_account("2")
    return sign_in(other.customer, "wu@alder.test")


class TestBill:
    def test_credited_in_part_has_a_credit_note_to_read(self, in_alder, bill, lin):
        note = models.Invoice.objects.get(
            pk=operations.credit_part(
                invoice_id=bill.pk, amounts={1: Decimal("30.00")}, terms=cast.terms_of(in_alder), reason="Slip"
            )
        )

        listed, page = lin.get("/bills/"), lin.get(f"/bills/{note.number}/")

        assert [listed.status_code, page.status_code] == [200, 200]
        assert "30.00" in page.content.decode()

    def test_gives_out_its_structured_invoice_to_its_customer_only(self, bill, lin, wu):
        mine = lin.get(f"/bills/{bill.number}/structured.xml")

        assert b"CrossIndustryInvoice" in mine.content
        assert wu.get(f"/bills/{bill.number}/structured.xml").status_code == 404

    def test_is_sent_once_a_day_at_most(self, bill, lin, wu):
        for _press in range(3):
            lin.post(f"/bills/{bill.number}/send/")
        stranger = wu.post(f"/bills/{bill.number}/send/")

        message = Message.objects.get()
        assert (message.recipient, message.template) == ("lin@example.test", "invoice_issued")
        assert stranger.status_code == 404


class TestInbox:
    def test_shows_messages_marks_them_read_and_hides_those_of_others(self, bill, lin, wu):
        message = notice_operations.enqueue(
            customer_id=bill.account.customer_id, template="free_text", reference="r", at=cast.AT,
            params={"subject": "Hello", "text": "<b>Text</b>"},
            attachments=[notice_operations.Attachment("a.txt", b"content", "text/plain")],
        )  # fmt: skip

        listed = lin.get("/messages/").content.decode()
        page = lin.get(f"/messages/{message.pk}/").content.decode()
        file = lin.get(f"/messages/{message.pk}/files/1/")

        assert "Hello" in listed
        assert "&lt;b&gt;Text&lt;/b&gt;" in page
        assert file.content == b"content"
        assert Message.objects.get().read_at is not None
        assert "Hello" not in wu.get("/messages/").content.decode()
        assert {
            wu.get(path).status_code for path in (f"/messages/{message.pk}/", f"/messages/{message.pk}/files/1/")
        } == {404}
