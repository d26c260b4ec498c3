"""Pages around the runs: cycles and lots, holds, charges, approval, bills out of turn."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.charges import queries as charge_queries
from billing.runs import operations, queries
from identity.models import AuditEvent
from kernel.periods import Period

AT = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db
CYCLE = {
    "code": "monthly", "title_en": "Monthly", "title_zh": "按月", "months": "1", "cut_off_day": "1",
    "first_month": "2026-01",
}  # fmt: skip
LOT = {"code": "north", "title_en": "North", "title_zh": "北区", "billing_days": "3", "segments": ""}


def _reviewed():
    run = operations.create_run(period=Period.of_month(2026, 1), at=AT)
    return operations.run_to_review(run=run, at=AT)


class TestCyclesAndLots:
    def test_are_made_and_filled_by_hand(self, admin, household):
        assert admin.post("/console/runs/cycles/new/", CYCLE).status_code == 302
        assert admin.post("/console/runs/cycles/monthly/lots/new/", LOT).status_code == 302
        assert admin.post("/console/runs/lots/north/assign/", {"accounts": "A1"}).status_code == 302

        page = admin.get("/console/runs/lots/north/").content.decode()

        assert "A1" in page
        assert queries.lot(code="north").member_count == 1
        assert admin.get("/console/runs/cycles/").status_code == 200

    def test_a_code_that_is_taken_is_said_at_its_field(self, admin, household):
        admin.post("/console/runs/cycles/new/", CYCLE)

        again = admin.post("/console/runs/cycles/new/", CYCLE)

        assert (again.status_code, queries.cycles().count()) == (422, 1)

    def test_rules_take_in_what_has_no_lot(self, admin, household):
        admin.post("/console/runs/cycles/new/", CYCLE)
        admin.post("/console/runs/cycles/monthly/lots/new/", LOT)

        answer = admin.post("/console/runs/lots/assign/", follow=True)

        assert "1 account has a lot now." in answer.content.decode()


class TestHolds:
    def test_an_account_is_held_and_let_go(self, admin, household):
        admin.post("/console/runs/holds/new/", {"account": "A1", "note": "complaint"})
        assert queries.is_billing_held(account_ids=[household.pk], on=dt.date(2026, 3, 2)) == {household.pk}
        assert "complaint" in admin.get("/console/runs/holds/").content.decode()

        admin.post("/console/runs/holds/A1/-/lift/")

        assert queries.is_billing_held(account_ids=[household.pk], on=dt.date(2026, 3, 2)) == set()
        assert {"account.hold", "account.lift"} <= set(AuditEvent.objects.values_list("action", flat=True))

    def test_a_run_is_held_and_resumed(self, admin, household):
        _reviewed()

        admin.post("/console/runs/1/hold/", {"note": "prices in doubt"})
        page = admin.get("/console/runs/1/").content.decode()
        admin.post("/console/runs/1/resume/")

        assert "prices in doubt" in page
        assert queries.run(number=1).held_at is None


class TestApproval:
    def test_two_people_let_a_large_bill_go(self, admin, household, as_role):
        operations.set_rules(rules={"brakes": {"approval_above": {"household": "1"}}})
        run = _reviewed()
        item = queries.items(run=run).get()
        address = f"/console/runs/1/bills/{item.pk}/"

        admin.post(f"{address}release/")
        admin.post(f"{address}approve/")
        mine = queries.items(run=run).get().state
        as_role("billing").post(f"{address}approve/")

        assert (mine, queries.items(run=run).get().state) == ("released", "drafted")

    def test_many_are_shown_before_they_are_released(self, admin, household):
        operations.set_rules(rules={"brakes": {"approval_above": {"household": "1"}}})
        run = _reviewed()
        item = queries.items(run=run).get()

        shown = admin.get(f"/console/runs/exceptions/preview/?item={item.pk}")
        mark = shown.context["shown"].mark
        admin.post("/console/runs/exceptions/release/", {"item": [item.pk], "mark": "other"})
        before = queries.items(run=run).get().state
        admin.post("/console/runs/exceptions/release/", {"item": [item.pk], "mark": mark})

        assert (before, queries.items(run=run).get().state) == ("parked", "released")


class TestCharges:
    NEW = {"account": "A1", "kind": "late_fee", "amount": "12.00", "on": "2026-03-01", "reference": "F1"}

    def test_are_added_once_and_cancelled(self, admin, household):
        for _ in range(2):
            assert admin.post("/console/charges/new/", self.NEW).status_code == 302
        charge = charge_queries.charges().get()

        admin.post(f"/console/charges/{charge.pk}/cancel/", {"reason": "waived"})

        assert charge_queries.charges(state="cancelled").get().cancel_reason == "waived"
        assert "waived" in admin.get("/console/charges/").content.decode()

    def test_another_amount_under_the_same_reference_is_said(self, admin, household):
        admin.post("/console/charges/new/", self.NEW)

        again = admin.post("/console/charges/new/", {**self.NEW, "amount": "13.00"})

        assert (again.status_code, charge_queries.charges().get().amount) == (422, Decimal("12.00"))

    def test_an_add_on_is_agreed_and_ended(self, admin, household):
        new = {
            "account": "A1", "kind": "service_fee", "amount": "9.90", "reference": "S1", "quantity": "1",
            "months": "1", "start": "2026-03-01", "prorated": "on",
        }  # fmt: skip
        assert admin.post("/console/charges/add-ons/new/", new).status_code == 302
        add_on = charge_queries.add_ons().get()

        admin.post(f"/console/charges/add-ons/{add_on.pk}/end/", {"end": "2026-05-01"})

        assert charge_queries.add_ons().get().period.upper == dt.date(2026, 5, 1)
        assert admin.get("/console/charges/add-ons/").status_code == 200

    def test_lists_ask_the_same_number_of_queries(self, admin, household, django_assert_max_num_queries):
        for number in range(12):
            admin.post("/console/charges/new/", {**self.NEW, "reference": str(number)})

        with django_assert_max_num_queries(14):
            admin.get("/console/charges/")


class TestOutOfTurn:
    def test_an_account_is_moved_out_and_finally_billed(self, admin, household):
        page = admin.post("/console/customers/-/accounts/A1/-/move-out/", {"moved_out_on": "2026-02-11"})

        assert page.status_code == 302
        assert [run.kind for run in queries.runs()] == ["final", "final"]
        assert household.occupancies.get().period.upper == dt.date(2026, 2, 11)

    def test_what_is_billed_already_is_said(self, admin, household):
        admin.post("/console/customers/-/accounts/A1/-/bill/", {"until": "2026-02-11"})

        again = admin.post("/console/customers/-/accounts/A1/-/bill/", {"until": "2026-02-11"})

        assert (again.status_code, queries.runs().count()) == (422, 2)
