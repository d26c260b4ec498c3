"""What a customer sees of what is open, and what he may agree by himself."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from billing.arrears.models import InstalmentPlan, Promise
from harness import arrears_cast, portal_cast
from tenancy import context

PAGE = "/open/"


@pytest.fixture
def lin(fresh_db) -> Client:
    """Owes 300.00 since the middle of March; another customer owes 77.00."""
    retailer = context.retailer_by_code(code="alder")
    with context.use(retailer):
        for number, amount in (("1", "300.00"), ("2", "77.00")):
            account, point = arrears_cast.account(number)
            arrears_cast.bill(retailer, account, point, amount, issued_on=dt.date(2026, 2, 27))
            portal_cast.sign_in_of(f"lin{number}@example.test", account.customer)
        arrears_cast.on_days("2026-03-15")
    return portal_cast.signed_in("lin1@example.test")


def _in_alder(read):
    with context.use(context.retailer_by_code(code="alder")):
        return read()


class TestWhatIsOpen:
    def test_is_told_in_plain_words_and_agreed(self, lin):
        page = lin.get(PAGE).content.decode()
        soon = dt.date.today() + dt.timedelta(days=4)
        foreign = lin.post("/open/A2/promise/", {"due_on": soon})
        lin.post("/open/A1/promise/", {"due_on": soon})
        after = lin.get(PAGE).content.decode()

        assert "¥300.00" in page
        assert "77.00" not in page
        assert "we send you a demand for payment" in page
        assert "3 instalments of ¥100.00" in page
        assert foreign.status_code == 404
        assert "You promised ¥300.00" in after
        assert _in_alder(lambda: [each.amount for each in Promise.objects.all()]) == [300]

    def test_a_plan_is_agreed_within_what_is_offered(self, lin):
        refused = lin.post("/open/A1/plan/", {"count": 12}, follow=True).content.decode()
        none = _in_alder(InstalmentPlan.objects.count)
        lin.post("/open/A1/plan/", {"count": 2})

        assert "Choose how many instalments" in refused
        assert none == 0
        assert _in_alder(lambda: [p.amount for p in InstalmentPlan.objects.get().instalments.all()]) == [150, 150]
