"""Dunning: a case an account, a step once, rest and end; nothing twice, nothing lost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction

from billing.arrears import operations, queries
from billing.arrears.models import Case, CaseEvent, DunningPath, InstalmentPlan, Placement, Promise
from billing.charges.models import AccountCharge
from harness import arrears_cast
from harness.arrears_cast import at, on_days
from kernel.money import Money
from tenants.notices.models import Message

pytestmark = pytest.mark.django_db


def day(text):
    return dt.date.fromisoformat(text)


@pytest.fixture
def late(in_alder):
    """300.00 due on 14 March 2026."""
    account, point = arrears_cast.account("1")
    arrears_cast.bill(in_alder, account, point, "300.00", issued_on=day("2026-02-27"))
    return account


def promise(account, amount="300.00", due="2026-03-20", on="2026-03-16", source="staff"):
    return operations.promise(
        account_id=account.pk, amount=Money(Decimal(amount), "CNY"), due_on=day(due), source=source, by=None,
        on=day(on), at=at(day(on)),
    )  # fmt: skip


def plan(account, count=3, first="2026-03-16", on="2026-03-16", source="staff"):
    return operations.make_plan(
        account_id=account.pk, count=count, first_on=day(first), source=source, by=None, on=day(on), at=at(day(on))
    )


class TestADay:
    def test_nothing_happens_on_the_due_day(self, late):
        on_days("2026-03-14")

        assert not Case.objects.exists()

    def test_done_twice_has_one_effect(self, late):
        on_days("2026-03-15", "2026-03-15", "2026-03-15")

        assert arrears_cast.told(late) == [("reminder", day("2026-03-15"))]
        assert Message.objects.count() == 1

    def test_a_worker_that_dies_leaves_the_step_to_the_next(self, late):
        operations.open_cases(on=day("2026-03-15"), at=at(day("2026-03-15")))
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            operations.advance_chunk(on=day("2026-03-15"), at=at(day("2026-03-15")))
            raise KeyboardInterrupt
        before = (CaseEvent.objects.count(), Message.objects.count())

        on_days("2026-03-15")

        assert before == (0, 0)
        assert arrears_cast.told(late) == [("reminder", day("2026-03-15"))]

    def test_a_day_that_was_missed_is_made_up_for(self, late):
        on_days("2026-03-15", "2026-04-02")

        assert arrears_cast.told(late)[-1] == ("demand", day("2026-04-02"))

    def test_a_payment_ends_the_case(self, late):
        on_days("2026-03-15")
        arrears_cast.pay(late, "300.00", day("2026-03-18"))

        on_days("2026-03-19", "2026-03-24")

        case = arrears_cast.case_of(late)
        assert (case.state, case.reason, case.closed_on) == ("closed", "paid", day("2026-03-19"))
        assert [kind for kind, _on in arrears_cast.told(late)] == ["reminder", "closed"]

    def test_a_new_debt_starts_at_the_first_step(self, late, in_alder):
        on_days("2026-03-15", "2026-03-24")
        point = late.occupancies.get().supply_point
        arrears_cast.bill(in_alder, late, point, "80.00", issued_on=day("2026-03-27"))  # due 11 April
        arrears_cast.pay(late, "300.00", day("2026-04-11"))

        on_days("2026-04-12")

        assert arrears_cast.told(late)[-1] == ("reminder", day("2026-04-12"))

    def test_less_than_a_step_asks_for_waits(self, in_alder):
        account, point = arrears_cast.account("2")
        arrears_cast.bill(in_alder, account, point, "49.00", issued_on=day("2026-02-27"))

        arrears_cast.on_days("2026-03-15", "2026-03-24", "2026-04-08", "2026-04-20")

        assert [kind for kind, _on in arrears_cast.told(account)] == ["reminder", "demand"]

    def test_many_cases_need_few_statements(self, in_alder, django_assert_max_num_queries):
        for number in range(10, 22):
            account, point = arrears_cast.account(str(number))
            arrears_cast.bill(in_alder, account, point, "60.00", issued_on=day("2026-02-27"))
        on_days("2026-03-15")

        with django_assert_max_num_queries(40):
            on_days("2026-03-16")


class TestRest:
    def test_a_dispute_keeps_it_back_until_it_ends(self, late):
        held = operations.hold(
            account_id=late.pk,
            kind="disputed",
            note="meter",
            since=day("2026-03-15"),
            by=None,
            at=at(day("2026-03-15")),
        )
        on_days("2026-03-15", "2026-03-24")
        resting = (arrears_cast.case_of(late).state, arrears_cast.case_of(late).reason)
        operations.end_hold(hold_id=held.pk, on=day("2026-03-25"))

        on_days("2026-03-25")

        assert resting == ("resting", "disputed")
        assert arrears_cast.told(late) == [("reminder", day("2026-03-25"))]

    def test_a_promise_that_is_kept(self, late):
        on_days("2026-03-15")
        promise(late)
        on_days("2026-03-18")
        resting = arrears_cast.case_of(late).state
        arrears_cast.pay(late, "300.00", day("2026-03-20"))

        arrears_cast.settle(late, day("2026-03-20"))

        assert (resting, Promise.objects.get().state) == ("resting", "kept")
        assert arrears_cast.case_of(late).state == "closed"

    def test_a_promise_that_is_broken_the_day_after(self, late):
        on_days("2026-03-15")
        promise(late)
        arrears_cast.pay(late, "299.99", day("2026-03-20"))

        on_days("2026-03-20")
        still = Promise.objects.get().state
        on_days("2026-03-21")

        assert (still, Promise.objects.get().state) == ("open", "broken")
        assert arrears_cast.case_of(late).state == "running"

    @pytest.mark.parametrize("due", ["2026-03-15", "2026-03-27"])
    def test_a_promise_beyond_the_rule_is_refused(self, late, due):
        with pytest.raises(operations.PromiseTooFar):
            promise(late, due=due)

        assert not Promise.objects.exists()

    def test_broken_promises_close_the_portal_for_another(self, late):
        for number in (16, 18):
            promise(late, on=f"2026-03-{number}", due=f"2026-03-{number}")
            operations.judge(on=day(f"2026-03-{number + 1}"), at=at(day(f"2026-03-{number + 1}")))

        with pytest.raises(operations.TooManyBroken):
            promise(late, on="2026-03-20", due="2026-03-21", source="portal")
        assert queries.offers(account_id=late.pk, on=day("2026-03-20")).person

    def test_a_plan_that_is_kept_rests_and_ends(self, late):
        on_days("2026-03-15")
        plan(late)
        for on in ("2026-03-16", "2026-04-16", "2026-05-16"):
            arrears_cast.pay(late, "100.00", day(on))
            on_days(on)

        assert InstalmentPlan.objects.get().state == "completed"
        assert [kind for kind, _on in arrears_cast.told(late)] == ["reminder", "plan_made", "plan_completed", "closed"]

    def test_a_missed_instalment_makes_all_due(self, late):
        on_days("2026-03-15")
        plan(late)
        arrears_cast.pay(late, "100.00", day("2026-03-16"))

        on_days("2026-04-19")
        kept = InstalmentPlan.objects.get().state
        on_days("2026-04-20")

        assert (kept, InstalmentPlan.objects.get().state) == ("active", "defaulted")
        assert arrears_cast.case_of(late).state == "running"
        assert queries.offers(account_id=late.pk, on=day("2026-04-20")).overdue.amount == 200

    def test_the_portal_has_its_limits(self, late):
        with pytest.raises(operations.PlanTooLong):
            plan(late, count=4, source="portal")
        with pytest.raises(operations.NothingOverdue):
            other, _point = arrears_cast.account("9")
            plan(other)


class TestPaths:
    def test_cases_keep_the_version_they_began_with(self, late):
        on_days("2026-03-15")
        first = DunningPath.objects.get()
        document = {**first.document, "steps": first.document["steps"][:1]}

        operations.save_path(code="standard", titles=first.titles, document=document, by=None, at=at(day("2026-03-15")))
        second = operations.publish_path(code="standard", at=at(day("2026-03-15")))
        on_days("2026-03-24")

        assert (second.number, arrears_cast.case_of(late).path_id) == (2, first.pk)
        assert arrears_cast.told(late)[-1] == ("demand", day("2026-03-24"))

    def test_weak_households_take_their_own(self, late):
        document = {
            "steps": [{"code": "call", "wait": 1, "channel": "none", "action": "call", "title": {"en": "Call"}}]
        }
        operations.save_path(
            code="weak", titles={"en": "Weak"}, document=document, credit_classes=["weak"], by=None,
            at=at(day("2026-03-01")),
        )  # fmt: skip
        operations.publish_path(code="weak", at=at(day("2026-03-01")))
        operations.set_standing(
            account_id=late.pk, credit_class="weak", flags=[], note="", by=None, at=at(day("2026-03-01"))
        )

        on_days("2026-03-15")

        assert arrears_cast.told(late) == [("call", day("2026-03-15"))]

    def test_the_preview_names_who_would_get_what(self, late):
        [found] = queries.preview(document={"steps": policies_path()}, on=day("2026-03-30"))

        assert (found.account.pk, found.days, found.step.code) == (late.pk, 16, "reminder")
        assert not CaseEvent.objects.exists()

    def test_a_fee_is_charged_once(self, late):
        document = {
            "steps": [
                {"code": "a", "wait": 1, "channel": "none", "action": "reminder", "fee": "2.50", "title": {"en": "A"}}
            ]
        }
        operations.save_path(code="standard", titles={"en": "S"}, document=document, by=None, at=at(day("2026-03-01")))
        operations.publish_path(code="standard", at=at(day("2026-03-01")))

        on_days("2026-03-15", "2026-03-15", "2026-03-16")

        assert [(each.kind, each.amount) for each in AccountCharge.objects.all()] == [("reminder_fee", Decimal("2.50"))]


class TestProtection:
    def test_nobody_on_life_support_is_stopped(self, late):
        operations.set_standing(
            account_id=late.pk, credit_class="", flags=["life_support"], note="", by=None, at=at(day("2026-03-15"))
        )

        on_days("2026-03-15", "2026-03-24", "2026-04-08", "2026-04-15", "2026-04-16")

        assert [kind for kind, _on in arrears_cast.told(late)][-2:] == ["stop_refused", "stop_refused"]
        case = queries.case_of_account(account_id=late.pk)
        with pytest.raises(operations.StopNotLegal):
            operations.request_stop(case=case, on=day("2026-04-16"), at=at(day("2026-04-16")))


class TestAgencies:
    def test_the_only_agency_gets_the_debt_and_its_share(self, late):
        operations.add_agency(code="acme", name="Acme", commission=Decimal("0.15"))
        operations.place(account_id=late.pk, agency="acme", on=day("2026-06-01"), at=at(day("2026-06-01")))
        arrears_cast.pay(late, "120.00", day("2026-06-05"))
        arrears_cast.settle(late, day("2026-06-05"))

        found = Placement.objects.get()
        assert (found.collected, found.collected * found.commission) == (120, 18)
        operations.recall(placement_id=found.pk, on=day("2026-06-10"))
        assert Placement.objects.get().state == "recalled"


def policies_path():
    from markets import packs

    return packs.pack("cn").policies["dunning"]["path"]
