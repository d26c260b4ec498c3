"""A company's key is changed: everything is sealed anew, found as before, and the old key goes."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from kernel.errors import Conflict
from tenancy import company_keys, context, resealing
from tenants.customers import operations, queries
from tenants.customers.models import Customer


@pytest.fixture
def people(birch):
    with context.use(birch):
        for number in range(7):
            operations.create_customer(number=f"C{number}", name=f"Ada Moss{number}", email=f"ada{number}@example.com")
        point = {"address": "1 Elm Road", "time_zone": "Australia/Sydney"}
        operations.add_supply_point(identifier="P1", **point)
    return birch


def _again(retailer):
    return context.use(context.retailer_by_code(code=retailer.code))


def _numbers():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT get_byte(name, 0) FROM customers_customer")
        return sorted(row[0] for row in cursor.fetchall())


class TestRotation:
    def test_by_command_leaves_one_key_and_everything_readable(self, people, monkeypatch):
        monkeypatch.setattr(resealing, "BATCH", 3)
        out = StringIO()

        call_command("rotate_company_key", "birch", "--retire", stdout=out)

        assert "key 2 seals, retired [1]" in out.getvalue()
        with _again(people) as retailer:
            assert list(retailer.key_envelope["keys"]) == ["2"]
            assert _numbers() == [2]
            assert [each.name for each in queries.customers(search="moss3")] == ["Ada Moss3"]
            assert queries.supply_points(search="elm").get().premises.address == "1 Elm Road"

    def test_both_keys_are_searched_while_it_lasts(self, people):
        company_keys.start_sealing(retailer=people, number=company_keys.add_key(retailer=people))

        with _again(people):
            operations.create_customer(number="C9", name="Ada New")
            assert len(queries.customers(search="ada")) == 8
            assert _numbers() == [1, 2]
            assert resealing.behind() == {"customers_customer": 7, "customers_premises": 1}

    def test_goes_on_where_it_was_cut(self, people, monkeypatch):
        monkeypatch.setattr(resealing, "BATCH", 2)
        company_keys.start_sealing(retailer=people, number=company_keys.add_key(retailer=people))
        with _again(people):
            first = resealing.reseal_some(at_most=2)
            left = resealing.behind()
            while resealing.reseal_some(at_most=2):
                pass

            assert (first, left["customers_customer"], resealing.behind()) == (2, 5, {})

    def test_the_old_key_stays_while_anything_is_sealed_with_it(self, people):
        company_keys.start_sealing(retailer=people, number=company_keys.add_key(retailer=people))

        with pytest.raises(Conflict):
            resealing.retire_others(retailer=context.retailer_by_code(code="birch"))

        with _again(people):
            assert Customer.objects.get(number="C1").name == "Ada Moss1"
