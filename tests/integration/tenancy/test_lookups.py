"""``__in`` over whole numbers goes to the database as one array and means what it meant."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from tenants.customers import operations
from tenants.customers.models import Account, Customer


@pytest.fixture
def accounts(in_birch) -> list[Account]:
    opened = []
    for number in ("1", "2", "3"):
        customer = operations.create_customer(number=f"C{number}", name=f"Customer {number}", kind="household")
        day = dt.date(2026, 1, 1)
        opened.append(operations.open_account(customer=customer, number=f"A{number}", currency="AUD", opened_on=day))
    return opened


def numbers(found) -> list[str]:
    return [each.number for each in found.order_by("number")]


class TestWholeNumbers:
    def test_are_one_parameter_however_many(self, accounts):
        keys = [each.pk for each in accounts[:2]]

        with CaptureQueriesContext(connection) as few:
            found = numbers(Account.objects.filter(pk__in=keys))
        with CaptureQueriesContext(connection) as many:
            again = numbers(Account.objects.filter(pk__in=keys + [10_000 + n for n in range(500)]))

        assert found == again == ["A1", "A2"]
        assert "= ANY(" in few[0]["sql"]
        assert many[0]["sql"].count("ANY(") == 1

    def test_of_a_foreign_key_may_be_the_rows_themselves(self, accounts):
        customers = [accounts[0].customer, accounts[2].customer]

        assert numbers(Account.objects.filter(customer__in=customers)) == ["A1", "A3"]
        assert numbers(Account.objects.exclude(customer_id__in=[each.pk for each in customers])) == ["A2"]

    def test_given_twice_or_as_nothing_count_once_and_not(self, accounts):
        key = accounts[1].pk

        assert numbers(Account.objects.filter(pk__in=[key, None, key])) == ["A2"]
        assert numbers(Account.objects.filter(pk__in=[])) == []
        assert numbers(Account.objects.filter(pk__in=[None])) == []
        assert numbers(Account.objects.exclude(pk__in=[])) == ["A1", "A2", "A3"]

    def test_that_no_key_can_have_find_nothing(self, accounts):
        assert numbers(Account.objects.filter(pk__in=[2**80, -1])) == []

    def test_stand_beside_other_conditions(self, accounts):
        wanted = Q(pk__in=[accounts[0].pk]) | Q(number__in=["A3"])

        assert numbers(Account.objects.filter(wanted)) == ["A1", "A3"]


class TestEverythingElse:
    def test_texts_stay_a_list(self, accounts):
        with CaptureQueriesContext(connection) as captured:
            found = numbers(Account.objects.filter(number__in=["A1", "A3", "A9"]))

        assert found == ["A1", "A3"]
        assert "ANY(" not in captured[0]["sql"]

    def test_a_query_inside_stays_a_query(self, accounts):
        inside = Customer.objects.filter(number="C2")

        with CaptureQueriesContext(connection) as captured:
            found = numbers(Account.objects.filter(customer__in=inside))

        assert found == ["A2"]
        assert captured[0]["sql"].count("SELECT") == 2
