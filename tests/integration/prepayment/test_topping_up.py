"""Accounts with a standing authority are topped up before they are warned or stopped; terms that change act at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.accruals import operations as accrual_operations
from billing.payments import operations as payment_operations
from billing.payments.models import Attempt, Authority, Payer, Payment, SavedMethod
from billing.payments.providers import operations as provider_operations
from billing.prepayment import operations
from billing.prepayment.models import PrepaidAccount, PrepaymentEvent, State
from harness import stripe_desk, supply
from kernel.money import Money
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.service import operations as service_operations
from tenants.service.kinds import OrderState
from tenants.service.models import SupplyOrder

MARCH = dt.date(2026, 3, 1)
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.50
    round: {line: 2}
    payee: retailer
"""
"""20 kWh a day cost 10.00."""
pytestmark = pytest.mark.django_db


def moment(day, hour=2):
    return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)


def cny(amount):
    return Money(Decimal(amount), "CNY")


@pytest.fixture
def account(in_alder):
    product = supply.product(document=FLAT, valid_from=MARCH)
    made = supply.supply(number="1", product=product, start=MARCH)
    channel = supply.channel(point=SupplyPoint.objects.get(identifier="P1"), minutes=60)
    supply.read(
        channel=channel,
        period=Period(MARCH, dt.date(2026, 4, 1)),
        each=lambda day: [833] * 8 + [834] * 8 + [833] * 7 + [20_000 - 833 * 15 - 834 * 8],
    )
    operations.enrol(account_id=made.pk, on=MARCH, at=moment(1))
    return made


@pytest.fixture
def server(settings):
    with stripe_desk.serving(settings) as served:
        yield served


def saved(account, number):
    """A method at Stripe that the customer left: pm_card_visa pays, others decline."""
    connection = stripe_desk.connected()
    client = provider_operations.collecting.choosing.stripe(connection)
    reference = client.person(number="C1", name="One", email="one@example.test", key="k")
    method = client._client.v1.payment_methods.attach(
        number, {"customer": reference}, options={"stripe_account": connection.reference}
    )
    payer = Payer.objects.create(
        provider="stripe", merchant=connection.reference, customer_id=account.customer_id, reference=reference
    )
    return SavedMethod.objects.create(payer=payer, reference=method.id, kind="card", title="Visa", saved_at=moment(1))


def agree(account, method, amount="100.00", threshold="30.00"):
    return Authority.objects.create(
        account=account, method=method, purpose="top_up", amount=amount, threshold=threshold, text="t", version="1",
        language="en", given_at=moment(1), given_by="one@example.test",
    )  # fmt: skip


def pay(account, amount, day):
    payment_operations.receive(
        account_id=account.pk, money=cny(amount), method="cash", source="desk", reference=f"R{day}-{amount}",
        received_on=dt.date(2026, 3, day), at=moment(day),
    )  # fmt: skip


def assess(account, day, hour=2):
    on = dt.date(2026, 3, day)
    accrual_operations.rate_unbilled(account_ids=[account.pk], until=on, at=moment(day, hour))
    return operations.assess(account_ids=[account.pk], on=on, at=moment(day, hour))


def collect(authority, day):
    """What the task does that was sent after commit."""
    return provider_operations.top_up(authority_id=authority.pk, on=dt.date(2026, 3, day), at=timezone.now())


def row(account):
    return PrepaidAccount.objects.get(pk=account.pk)


def whats(account):
    return list(PrepaymentEvent.objects.filter(prepaid=account.pk).order_by("pk").values_list("what", flat=True))


