"""Accounts that pay ahead: warned, stopped before the limit, resumed with the payment; each once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from billing.accruals import operations as accrual_operations
from billing.payments import operations as payment_operations
from billing.prepayment import operations
from billing.prepayment.models import PrepaidAccount, PrepaymentEvent, State, What
from billing.prepayment.operations import assessing
from harness import supply
from kernel.money import Money
from kernel.periods import Period
from tenants.customers.models import Customer, SupplyPoint
from tenants.notices.models import Message
from tenants.service import operations as service_operations
from tenants.service import queries as service_queries
from tenants.service.models import SupplyOrder
from tenants.tariffs.models import Product

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


@pytest.fixture
def account(in_alder):
    product = supply.product(document=FLAT, valid_from=MARCH)
    made = supply.supply(number="1", product=product, start=MARCH)
    point = SupplyPoint.objects.get(identifier="P1")
    channel = supply.channel(point=point, minutes=60)
    each = [833] * 8 + [834] * 8 + [833] * 8
    supply.read(
        channel=channel,
        period=Period(MARCH, dt.date(2026, 4, 1)),
        each=lambda day: [value if at else value - sum(each) + 20_000 for at, value in enumerate(each)],
    )
    Customer.objects.update(language="en")
    operations.enrol(account_id=made.pk, on=MARCH, at=moment(1))
    return made


def pay(account, amount, day):
    payment_operations.receive(
        account_id=account.pk,
        money=Money(Decimal(amount), "CNY"),
        method="cash",
        source="desk",
        reference=f"R{day}-{amount}",
        received_on=dt.date(2026, 3, day),
        at=moment(day),
    )


def assess(account, day):
    on = dt.date(2026, 3, day)
    accrual_operations.rate_unbilled(account_ids=[account.pk], until=on, at=moment(day))
    return operations.assess(account_ids=[account.pk], on=on, at=moment(day))


def row(account):
    return PrepaidAccount.objects.get(pk=account.pk)


def whats(account):
    return list(PrepaymentEvent.objects.filter(prepaid=account.pk).order_by("pk").values_list("what", flat=True))


class TestAssess:
    def test_sets_what_was_paid_against_the_use_up_to_today(self, account):
        pay(account, "200.00", 1)

        assess(account, 6)

        found = row(account)
        assert (found.credit, found.estimated_use, found.available) == (Decimal(200), Decimal(50), Decimal(150))
        assert (found.daily_use, found.state) == (Decimal(10), State.OK)

    def test_warns_once_at_each_step(self, account):
        pay(account, "100.00", 1)

        warned = [assess(account, day).warned for day in range(2, 10)]

        assert warned == [0, 0, 1, 0, 0, 0, 1, 0]
        assert [m.subject for m in Message.objects.order_by("pk")] == [
            "Your prepaid balance lasts about 7 days", "Your prepaid balance lasts about 3 days",
        ]  # fmt: skip
        assert "The balance of account A1 is ¥70.00. At your usual ¥10.00 a day" in Message.objects.earliest("pk").body

    def test_tells_in_the_customers_language(self, account):
        Customer.objects.update(language="zh-hans")
        pay(account, "100.00", 1)

        assess(account, 4)

        assert Message.objects.get().subject == "您的预付费余额约可用 7 天"
        assert "账户 A1 的余额为 ¥70.00，按您日均 ¥10.00 估算约可用 7 天。" in Message.objects.get().body

    def test_repeated_at_once_changes_nothing(self, account):
        pay(account, "30.00", 1)
        assess(account, 2)
        before = (whats(account), Message.objects.count(), SupplyOrder.objects.count())

        assess(account, 2)

        assert (whats(account), Message.objects.count(), SupplyOrder.objects.count()) == before

    def test_orders_the_stop_before_the_limit_is_crossed(self, account):
        pay(account, "41.00", 1)
        operations_before = [assess(account, day).stops for day in (2, 3, 4)]

        made = assess(account, 5)

        [order] = service_queries.open_orders(account_ids=[account.pk])
        assert (operations_before, made.stops, row(account).state) == ([0, 0, 0], 1, State.STOPPING)
        assert (order.kind, order.reason, order.calculation["available"]) == ("stop", "prepayment", "1.0000")
        assert order.final_notice_at == moment(5)
        assert Message.objects.filter(template="prepayment_used_up", channel="portal").exists()

    def test_a_payment_lifts_the_stop_that_waits(self, account):
        pay(account, "41.00", 1)
        assess(account, 5)

        pay(account, "500.00", 5)
        made = assess(account, 5)

        assert (made.recovered, row(account).state) == (1, State.OK)
        assert [order.state for order in SupplyOrder.objects.all()] == ["cancelled"]
        assert whats(account)[-2:] == [What.STOP_ORDERED, What.RECOVERED]

    def test_a_payment_brings_supply_back_within_the_hours_of_the_market(self, account):
        pay(account, "41.00", 1)
        assess(account, 5)
        stop = SupplyOrder.objects.get()
        service_operations.dispatch(order_id=stop.pk, at=moment(6, 4))
        service_operations.report(order_id=stop.pk, done=True, happened_at=moment(6, 5), evidence={}, at=moment(6, 5))

        pay(account, "500.00", 7)
        assess(account, 7)

        [resumption] = service_queries.open_orders(account_ids=[account.pk])
        assert (resumption.kind, resumption.promised_until) == ("resume", moment(7) + dt.timedelta(hours=24))

    def test_a_second_episode_warns_and_stops_again(self, account):
        pay(account, "41.00", 1)
        assess(account, 5)
        pay(account, "100.00", 5)
        assess(account, 5)

        for day in range(6, 16):
            assess(account, day)

        assert whats(account).count(What.STOP_ORDERED) == 2
        assert row(account).episode == 2

    def test_without_stopping_only_tells(self, account):
        operations.change(account_id=account.pk, limit=Money(Decimal(0), "CNY"), stops=False, at=moment(1))

        assess(account, 5)

        assert row(account).state == State.STOPPING
        assert SupplyOrder.objects.count() == 0

    def test_leaves_accounts_alone_that_pay_afterwards(self, account):
        operations.end(account_id=account.pk, on=MARCH, at=moment(2))

        assert assess(account, 5).looked_at == 0

    def test_asks_the_same_for_three_accounts_as_for_one(self, account, django_assert_max_num_queries):
        for number in "23":
            other = supply.supply(number=number, product=Product.objects.get(), start=MARCH)
            operations.enrol(account_id=other.pk, on=MARCH, at=moment(1))
            pay(other, f"10{number}.00", 1)
        rows = list(PrepaidAccount.objects.select_related("account__customer"))

        with django_assert_max_num_queries(6):
            found = assessing.positions_of(rows=rows, on=dt.date(2026, 3, 5))
        assert len(found) == 3


class TestEnrol:
    def test_takes_the_terms_of_the_market(self, account):
        assert (row(account).credit_limit, row(account).stops) == (Decimal(0), True)

    def test_is_refused_twice(self, account):
        with pytest.raises(operations.AlreadyPrepaid, match="A1 pays ahead already"):
            operations.enrol(account_id=account.pk, on=MARCH, at=moment(1))

    def test_refuses_a_limit_below_zero_or_in_another_currency(self, account):
        for limit in (Money(Decimal("-1"), "CNY"), Money(Decimal("1"), "AUD")):
            with pytest.raises(Exception, match="zero or more in CNY"):
                operations.change(account_id=account.pk, limit=limit, stops=True, at=moment(1))

        assert row(account).credit_limit == 0

    def test_may_begin_again_after_it_ended(self, account):
        operations.end(account_id=account.pk, on=MARCH, at=moment(2))

        operations.enrol(account_id=account.pk, on=dt.date(2026, 3, 9), at=moment(9), limit=Money(Decimal(5), "CNY"))

        assert (row(account).state, row(account).since, row(account).credit_limit) == (
            State.OK, dt.date(2026, 3, 9), Decimal(5),
        )  # fmt: skip


class TestTheRecord:
    def test_is_only_added_to(self, account):
        with pytest.raises(DatabaseError), transaction.atomic():
            PrepaymentEvent.objects.update(what=What.ENDED)
