"""Three customers who pay late: a household and a factory in China, a household in Australia; dated, to the cent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.arrears import operations
from billing.arrears.models import LateFee
from billing.charges.models import AccountCharge
from harness import arrears_cast
from harness.arrears_cast import at
from tenants.notices.models import Message
from tenants.service import operations as service_operations
from tenants.service.models import SupplyOrder

pytestmark = pytest.mark.django_db


def day(text):
    return dt.date.fromisoformat(text)


def charges_of(account):
    return [(each.kind, each.amount) for each in AccountCharge.objects.filter(account=account).order_by("pk")]


class TestAFactoryPaysOverNewYear:
    """2,000 due on 15 December 2025, paid on 21 January 2026: 16 days at 2 ‰, 21 days at 3 ‰ (market rules A11)."""

    @pytest.fixture
    def factory(self, in_alder):
        account, point = arrears_cast.account("1", kind="business")
        invoice = arrears_cast.bill(in_alder, account, point, "2000.00", issued_on=day("2025-11-30"))
        assert invoice.due_on == day("2025-12-15")
        return account

    def test_the_fee_is_190_once(self, factory):
        arrears_cast.pay(factory, "2000.00", day("2026-01-21"))

        for _again in range(3):
            arrears_cast.settle(factory, day("2026-01-21"))
        operations.assess_late_fees(on=day("2026-02-10"), at=at(day("2026-02-10")))

        assert charges_of(factory) == [("late_fee", Decimal("190.00"))]
        [part] = LateFee.objects.all()
        assert (part.days.lower, part.days.upper) == (day("2025-12-16"), day("2026-01-22"))
        assert [(s["first"], s["until"], s["rate"], Decimal(s["fee"])) for s in part.calculation["spans"]] == [
            ("2025-12-16", "2026-01-01", "0.002", Decimal(64)),
            ("2026-01-01", "2026-01-22", "0.003", Decimal(126)),
        ]

    def test_nothing_is_charged_before_it_is_paid(self, factory):
        assert operations.assess_late_fees(on=day("2026-01-20"), at=at(day("2026-01-20"))) == 0

    def test_a_payment_in_part_lowers_the_fee(self, factory):
        arrears_cast.pay(factory, "1500.00", day("2025-12-20"))
        arrears_cast.pay(factory, "500.00", day("2026-01-21"))

        arrears_cast.settle(factory, day("2026-01-21"))

        # 5 days on 2,000 and 11 on 500 at 2 ‰, 21 on 500 at 3 ‰
        assert charges_of(factory) == [("late_fee", Decimal("62.50"))]


class TestAHouseholdIsStoppedAndComesBack:
    def test_from_the_reminder_to_light_again(self, in_alder):
        account, point = arrears_cast.account("2")
        arrears_cast.bill(in_alder, account, point, "300.00", issued_on=day("2026-02-27"))  # due 14 March

        arrears_cast.days(day("2026-03-15"), day("2026-04-20"))

        # 7 working days to 24 March, 15 days to 8 April, 7 days to 15 April: more than 30 days overdue by then
        assert arrears_cast.told(account) == [
            ("reminder", day("2026-03-15")),
            ("demand", day("2026-03-24")),
            ("stop_notice", day("2026-04-08")),
            ("stop", day("2026-04-15")),
        ]
        assert sorted(Message.objects.values_list("template", "channel")) == [
            ("dunning_demand", "letter"),
            ("dunning_reminder", "sms"),
            ("dunning_stop_notice", "letter"),
        ]
        [order] = SupplyOrder.objects.all()
        assert (order.kind, order.state, order.calculation["legal"]) == ("stop", "requested", True)

        # The last notice, an hour before
        assert operations.prepare_stops(at=at(day("2026-04-20"))) == 1
        with pytest.raises(service_operations.FinalNoticeMissing):
            service_operations.dispatch(order_id=order.pk, at=at(day("2026-04-20")) + dt.timedelta(minutes=59))
        sent_at = at(day("2026-04-20"), hour=3)
        service_operations.dispatch(order_id=order.pk, at=sent_at)
        service_operations.report(order_id=order.pk, done=True, happened_at=sent_at, evidence={}, at=sent_at)

        # He pays; supply is ordered back within 24 hours, and 1 ‰ a day for 37 days is charged
        arrears_cast.pay(account, "300.00", day("2026-04-20"))
        arrears_cast.settle(account, day("2026-04-20"))

        back = SupplyOrder.objects.get(kind="resume")
        assert back.promised_until - back.requested_at == dt.timedelta(hours=24)
        assert arrears_cast.case_of(account).state == "closed"
        assert charges_of(account) == [("late_fee", Decimal("11.10"))]

    def test_paying_in_time_leaves_no_trace(self, in_alder):
        account, point = arrears_cast.account("3")
        arrears_cast.bill(in_alder, account, point, "300.00", issued_on=day("2026-02-27"))
        arrears_cast.pay(account, "300.00", day("2026-03-14"))

        arrears_cast.days(day("2026-03-13"), day("2026-03-18"))
        arrears_cast.settle(account, day("2026-03-18"))

        assert (arrears_cast.told(account), charges_of(account)) == ([], [])


class TestAnAustralianHousehold:
    def test_pays_a_fixed_fee_and_is_not_stopped_on_a_friday(self, in_birch):
        account, point = arrears_cast.account("4", currency="AUD", zone="Australia/Sydney", region="NSW")
        invoice = arrears_cast.bill(in_birch, account, point, "400.00", issued_on=day("2026-05-01"))
        due = invoice.due_on

        operations.assess_late_fees(on=due, at=at(due))
        operations.assess_late_fees(on=due + dt.timedelta(days=2), at=at(due + dt.timedelta(days=2)))
        arrears_cast.days(due + dt.timedelta(days=1), due + dt.timedelta(days=50))

        assert charges_of(account) == [("late_fee", Decimal("15.00"))]
        kinds = [kind for kind, _on in arrears_cast.told(account)]
        assert kinds[:3] == ["reminder", "demand", "stop_notice"]
        assert kinds[-1] == "stop"
        order = SupplyOrder.objects.get()
        local = order.earliest_at.astimezone(dt.timezone(dt.timedelta(hours=10)))
        assert (local.isoweekday() < 5, local.hour >= 8) == (True, True)
