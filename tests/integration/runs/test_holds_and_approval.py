"""What people decide: hold an account or a run, release, approve by two, many at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.invoices.models import Invoice
from billing.runs import operations, queries
from billing.runs.models import BillRunItem
from billing.runs.operations import bulk, holding, lifecycle, reviewing
from harness import bill_cast, supply
from harness.bill_cast import AT, MARCH
from identity.models import User
from tenants.customers import queries as customer_queries

TODAY = AT.date()
pytestmark = pytest.mark.django_db


@pytest.fixture
def households(in_alder):
    return bill_cast.households("1", "2")


@pytest.fixture
def people(in_alder):
    return list(User.objects.order_by("pk")[:2])


def _account(number):
    return customer_queries.account(number=f"A{number}")


def _limit(amount):
    operations.set_rules(rules={"brakes": {"approval_above": {"household": amount}}})


class TestHeldAccounts:
    def test_are_rated_and_kept_back(self, households):
        operations.hold_account(account_id=_account("1").pk, note="complaint", at=AT)

        run = bill_cast.issued(bill_cast.reviewed())

        held, free = bill_cast.item(run, "1"), bill_cast.item(run, "2")
        assert (held.state, held.reason, held.total, free.state) == (
            "held",
            "account_held",
            Decimal("157.22"),
            "issued",
        )
        assert queries.is_billing_held(account_ids=[_account("1").pk, _account("2").pk], on=TODAY) == {_account("1").pk}

    def test_a_draft_goes_back_behind_the_hold(self, households):
        run = bill_cast.reviewed()

        operations.hold_account(account_id=_account("1").pk, note="complaint", at=AT)
        run = bill_cast.issued(run)

        assert (bill_cast.item(run, "1").state, Invoice.objects.count()) == ("held", 1)

    def test_are_billed_when_the_hold_is_lifted(self, households):
        operations.hold_account(account_id=_account("1").pk, note="complaint", at=AT)
        run = bill_cast.issued(bill_cast.reviewed())

        let_go = operations.lift_hold(account_id=_account("1").pk, at=AT)
        run = operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=AT)
        run = bill_cast.issued(run)

        assert (let_go, run.state, Invoice.objects.count()) == (1, "done", 2)
        assert queries.is_billing_held(account_ids=[_account("1").pk], on=TODAY) == set()

    def test_are_let_go_when_the_hold_runs_out(self, households):
        operations.hold_account(account_id=_account("1").pk, note="until payday", at=AT, until=dt.date(2026, 4, 5))
        bill_cast.reviewed()

        assert operations.lift_expired(on=dt.date(2026, 4, 4), at=AT) == 0
        assert operations.lift_expired(on=dt.date(2026, 4, 5), at=AT) == 1
        assert not queries.held_accounts(on=dt.date(2026, 4, 4)).exists()

    def test_are_held_once(self, households):
        operations.hold_account(account_id=_account("1").pk, note="first", at=AT)

        with pytest.raises(holding.AlreadyHeld):
            operations.hold_account(account_id=_account("1").pk, note="second", at=AT)

        assert [hold.note for hold in queries.held_accounts(on=TODAY)] == ["first"]

    def test_their_bills_are_not_resumed_one_by_one(self, households):
        operations.hold_account(account_id=_account("1").pk, note="complaint", at=AT)
        run = bill_cast.reviewed()

        with pytest.raises(reviewing.StillHeld):
            operations.resume(item_id=bill_cast.item(run, "1").pk, at=AT)

        assert bill_cast.item(run, "1").state == "held"


class TestHeldRuns:
    def test_rest_until_they_are_resumed(self, households):
        run = operations.create_run(period=MARCH, at=AT)
        operations.hold_run(run_id=run.pk, note="prices in doubt", at=AT)

        assert operations.rate_chunk(run_id=run.pk, at=AT).claimed == 0
        assert queries.unfinished_run_ids() == {}
        assert queries.is_billing_held(account_ids=[_account("1").pk], on=TODAY) == {_account("1").pk}

        operations.resume_run(run_id=run.pk)
        assert operations.rate_chunk(run_id=run.pk, at=AT).drafted == 2

    def test_are_not_issued(self, households):
        run = bill_cast.reviewed()
        operations.hold_run(run_id=run.pk, note="prices in doubt", at=AT)

        with pytest.raises(lifecycle.RunHeld):
            operations.start_issuing(run_id=run.pk, billing_date=bill_cast.BILLED)

        assert queries.run_by_id(run_id=run.pk).state == "review"


class TestApproval:
    def test_a_bill_above_the_limit_is_parked(self, households):
        _limit("157.21")

        run = bill_cast.reviewed()

        assert [(item.state, item.reason) for item in queries.items(run=run)] == [("parked", "above_approval")] * 2

    def test_a_bill_at_the_limit_is_not(self, households):
        _limit("157.22")

        assert {item.state for item in queries.items(run=bill_cast.reviewed())} == {"drafted"}

    def test_goes_out_when_another_person_approves(self, households, people):
        _limit("100")
        run = bill_cast.reviewed()
        item = bill_cast.item(run, "1")
        first, second = people

        assert operations.release(item_id=item.pk, by=first, at=AT).state == "released"
        assert operations.approve(item_id=item.pk, by=second, at=AT).state == "drafted"
        run = bill_cast.issued(run)

        assert (bill_cast.item(run, "1").state, bill_cast.item(run, "2").state) == ("issued", "parked")

    def test_is_refused_to_the_person_who_released(self, households, people):
        _limit("100")
        item = bill_cast.item(bill_cast.reviewed(), "1")
        operations.release(item_id=item.pk, by=people[0], at=AT)

        with pytest.raises(reviewing.SamePerson):
            operations.approve(item_id=item.pk, by=people[0], at=AT)

        assert BillRunItem.objects.get(pk=item.pk).state == "released"

    def test_no_program_releases_above_the_limit(self, households):
        _limit("100")
        item = bill_cast.item(bill_cast.reviewed(), "1")

        with pytest.raises(reviewing.PersonNeeded):
            operations.release(item_id=item.pk, at=AT)

        assert BillRunItem.objects.get(pk=item.pk).state == "parked"

    def test_what_is_not_approved_is_parked_again(self, households, people):
        _limit("100")
        run = bill_cast.reviewed()
        item = bill_cast.item(run, "1")
        operations.release(item_id=item.pk, by=people[0], at=AT)

        operations.send_back(item_id=item.pk, note="check the meter", at=AT)

        found = bill_cast.item(run, "1")
        assert (found.state, found.released, queries.reason_sentence(item=found)) == (
            "parked",
            False,
            "Not approved: check the meter",
        )


class TestReleaseMany:
    def test_lets_exactly_the_shown_bills_go(self, in_alder, people):
        bill_cast.households("1", "2", each=0)
        run = bill_cast.reviewed()
        ids = list(queries.exceptions(code="zero_use").values_list("pk", flat=True))

        shown = operations.preview_release(item_ids=ids)
        done = operations.release_many(item_ids=ids, mark=shown.mark, by=people[0], at=AT)

        assert (done, bill_cast.issued(run).state, shown.totals) == (2, "done", {"CNY": Decimal("0.0000")})

    def test_lets_none_go_when_one_changed(self, in_alder, people):
        channels = bill_cast.households("1", "2", each=0)
        run = bill_cast.reviewed()
        ids = list(queries.exceptions().values_list("pk", flat=True))
        shown = operations.preview_release(item_ids=ids)
        supply.read(channel=channels["1"], period=MARCH, each=1)
        operations.rerate(run_id=run.pk, at=AT)
        operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=AT)

        with pytest.raises(bulk.PreviewOutdated):
            operations.release_many(item_ids=ids, mark=shown.mark, by=people[0], at=AT)

        assert sorted(queries.items(run=run).values_list("state", flat=True)) == ["drafted", "parked"]
