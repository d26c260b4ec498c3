"""Looked at once a day just after midnight, an account that pays ahead never falls below its limit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from billing.accruals import operations as accrual_operations
from billing.payments import operations as payment_operations
from billing.prepayment import operations
from billing.prepayment.models import PrepaidAccount
from harness import supply
from kernel.money import Money
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers.models import SupplyPoint
from tenants.service import operations as service_operations
from tenants.service.models import SupplyOrder

pytestmark = pytest.mark.django_db
MARCH = dt.date(2026, 3, 1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
LEAD_HOURS, DAILY = 4, 10
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


def just_after_midnight(day: int) -> dt.datetime:
    return dt.datetime(2026, 3, day, 0, 10, tzinfo=SHANGHAI)


def household(days_read: int) -> Any:
    """It uses 20 kWh a day for 0.50 each, evenly: 10.00 a day; readings stop after some days."""
    made = supply.supply(number="1", product=supply.product(document=FLAT, valid_from=MARCH), start=MARCH)
    channel = supply.channel(point=SupplyPoint.objects.get(identifier="P1"), minutes=60)
    each = [833] * 8 + [834] * 8 + [833] * 8
    each[-1] += 20_000 - sum(each)
    supply.read(
        channel=channel, period=Period(MARCH, MARCH + dt.timedelta(days=days_read)), each=lambda _day: list(each)
    )
    operations.enrol(account_id=made.pk, on=MARCH, at=just_after_midnight(1))
    return made


def pay(account: Any, amount: str) -> None:
    payment_operations.receive(
        account_id=account.pk, money=Money(Decimal(amount), "CNY"), method="cash", source="desk", reference=amount,
        received_on=MARCH, at=just_after_midnight(1),
    )  # fmt: skip


def assessed(account: Any, day: int) -> PrepaidAccount:
    on, at = dt.date(2026, 3, day), just_after_midnight(day)
    accrual_operations.rate_unbilled(account_ids=[account.pk], until=on, at=at)
    operations.assess(account_ids=[account.pk], on=on, at=at)
    return PrepaidAccount.objects.get(pk=account.pk)


def left_at(credit: str, instant: dt.datetime) -> Fraction:
    """What is left then, by the clock alone."""
    hours = Fraction((instant - dt.datetime(2026, 3, 1, tzinfo=SHANGHAI)).total_seconds()) / 3600
    return Fraction(credit) - hours * DAILY / 24


class TestEachDay:
    @pytest.mark.parametrize("days_read", [31, 2], ids=["read", "readings late"])
    def test_the_stop_is_ordered_while_the_day_is_covered(self, in_alder, days_read):
        account = household(days_read)
        found = {}
        for credit in ("22.00", "25.00", "29.99", "30.00", "31.00", "35.00", "39.99", "40.00", "41.00"):
            with transaction.atomic():
                pay(account, credit)
                for day in range(3, 9):
                    row = assessed(account, day)
                    assert row.available >= 0, (credit, day)
                    order = SupplyOrder.objects.filter(account=account).first()
                    if order is not None:
                        found[credit] = (day, order.earliest_at.astimezone(SHANGHAI))
                        break
                transaction.set_rollback(True)

        assert {credit: day for credit, (day, _at) in found.items()} == {
            "22.00": 3, "25.00": 3, "29.99": 3, "30.00": 3, "31.00": 4, "35.00": 4, "39.99": 4, "40.00": 4, "41.00": 5,
        }  # fmt: skip
        for credit, (_day, earliest) in found.items():
            assert left_at(credit, earliest + dt.timedelta(hours=LEAD_HOURS)) >= 0 or earliest.hour == 8, credit

    def test_it_is_sent_as_late_as_it_is_covered(self, in_alder):
        """37.00 on 1 March, 10.00 a day: what is left on the 4th lasts for more than the morning."""
        account = household(31)
        pay(account, "37.00")
        assessed(account, 4)

        order = SupplyOrder.objects.get()

        # 7.00 last for 16.8 hours of the 4th; four of them are kept
        assert order.earliest_at == dt.datetime(2026, 3, 4, 12, 48, tzinfo=SHANGHAI)
        assert left_at("37.00", order.earliest_at + dt.timedelta(hours=LEAD_HOURS)) == 0


class TestAnotherAccountsStop:
    def test_at_the_same_point_does_not_stop_the_assessment(self, in_alder):
        account = household(31)
        former = customer_operations.open_account(
            customer=account.customer, number="A9", currency="CNY", opened_on=MARCH, billing_address="1 Elm Road"
        )
        point = SupplyPoint.objects.get(identifier="P1")
        service_operations.request(
            kind="stop", reason="arrears", supply_point_id=point.pk, account_id=former.pk, request_key="former",
            earliest_at=just_after_midnight(1), at=just_after_midnight(1),
        )  # fmt: skip

        row = assessed(account, 5)

        assert (row.state, SupplyOrder.objects.count()) == ("stopping", 1)
