"""The document of a collective, estimated or final bill says so."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pypdf

from billing.invoices import documents, models, operations
from harness import billing_cast as cast
from tenants.customers.models import Account


def text_of(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


class TestCollectiveDocument:
    def test_begins_with_a_page_of_all_sites_and_marks_estimates(self, in_alder: Any) -> None:
        sites = [cast.make_account(str(number)) for number in range(1, 4)]
        customer = sites[0][0].customer
        Account.objects.exclude(pk=sites[0][0].pk).update(customer=customer)
        Account.objects.create(number="HEAD", customer=customer, currency="CNY", opened_on=dt.date(2026, 1, 1))
        for account, _point in sites:
            operations.arrange_billing(account_number=account.number, collective_number="HEAD", tax_number="")
        drafts = [cast.make_draft(account, point, "33.33", estimated_days=2) for account, point in sites]
        keys = operations.store_drafts(drafts=drafts, created_at=cast.AT)
        issued = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(in_alder))

        pages = text_of(documents.pdf(invoice_id=issued[keys[0]], language="en"))

        assert "Collective invoice" in pages[0]
        assert all(f"SP{number}" in pages[0] for number in range(1, 4))
        assert "¥99.99" in pages[0]
        assert "Account A2" in " ".join(pages[1:])
        assert "2 days estimated" in " ".join(pages[1:])
        assert models.Invoice.objects.count() == 1