class TestAnAccountWithAnAuthority:
    def test_is_topped_up_instead_of_warned_and_stopped(self, account, server):
        authority = agree(account, saved(account, "pm_card_visa"))
        pay(account, "100.00", 1)

        first = assess(account, 4)
        again = assess(account, 4, hour=3)
        attempt = collect(authority, 4)
        done = assess(account, 4, hour=4)

        assert (first.topped_up, again.topped_up, done.topped_up) == (1, 1, 0)
        assert (first.warned, done.warned, first.stops) == (0, 0, 0)
        assert (attempt.state, Payment.objects.filter(source="stripe").get().amount) == ("succeeded", Decimal(100))
        # 200.00 paid less three days at 10.00
        assert (row(account).available, row(account).state) == (Decimal(170), State.OK)
        assert whats(account) == ["enrolled", "top_up_asked"]
        assert collect(authority, 4) is None

    def test_below_the_agreed_balance_it_is_asked_for_before_any_warning(self, account, server):
        agree(account, saved(account, "pm_card_visa"), threshold="150.00")
        pay(account, "160.00", 1)

        made = [assess(account, day) for day in (2, 3)]

        assert [(each.topped_up, each.warned) for each in made] == [(0, 0), (1, 0)]

    def test_is_warned_and_stopped_when_the_card_is_declined(self, account, server):
        authority = agree(account, saved(account, "pm_card_chargeCustomerFail"))
        pay(account, "40.00", 1)

        asked = assess(account, 5)
        attempt = collect(authority, 5)
        after = assess(account, 5, hour=3)

        assert (asked.topped_up, asked.stops) == (1, 0)
        assert attempt.state == Attempt.State.FAILED
        assert (after.topped_up, after.stops) == (0, 1)
        assert SupplyOrder.objects.count() == 1

    def test_a_collection_without_an_answer_does_not_keep_supply_on_for_ever(self, account, server):
        authority = agree(account, saved(account, "pm_card_visa"))
        pay(account, "40.00", 1)
        assess(account, 5)
        Attempt.objects.create(
            token="00000000-0000-4000-8000-000000000001", provider="stripe", account=account, kind="automatic",
            state="asked", amount=100, currency="CNY", occasion=f"top_up:{authority.pk}:2026-03-05",
            authority=authority, asked_at=moment(5),
        )  # fmt: skip

        rests, next_day = assess(account, 5, hour=3), assess(account, 6)

        assert (rests.topped_up, rests.stops, next_day.topped_up, next_day.stops) == (1, 0, 0, 1)


class TestStopsThatWereNotCarriedOut:
    def stopped(self, account):
        pay(account, "40.00", 1)
        assess(account, 5)
        return SupplyOrder.objects.get()

    def test_are_ordered_again(self, account):
        order = self.stopped(account)
        service_operations.dispatch(order_id=order.pk, at=moment(5, 8))
        service_operations.report(order_id=order.pk, done=False, happened_at=moment(5, 9), evidence={}, at=moment(5, 9))

        made = [assess(account, 6), assess(account, 6, hour=3)]

        assert [each.stops for each in made] == [1, 0]
        assert list(SupplyOrder.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "requested"]

    def test_are_taken_back_when_the_terms_no_longer_ask_for_them(self, account):
        order = self.stopped(account)

        operations.change(account_id=account.pk, limit=cny("0"), stops=False, at=moment(5, 3))

        order.refresh_from_db()
        assert order.state == OrderState.CANCELLED

    def test_a_higher_limit_brings_supply_back_at_once(self, account):
        order = self.stopped(account)

        found = operations.change(account_id=account.pk, limit=cny("200.00"), stops=True, at=moment(5, 3))

        order.refresh_from_db()
        assert (order.state, found.state) == (OrderState.CANCELLED, State.OK)
        assert "recovered" in whats(account)

    def test_terms_that_ask_for_them_later_order_them_then(self, account):
        operations.change(account_id=account.pk, limit=cny("0"), stops=False, at=moment(1))
        pay(account, "40.00", 1)
        assess(account, 5)
        before = SupplyOrder.objects.count()

        operations.change(account_id=account.pk, limit=cny("0"), stops=True, at=moment(5, 3))

        assert (before, SupplyOrder.objects.count()) == (0, 1)
