"""Paying ahead, seen by staff and by the customer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from billing.prepayment import operations
from billing.prepayment.models import PrepaidAccount, State
from harness import supply
from harness.page_text import text_of
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.money import Money
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.tariffs.models import Product

PASSWORD = "Long-enough-2026"
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FLAT = "cn-residential-tiered"
pytestmark = pytest.mark.django_db


@pytest.fixture
def account(in_alder):
    product = supply.product(document=FLAT, valid_from=dt.date(2026, 3, 1))
    return supply.supply(number="1", product=product, start=dt.date(2026, 3, 1), parameters={"extra_household": 0})


@pytest.fixture
def signed_in():
    def client_of(role, email="person@alder.test"):
        user = identity_operations.create_user(email=email, name="P", roles=[role], at=NOW, password=PASSWORD)
        client = Client(HTTP_HOST="alder.localhost", headers={"accept-language": "en"})
        client.force_login(user)
        client.user = user
        return client

    return client_of


class TestTheConsole:
    def test_lets_an_account_pay_ahead_and_ends_it(self, alder, account, signed_in):
        client = signed_in(Role.CASHIER)

        made = client.post("/console/prepayment/-/enrol/", {"account": "A1", "credit_limit": "5.00", "stops": "on"})
        page = text_of(client.get("/console/prepayment/A1/"))
        listed = text_of(client.get("/console/prepayment/"))
        client.post("/console/prepayment/A1/-/end/")

        assert made.status_code == 302
        assert "Credit limit ¥5.00" in page
        assert "A1 C*** 1*** Enough" in listed  # a cashier sees names masked
        with context.use(alder):
            assert PrepaidAccount.objects.get().state == State.ENDED

    def test_says_at_the_field_what_is_wrong(self, alder, account, signed_in):
        client = signed_in(Role.CASHIER)

        unknown = client.post("/console/prepayment/-/enrol/", {"account": "A9", "credit_limit": "0"})
        negative = client.post("/console/prepayment/-/enrol/", {"account": "A1", "credit_limit": "-1"})

        assert (unknown.status_code, negative.status_code) == (422, 422)
        assert "There is no account “A9”" in text_of(unknown)
        with context.use(alder):
            assert PrepaidAccount.objects.count() == 0

    def test_lists_many_with_few_queries(self, account, signed_in, django_assert_max_num_queries):
        client = signed_in(Role.CASHIER)
        for number in range(2, 9):
            other = supply.supply(number=str(number), product=Product.objects.get(), start=NOW.date())
            operations.enrol(account_id=other.pk, on=NOW.date(), at=NOW)

        with django_assert_max_num_queries(14):
            assert client.get("/console/prepayment/").status_code == 200


class TestThePortal:
    def test_shows_what_is_left_and_for_how_long(self, account, signed_in):
        client = signed_in(Role.CUSTOMER, email="ada@home.test")
        customer_operations.link_sign_in(customer=account.customer, user=client.user)
        operations.enrol(account_id=account.pk, on=NOW.date(), at=NOW, limit=Money(Decimal(0), "CNY"))
        PrepaidAccount.objects.update(
            available=Decimal("75"), daily_use=Decimal(10), credit=Decimal(75), assessed_at=timezone.now()
        )

        home, page = text_of(client.get("/")), text_of(client.get("/prepaid/"))

        assert "Prepaid balance ¥75.00 It lasts about 8 days at your usual use." in home
        assert "Paid ahead ¥75.00" in page

    def test_is_not_there_for_who_pays_afterwards(self, account, signed_in):
        client = signed_in(Role.CUSTOMER, email="ada@home.test")
        customer_operations.link_sign_in(customer=account.customer, user=client.user)

        assert client.get("/prepaid/").status_code == 404
        assert "Prepaid balance" not in text_of(client.get("/"))
