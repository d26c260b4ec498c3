"""Everything at the counter in one transaction, judged by the database where two clerks meet."""

from __future__ import annotations

import datetime as dt

import pytest

from harness import supply
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.customers.models import Customer, SupplyPoint
from tenants.customers.operations import moving, register
from tenants.tariffs import operations
from tenants.tariffs.models import Agreement
from tenants.tariffs.operations import supplying

pytestmark = pytest.mark.django_db
JANUARY, MARCH = dt.date(2026, 1, 1), dt.date(2026, 3, 1)
TARIFF = {
    "tariff": 1, "code": "home", "title": {"en": "Home"}, "currency": "CNY",
    "calendar": "cn/jiangsu-residential",
    "charges": [{
        "code": "energy", "title": {"en": "Energy"}, "quantity": "sum(consumption)", "price": "0.5",
        "round": {"line": 2}, "payee": "retailer",
    }],
}  # fmt: skip


@pytest.fixture
def home(in_alder):
    return supply.product(document=TARIFF, valid_from=JANUARY)


@pytest.fixture
def household(home):
    return supply.supply(number="1", product=home, start=JANUARY)


def place(identifier="P9"):
    return supplying.Place(identifier=identifier, address="9 Way", time_zone="Asia/Shanghai")


def enter(number="Z1", account_number="ZA1", where=None):
    return operations.enter(
        customer={"number": number, "name": "Zhu"}, currency="CNY", account_number=account_number, on=MARCH,
        place=where or place(), product=supplying.Product(code="home"),
    )  # fmt: skip


class TestTwoClerks:
    @pytest.mark.parametrize(
        ("second", "field"),
        [
            ({}, "number"),
            ({"number": "Z2"}, "account_number"),
            ({"number": "Z2", "account_number": "ZA2"}, "identifier"),
        ],
    )
    def test_entering_the_same_number_the_later_is_told_which(self, home, second, field):
        enter()

        with pytest.raises(register.NumberTaken) as refused:
            enter(**second)

        assert refused.value.where == field
        assert (Customer.objects.count(), SupplyPoint.objects.count(), Agreement.objects.count()) == (1, 1, 1)

    def test_moving_two_into_one_place_the_later_is_refused_whole(self, household):
        with pytest.raises(moving.Occupied) as refused:
            enter(where=supplying.Place(identifier="P1"))

        assert refused.value.where == "on"
        assert list(Customer.objects.values_list("number", flat=True)) == ["C1"]


class TestMovingOut:
    def test_ends_what_an_earlier_door_left_agreed_when_the_next_one_moves_in(self, household):
        point = customer_queries.supply_point_by_identifier(identifier="P1")
        customer_operations.move_out(supply_point=point, on=MARCH)

        enter(where=supplying.Place(identifier="P1"))

        found = Agreement.objects.filter(supply_point=point).order_by("period")
        assert [(each.account.number, each.period.lower, each.period.upper) for each in found] == [
            ("A1", JANUARY, MARCH), ("ZA1", MARCH, None),
        ]  # fmt: skip

    def test_leaves_the_agreements_of_others_and_of_before(self, household, home):
        point = customer_queries.supply_point_by_identifier(identifier="P1")
        operations.move_out(supply_point=point, on=dt.date(2026, 2, 1))
        enter(where=supplying.Place(identifier="P1"))

        operations.move_out(supply_point=point, on=dt.date(2026, 4, 1))

        found = Agreement.objects.filter(supply_point=point).order_by("period")
        assert [(each.account.number, each.period.upper) for each in found] == [
            ("A1", dt.date(2026, 2, 1)), ("ZA1", dt.date(2026, 4, 1)),
        ]  # fmt: skip

    def test_where_nobody_lives_is_refused_and_changes_nothing(self, household):
        point = customer_queries.supply_point_by_identifier(identifier="P1")

        with pytest.raises(moving.NotOccupied):
            operations.move_out(supply_point=point, on=JANUARY)

        assert Agreement.objects.get().period.upper is None


class TestAnotherProduct:
    def test_runs_only_as_long_as_somebody_answers(self, household, home):
        point = customer_queries.supply_point_by_identifier(identifier="P1")
        supply.product(document=TARIFF | {"code": "other"}, valid_from=JANUARY)
        customer_operations.move_out(supply_point=point, on=dt.date(2026, 6, 1))

        made = operations.change_product(supply_point=point, product=supplying.Product(code="other"), on=MARCH)

        assert (made.period.lower, made.period.upper) == (MARCH, dt.date(2026, 6, 1))
