"""A company without a payment provider: the page to pay on tells the bank account that stands on the bill."""

from __future__ import annotations

import datetime as dt

import pytest

from billing.invoices import operations as invoice_operations
from harness import portal_cast, supply
from harness.page_text import links_of, text_of
from tenancy import context


@pytest.fixture
def lin(fresh_db):
    """A customer billed for January by a company that may name a bank account first."""

    def billed(**entity):
        with context.use(context.retailer_by_code(code="alder")):
            if entity:
                invoice_operations.save_entity(code="MAIN", is_default=True, **entity)
            household = portal_cast.household(number="1", product=portal_cast.tiered_product())
            supply.read(channel=household.channel, period=portal_cast.JANUARY, each=100)
            portal_cast.bill(portal_cast.JANUARY, issued=dt.date(2025, 2, 1))
        return portal_cast.signed_in(household.email)

    return billed


class TestPayingByTransfer:
    def test_tells_account_bank_and_reference(self, lin):
        client = lin(legal_name="Alder Power Ltd", bank_name="ICBC Nanjing", bank_account="6222 0211 3344")

        page = text_of(client.get("/pay/"))

        assert "Account holder Alder Power Ltd Bank ICBC Nanjing Account number or IBAN 6222 0211 3344" in page
        assert "Reference A1" in page
        assert any(link.startswith("/pay/") for link in links_of(client.get("/")))

    def test_without_an_account_says_where_to_look_and_offers_nothing(self, lin):
        client = lin()

        assert "No payment on the web yet" in text_of(client.get("/pay/"))
        assert not any(link.startswith("/pay/") for link in links_of(client.get("/")))
