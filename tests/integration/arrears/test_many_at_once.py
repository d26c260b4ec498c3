"""Stops, hand-overs, last notices and late fees of many accounts: as many statements as for few, the same rows."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.arrears import operations
from billing.arrears.models import Case, CaseEvent, LateFee, Placement
from billing.charges.models import AccountCharge
from harness import arrears_cast
from harness.arrears_cast import at
from tenants.notices.models import Message
from tenants.service import operations as service_operations
from tenants.service.kinds import OrderKind, OrderReason
from tenants.service.models import SupplyOrder, SupplyOrderEvent

pytestmark = pytest.mark.django_db

STOP_DAY = dt.date(2026, 4, 15)
"""The day on which what was due on 14 March comes to its stop."""


def day(text):
    return dt.date.fromisoformat(text)


def path_of(steps):
    document = {"steps": steps}
    operations.save_path(code="standard", titles={"en": "S"}, document=document, by=None, at=at(day("2026-01-01")))
    operations.publish_path(code="standard", at=at(day("2026-01-01")))


def step(code, wait, action, **more):
    return {"code": code, "wait": wait, "channel": "none", "action": action, "title": {"en": code}, **more}


def accounts(retailer, count, *, first=1, amount="300.00", kind="household"):
    made = []
    for number in range(first, first + count):
        account, point = arrears_cast.account(str(number), kind=kind)
        arrears_cast.bill(retailer, account, point, amount, issued_on=day("2026-02-27"))
        made.append(account)
    return made


def statements(task):
    with CaptureQueriesContext(connection) as found:
        task()
    return len(found)


def written():
    """What stands in the tables of collections, without keys that the database gives."""
    numbers = {pk: number for pk, number in Case.objects.values_list("pk", "account__number")}
    return {
        "cases": sorted(
            Case.objects.values_list(
                "account__number",
                "state",
                "reason",
                "step",
                "next_on",
                "advanced_on",
                "closed_on",
                "due_since",
                "overdue",
            )
        ),
        "events": sorted(
            (numbers[case], key, kind, on, at_, by, repr(sorted(details.items())))
            for case, key, kind, on, at_, by, details in CaseEvent.objects.values_list(
                "case_id", "key", "kind", "on", "at", "by", "details"
            )
        ),
        "orders": sorted(
            (
                account,
                point,
                order.kind,
                order.reason,
                order.state,
                order.request_key.split(",")[-1],
                order.earliest_at,
                order.final_notice_at,
                repr(sorted((k, v) for k, v in order.calculation.items() if k != "case")),
            )
            for order, account, point in (
                (each, each.account.number, each.supply_point.identifier)
                for each in SupplyOrder.objects.select_related("account", "supply_point")
            )
        ),
        "order_events": sorted(
            SupplyOrderEvent.objects.values_list("order__supply_point__identifier", "what", "at", "by")
        ),
        "placements": sorted(
            Placement.objects.values_list(
                "account__number", "agency__code", "amount", "currency", "commission", "placed_on", "state", "by", "at"
            )
        ),
        "charges": sorted(
            AccountCharge.objects.values_list("account__number", "kind", "source", "amount", "on", "period"), key=repr
        ),
        "late_fees": sorted(
            LateFee.objects.values_list("invoice__number", "number", "days", "corrects", "amount", "total"), key=repr
        ),
        "messages": sorted(Message.objects.values_list("customer__number", "template", "channel", "body")),
    }


class TestStatements:
    def counted(self, retailer, few, more, task):
        """How many statements a task takes for few accounts, and for those and more."""
        accounts(retailer, few)
        with transaction.atomic():
            first = statements(task)
            transaction.set_rollback(True)
        accounts(retailer, more, first=few + 1)
        second = statements(task)
        return first, second

    def test_stops_of_many_take_as_many_as_of_few(self, in_alder):
        steps = [
            step("demand", 1, "demand"), step("notice", 0, "stop_notice"), step("stop", 30, "stop", fee="5.00"),
        ]  # fmt: skip
        path_of(steps)

        def days():
            arrears_cast.on_days("2026-03-15", "2026-03-16", str(STOP_DAY))

        few, many = self.counted(in_alder, 3, 17, days)

        assert SupplyOrder.objects.filter(kind="stop").count() == 20
        assert many == few

    def test_last_notices_of_many_take_as_many_as_of_few(self, in_alder):
        steps = [step("demand", 1, "demand"), step("notice", 0, "stop_notice"), step("stop", 30, "stop")]
        path_of(steps)
        told = at(STOP_DAY)
        made = accounts(in_alder, 12)
        arrears_cast.on_days("2026-03-15", "2026-03-16", str(STOP_DAY))
        orders = SupplyOrder.objects.filter(account__in=made[2:])

        with transaction.atomic():
            orders.update(final_notice_at=told)
            few = statements(lambda: operations.prepare_stops(at=told))
            transaction.set_rollback(True)
        many = statements(lambda: operations.prepare_stops(at=told))

        assert many == few
        assert SupplyOrderEvent.objects.filter(what="final_notice").count() == 12
        assert Message.objects.filter(template="stop_final_notice").count() == 12
        assert operations.prepare_stops(at=told) == 0

    def test_hand_overs_of_many_take_as_many_as_of_few(self, in_alder):
        path_of([step("agency", 1, "agency")])
        operations.add_agency(code="acme", name="Acme", commission=Decimal("0.15"))

        few, many = self.counted(in_alder, 3, 17, lambda: arrears_cast.on_days("2026-03-15"))

        assert Placement.objects.count() == 20
        assert many == few

    def test_late_fees_of_many_take_as_many_as_of_few(self, in_alder):
        def task():
            operations.assess_late_fees(on=day("2026-03-24"), at=at(day("2026-03-24")))

        def paid(found):
            for account in found:
                arrears_cast.pay(account, "300.00", day("2026-03-24"))

        paid(accounts(in_alder, 3))
        with transaction.atomic():
            few = statements(task)
            transaction.set_rollback(True)
        paid(accounts(in_alder, 17, first=4))
        many = statements(task)

        assert LateFee.objects.count() == 20
        assert {each.amount for each in LateFee.objects.all()} == {Decimal("3.00")}
        assert many == few


class TestTheSameRows:
    """Together or one by one: chunks of one account are the plain way."""

    @pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3, 4, 5))])
    def test_of_random_accounts(self, in_alder, seed):
        chance = random.Random(seed)
        path_of(
            [
                step("demand", 1, "demand", fee="2.50"),
                step("notice", 3, "stop_notice", minimum="60.00"),
                step("stop", 7, "stop"),
                step("agency", 5, "agency", minimum="80.00"),
            ]
        )
        if chance.random() < 0.7:
            operations.add_agency(code="acme", name="Acme", commission=Decimal("0.15"))
        made = random_accounts(chance, in_alder)
        found = []
        for size in (1, 5000):
            with transaction.atomic():
                live(random.Random(seed), made, size)
                found.append(written())
                transaction.set_rollback(True)

        assert found[0]["events"]
        assert any(kind == "stop" for _case, _key, kind, *_more in found[0]["events"])
        assert found[0] == found[1]


def random_accounts(chance, retailer):
    """Households and businesses with one or two supply points, protected or not, owing little or much."""
    made = []
    for number in range(1, 9):
        kind = chance.choice(["household", "business"])
        account, point = arrears_cast.account(str(number), kind=kind, region=chance.choice(["", "hubei"]))
        if chance.random() < 0.3:
            second = arrears_cast.customer_operations.add_supply_point(
                identifier=f"Q{number}", address="9 Elm Road", time_zone="Asia/Shanghai"
            )
            arrears_cast.customer_operations.move_in(account=account, supply_point=second, on=arrears_cast.OPENED)
        amount = f"{chance.randint(2000, 40000) / 100:.2f}"
        arrears_cast.bill(retailer, account, point, amount, issued_on=day("2026-02-27"))
        flags = chance.choice([[], [], [], ["life_support"], ["important"]])
        operations.set_standing(
            account_id=account.pk, credit_class="", flags=flags, note="", by=None, at=at(day("2026-03-01"))
        )
        if chance.random() < 0.2:
            service_operations.request(
                kind=OrderKind.STOP, reason=OrderReason.SAFETY, supply_point_id=point.pk, account_id=account.pk,
                request_key=f"safety {number}", earliest_at=at(day("2026-03-02")), at=at(day("2026-03-02")),
            )  # fmt: skip
        made.append((account, Decimal(amount)))
    return made


DAYS = (1, 2, 4, 5, 11, 12, 16, 17, 22, 30, 31, 32, 38, 45, 60)
"""After 14 March: those on which the path has a step, and some between."""


def live(chance, made, size):
    """The days go by for the accounts, ``size`` of them in a transaction; some pay."""
    for number in DAYS:
        on = day("2026-03-14") + dt.timedelta(days=number)
        operations.judge(on=on, at=at(on))
        operations.open_cases(on=on, at=at(on))
        while operations.advance_chunk(on=on, at=at(on), size=size):
            pass
        if number in (5, 22, 38):
            account, amount = chance.choice(made)
            part = (amount * chance.choice([1, 2, 4]) / 4).quantize(Decimal("0.01"))
            arrears_cast.pay(account, str(part), on, reference=f"{account.pk} {number}")
            for place in range(0, len(made), size):
                chunk = [account.pk for account, _amount in made[place : place + size]]
                operations.assess_late_fees(on=on, at=at(on), account_ids=chunk)
        operations.prepare_stops(at=at(on))


class TestAnotherAccountsOrder:
    """A former customer's stop is still open at the supply point: nobody else's dunning may fail for it."""

    def test_the_day_goes_on_for_all(self, in_alder):
        path_of([step("demand", 1, "demand"), step("notice", 0, "stop_notice"), step("stop", 30, "stop")])
        first, second = accounts(in_alder, 2)
        former, _point = arrears_cast.account("9")
        point = first.occupancies.get().supply_point
        service_operations.request(
            kind=OrderKind.STOP, reason=OrderReason.ARREARS, supply_point_id=point.pk, account_id=former.pk,
            request_key="former", earliest_at=at(day("2026-03-02")), at=at(day("2026-03-02")),
        )  # fmt: skip

        arrears_cast.on_days("2026-03-15", "2026-03-16", str(STOP_DAY))

        assert [each.account_id for each in SupplyOrder.objects.order_by("pk")] == [former.pk, second.pk]
        assert arrears_cast.told(second)[-1] == ("stop", STOP_DAY)
