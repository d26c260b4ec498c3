"""Customers, accounts, supply points, and who answers for them."""

from __future__ import annotations

import datetime as dt

import pytest

from identity import queries as identity_queries
from kernel.errors import NotFound
from kernel.periods import Period
from tenancy import context
from tenants.customers import operations, queries, values
from tenants.customers.models import Customer, Occupancy, SupplyPoint
from tenants.customers.operations import moving, register

MAY = dt.date(2026, 5, 1)
JUNE = dt.date(2026, 6, 1)
pytestmark = pytest.mark.django_db


def _household(number="C1", account="A1", point="NMI0000001"):
    customer = operations.create_customer(number=number, name=f"Household {number}")
    opened = operations.open_account(customer=customer, number=account, currency="AUD", opened_on=MAY)
    place = operations.add_supply_point(
        identifier=point, address=f"{number} Birch Street", time_zone="Australia/Sydney"
    )
    return customer, opened, place


class TestCreateCustomer:
    def test_needs_neither_mail_nor_telephone(self, in_birch):
        made = operations.create_customer(number="C1", name=" Ada Moss ")

        found = queries.customer(number="C1")
        assert (found, found.name, found.email, found.phone, found.kind) == (made, "Ada Moss", "", "", "household")

    def test_refuses_a_number_in_use(self, in_birch):
        operations.create_customer(number="C1", name="Ada Moss")

        with pytest.raises(register.NumberTaken) as refusal:
            operations.create_customer(number="C1", name="Ben Reed")

        assert (refusal.value.where, str(refusal.value)) == ("number", "The number “C1” is already in use.")
        assert list(Customer.objects.values_list("name", flat=True)) == ["Ada Moss"]

    def test_refuses_an_address_no_mail_reaches(self, in_birch):
        with pytest.raises(values.EmailMalformed) as refusal:
            operations.create_customer(number="C1", name="Ada Moss", email="ada at home")

        assert refusal.value.where == "email"
        assert not Customer.objects.exists()


class TestUpdateCustomer:
    def test_changes_what_is_given_and_leaves_the_rest(self, in_birch):
        operations.create_customer(number="C1", name="Ada Moss", phone="+61 2 5550 1234")

        operations.update_customer(number="C1", email="ada@example.org")

        found = queries.customer(number="C1")
        assert (found.name, found.email, found.phone) == ("Ada Moss", "ada@example.org", "+61 2 5550 1234")

    def test_refuses_an_unknown_customer(self, in_birch):
        with pytest.raises(NotFound):
            operations.update_customer(number="C9", name="Nobody")


class TestMoving:
    def test_in_out_and_in_again(self, in_birch):
        _first, account, place = _household()
        _second, other, _place = _household(number="C2", account="A2", point="NMI0000002")
        operations.move_in(account=account, supply_point=place, on=MAY)

        operations.move_out(supply_point=place, on=JUNE)
        operations.move_in(account=other, supply_point=place, on=JUNE)

        held = queries.occupancies_in(period=Period(MAY, dt.date(2026, 7, 1)))
        assert [(each.account.number, each.period.lower, each.period.upper) for each in held] == [
            ("A1", MAY, JUNE),
            ("A2", JUNE, None),
        ]
        assert queries.supply_points_of_account(account=account, on=dt.date(2026, 5, 31)) == [place]
        assert queries.supply_points_of_account(account=account, on=JUNE) == []

    def test_never_two_at_once(self, in_birch):
        _first, account, place = _household()
        _second, other, _place = _household(number="C2", account="A2", point="NMI0000002")
        operations.move_in(account=account, supply_point=place, on=MAY)

        with pytest.raises(moving.Occupied):
            operations.move_in(account=other, supply_point=place, on=JUNE)

        assert list(Occupancy.objects.values_list("account__number", flat=True)) == ["A1"]

    def test_refuses_to_move_out_of_an_empty_place(self, in_birch):
        _customer, _account, place = _household()

        with pytest.raises(moving.NotOccupied):
            operations.move_out(supply_point=place, on=JUNE)

    def test_an_account_closes_only_after_the_move(self, in_birch):
        _customer, account, place = _household()
        operations.move_in(account=account, supply_point=place, on=MAY)

        with pytest.raises(register.StillOccupied):
            operations.close_account(account=account, on=JUNE)
        operations.move_out(supply_point=place, on=JUNE)
        operations.close_account(account=account, on=JUNE)

        assert queries.account(number="A1").closed_on == JUNE


class TestAccess:
    def test_a_person_acts_for_one_customer(self, in_birch):
        customer, account, place = _household()
        operations.move_in(account=account, supply_point=place, on=MAY)
        user = identity_queries.user_by_email(email="metering@birch.test")
        operations.link_sign_in(customer=customer, user=user)

        found = queries.customer_of_user(user=user)

        assert found == customer
        assert queries.account_of_customer(customer=found, number="A1") == account
        assert queries.supply_point_of_customer(customer=found, identifier="NMI0000001") == place

    def test_what_is_another_customers_is_not_there(self, in_birch):
        customer, _account, _place = _household()
        _other, other_account, other_place = _household(number="C2", account="A2", point="NMI0000002")
        operations.move_in(account=other_account, supply_point=other_place, on=MAY)

        with pytest.raises(NotFound):
            queries.account_of_customer(customer=customer, number="A2")
        with pytest.raises(NotFound):
            queries.supply_point_of_customer(customer=customer, identifier="NMI0000002")

    def test_staff_is_no_customer(self, in_birch):
        user = identity_queries.user_by_email(email="staff@birch.test")

        with pytest.raises(NotFound):
            queries.customer_of_user(user=user)

    def test_what_is_another_retailers_is_not_there(self, alder, birch):
        with context.use(birch):
            _household()

        with context.use(alder):
            assert not queries.customers().exists()
            with pytest.raises(NotFound):
                queries.account(number="A1")


class TestCustomers:
    def test_are_found_by_what_people_know(self, in_birch):
        _customer, account, place = _household()
        _household(number="C2", account="A2", point="NMI0000002")
        operations.move_in(account=account, supply_point=place, on=MAY)

        found = {
            words: [each.number for each in queries.customers(search=words)]
            for words in ("C2", "household c1", "A1", "NMI0000001", "nothing")
        }

        assert found == {
            "C2": ["C2"],
            "household c1": ["C1"],
            "A1": ["C1"],
            "NMI0000001": ["C1"],
            "nothing": [],
        }

    def test_detail_shows_accounts_and_places(self, in_birch):
        _customer, account, place = _household()
        operations.move_in(account=account, supply_point=place, on=MAY)

        detail = queries.customer_detail(number="C1")

        assert [each.account.number for each in detail.accounts] == ["A1"]
        assert [each.supply_point.identifier for each in detail.accounts[0].occupancies] == ["NMI0000001"]


class TestSupplyPoint:
    def test_keeps_other_attributes(self, in_birch):
        place = operations.add_supply_point(
            identifier="NMI0000009", address="9 Birch Street", time_zone="Australia/Sydney", attributes={"phases": 3}
        )

        operations.update_supply_point(supply_point=place, attributes={"capacity_kva": 400})

        assert SupplyPoint.objects.get().attributes == {"phases": 3, "capacity_kva": 400}

    def test_refuses_a_clock_nobody_knows(self, in_birch):
        with pytest.raises(values.UnknownTimeZone):
            operations.add_supply_point(identifier="NMI1", address="Somewhere", time_zone="Mars/Olympus")
