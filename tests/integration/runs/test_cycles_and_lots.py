"""Cycles, lots, and the runs that start by themselves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.runs import operations, queries
from billing.runs.models import BillRun
from billing.runs.operations import cycles, lifecycle
from harness import bill_cast, supply
from harness.bill_cast import AT
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries

MONTHLY = {"en": "Monthly", "zh-hans": "每月"}
pytestmark = pytest.mark.django_db


def _cycle(code="m1", months=1, cut_off_day=1, first_month=dt.date(2026, 1, 1)):
    return operations.create_cycle(
        code=code, titles=MONTHLY, months=months, cut_off_day=cut_off_day, first_month=first_month
    )


def _lot(code="L1", cycle="m1", **given):
    return operations.create_lot(cycle_code=cycle, code=code, titles=MONTHLY, **given)


def _accounts(*numbers, kind="household"):
    for number in numbers:
        customer = customer_operations.create_customer(number=f"C{number}", name=number, kind=kind)
        customer_operations.open_account(
            customer=customer, number=f"A{number}", currency="CNY", opened_on=dt.date(2026, 1, 1)
        )


class TestCycles:
    def test_two_months_from_the_fifteenth(self, in_alder):
        _cycle("two", months=2, cut_off_day=15, first_month=dt.date(2026, 1, 1))
        lot = _lot(cycle="two", billing_days=3, working_days=True)

        coming = queries.next_bills(lot=lot, since=dt.date(2026, 4, 1), count=2)

        # 15 May 2026 is a Friday: the third working day after it is Wednesday the 20th
        assert [(each.period, each.billing_day) for each in coming] == [
            (Period(dt.date(2026, 3, 15), dt.date(2026, 5, 15)), dt.date(2026, 5, 20)),
            (Period(dt.date(2026, 5, 15), dt.date(2026, 7, 15)), dt.date(2026, 7, 20)),
        ]

    def test_have_no_billing_day_in_a_year_whose_working_days_nobody_announced(self, in_alder):
        _cycle()
        lot = _lot(billing_days=3, working_days=True)

        [coming] = queries.next_bills(lot=lot, since=dt.date(2031, 4, 1), count=1)

        assert (coming.period, coming.billing_day) == (Period.of_month(2031, 4), None)

    @pytest.mark.parametrize("given", [{"months": 5}, {"cut_off_day": 29}, {"cut_off_day": 0}])
    def test_refuse_what_no_calendar_knows(self, in_alder, given):
        with pytest.raises(cycles.ScheduleImplausible):
            _cycle(**given)

        assert not queries.cycles().exists()

    def test_refuse_a_code_that_is_taken(self, in_alder):
        _cycle()

        with pytest.raises(cycles.CodeTaken):
            _cycle()

    def test_start_nothing_after_their_end(self, in_alder):
        _cycle()
        lot = _lot()
        operations.end_cycle(code="m1", on=dt.date(2026, 5, 1))

        coming = queries.next_bills(lot=queries.lot(code=lot.code), since=dt.date(2026, 4, 1), count=3)

        assert [each.period for each in coming] == [Period.of_month(2026, 4)]


class TestLots:
    def test_a_rule_shares_accounts_evenly(self, in_alder):
        _cycle()
        _lot("L1", rule={"kinds": ["household"]})
        _lot("L2", rule={"kinds": ["household"]})
        _lot("L3", rule={"kinds": ["business"]})
        _accounts("1", "2", "3", "4", "5")
        _accounts("6", kind="business")

        moved = operations.assign_by_rule(at=AT, on=dt.date(2026, 4, 1))

        assert sorted(moved.items()) == [("L1", 3), ("L2", 2), ("L3", 1)]
        assert operations.assign_by_rule(at=AT, on=dt.date(2026, 4, 1)) == {}

    def test_what_no_rule_takes_is_listed(self, in_alder):
        _cycle()
        _lot("L1", rule={"list_only": True})
        _accounts("1", "2")
        operations.assign(lot_code="L1", account_numbers=["A1"], at=AT)

        operations.assign_by_rule(at=AT, on=dt.date(2026, 4, 1))

        assert [each.number for each in queries.accounts_without_lot(on=dt.date(2026, 4, 1))] == ["A2"]

    def test_a_list_moves_accounts_and_names_those_that_are_not(self, in_alder):
        _cycle()
        for code in ("L1", "L2"):
            _lot(code)
        _accounts("1")
        operations.assign(lot_code="L1", account_numbers=["A1"], at=AT)

        with pytest.raises(cycles.UnknownAccounts, match="A7"):
            operations.assign(lot_code="L2", account_numbers=["A1", "A7"], at=AT)
        moved = operations.assign(lot_code="L2", account_numbers=["A1"], at=AT)

        assert (moved, queries.lot(code="L1").member_count, queries.lot(code="L2").member_count) == (1, 0, 1)

    def test_a_rule_of_another_name_is_refused(self, in_alder):
        _cycle()

        with pytest.raises(cycles.ScheduleImplausible):
            _lot(rule={"colour": "red"})


class TestDueRuns:
    @pytest.fixture
    def lots(self, in_alder):
        bill_cast.households("1", "2")
        _cycle()
        _lot("L1")
        _lot("L2")
        operations.assign(lot_code="L1", account_numbers=["A1"], at=AT)
        operations.assign(lot_code="L2", account_numbers=["A2"], at=AT)

    def test_start_for_each_lot_once(self, lots):
        started = operations.start_due_runs(on=dt.date(2026, 4, 1), at=AT)

        assert [(run.lot.code, run.planned_for) for run in started if run.period.lower == dt.date(2026, 3, 1)] == [
            ("L1", dt.date(2026, 4, 2)),
            ("L2", dt.date(2026, 4, 2)),
        ]
        assert operations.start_due_runs(on=dt.date(2026, 4, 1), at=AT) == []

    def test_do_not_start_before_the_period_has_ended(self, lots):
        assert operations.start_due_runs(on=dt.date(2026, 3, 31), at=AT) == []

    def test_two_at_once_give_a_lot_one_run(self, lots):
        operations.start_due_runs(on=dt.date(2026, 4, 1), at=AT)

        with pytest.raises(lifecycle.LotRunExists):
            operations.create_lot_run(lot=queries.lot(code="L1"), period=bill_cast.MARCH, at=AT)

        assert BillRun.objects.count() == 2

    def test_bill_only_the_accounts_of_their_lot(self, lots):
        run = next(run for run in operations.start_due_runs(on=dt.date(2026, 4, 1), at=AT) if run.lot.code == "L2")

        assert list(queries.items(run=run).values_list("account__number", flat=True)) == ["A2"]


class TestSeveralMonths:
    def test_each_month_costs_its_own_basic_charge(self, in_alder):
        both = Period(dt.date(2026, 2, 1), dt.date(2026, 4, 1))
        bill_cast.households("1", document=bill_cast.STANDING, period=both)
        _cycle("two", months=2, first_month=dt.date(2026, 2, 1))
        _lot("L1", cycle="two")
        operations.assign(lot_code="L1", account_numbers=["A1"], at=AT)
        [run] = operations.start_due_runs(on=dt.date(2026, 4, 1), at=AT)

        run = bill_cast.issued(operations.run_to_review(run=run, at=AT))

        # 28 × 9.6 × 0.5283 = 142.01; 31 × 9.6 × 0.5283 = 157.22; 12.40 for each of the months
        item = bill_cast.item(run, "1")
        assert (run.state, item.total) == ("done", Decimal("324.03"))
        parts = [(part["from"], part["to"]) for part in item.draft.parts]
        assert parts == [("2026-02-01", "2026-03-01"), ("2026-03-01", "2026-04-01")]


class TestOutOfTurn:
    @pytest.fixture
    def household(self, in_alder):
        channels = bill_cast.households("1", document=bill_cast.STANDING)
        supply.read(channel=channels["1"], period=Period(dt.date(2026, 1, 1), dt.date(2026, 3, 1)), each=100)
        for month in (1, 2):
            bill_cast.issued(bill_cast.reviewed(Period.of_month(2026, month)))
        return customer_queries.account(number="A1")

    def test_a_final_bill_shares_the_month_by_days(self, household):
        [run] = operations.close_account(account_id=household.pk, moved_out_on=dt.date(2026, 3, 11), at=AT)

        run = bill_cast.issued(operations.run_to_review(run=run, at=AT))

        # 12.40 × 10 ÷ 31 = 4.00 and 96 kWh × 0.5283 = 50.72
        assert (run.kind, run.state, bill_cast.item(run, "1").total) == ("final", "done", Decimal("54.72"))
        assert queries.final_invoices() == [(household.pk, bill_cast.item(run, "1").invoice_id)]
        assert customer_queries.account_detail(number="A1").occupancies[0].period.upper == dt.date(2026, 3, 11)

    def test_the_run_of_the_month_leaves_the_finished_account_out(self, household):
        operations.close_account(account_id=household.pk, moved_out_on=dt.date(2026, 3, 11), at=AT)

        with pytest.raises(lifecycle.NothingToBill):
            bill_cast.reviewed()

    def test_a_bill_on_demand_and_the_rest_of_the_month_cost_the_month(self, household):
        [early] = operations.bill_now(account_id=household.pk, until=dt.date(2026, 3, 11), at=AT)
        early = bill_cast.issued(operations.run_to_review(run=early, at=AT))

        rest = bill_cast.issued(bill_cast.reviewed())

        assert [bill_cast.item(run, "1").total for run in (early, rest)] == [Decimal("54.72"), Decimal("114.91")]

    def test_nothing_is_billed_twice(self, household):
        operations.bill_now(account_id=household.pk, until=dt.date(2026, 4, 1), at=AT)

        with pytest.raises(operations.single.UntilImplausible):
            operations.bill_now(account_id=household.pk, until=dt.date(2026, 4, 1), at=AT)

    def test_all_that_was_not_billed_comes_by_months(self, in_alder):
        bill_cast.households("1", period=Period(dt.date(2026, 1, 1), dt.date(2026, 4, 1)))
        account = customer_queries.account(number="A1")

        runs = operations.bill_now(account_id=account.pk, until=dt.date(2026, 3, 11), at=AT)

        assert [(run.period.lower, queries.items(run=run).get().period.upper) for run in runs] == [
            (dt.date(2026, 1, 1), dt.date(2026, 2, 1)),
            (dt.date(2026, 2, 1), dt.date(2026, 3, 1)),
            (dt.date(2026, 3, 1), dt.date(2026, 3, 11)),
        ]
