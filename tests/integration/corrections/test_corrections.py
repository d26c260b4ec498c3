"""A bill that later data touches: found, rated, decided, credited and billed anew, once, with its trace."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from billing.charges import operations as charge_operations
from billing.charges import queries as charge_queries
from billing.corrections import operations, policy, queries
from billing.corrections.models import Correction
from billing.invoices import operations as invoice_operations
from billing.invoices.models import Invoice, NumberSeries
from billing.ledger import queries as ledger_queries
from billing.runs import operations as run_operations
from billing.runs import queries as run_queries
from billing.runs.operations import exchanging
from harness import bill_cast, correction_law
from kernel.periods import Period
from tenants.metering import operations as metering_operations

LATER = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def homes(in_alder):
    """Three households, billed for March: 31 × 9.6 kWh × 0.5283 = 157.22."""
    channels = bill_cast.households("1", "2", "3")
    bill_cast.issued(bill_cast.reviewed())
    return channels


def reread(channel, *, each=110, day=dt.date(2026, 3, 10), at=LATER):
    days = [metering_operations.DayReadings(channel.pk, day, np.full(96, each, np.int64))]
    metering_operations.store_interval_days(days=days, at=at)


def bill(number="1"):
    return Invoice.objects.get(account__number=f"A{number}", kind="invoice", bill_run_items__state="issued")


class TestLook:
    def test_finds_only_the_bill_that_used_the_changed_day(self, homes):
        operations.work(at=LATER)
        reread(homes["1"])

        assert operations.run_now(at=LATER) == 1

        row = Correction.objects.get()
        assert (row.invoice, row.state, [cause["what"] for cause in row.reasons]) == (bill(), "found", ["readings"])

    def test_queues_nothing_where_no_version_changed(self, homes):
        reread(homes["1"], each=100)

        assert (operations.run_now(at=LATER, everything=True), queries.suspects()) == (0, 0)

    def test_does_not_come_back_after_a_day_that_makes_the_same_bill(self, homes):
        day = np.full(96, 100, np.int64)
        day[0], day[1] = 90, 110
        moved = [metering_operations.DayReadings(homes["1"].pk, dt.date(2026, 3, 10), day)]
        metering_operations.store_interval_days(days=moved, at=LATER)

        assert operations.work(at=LATER) == 0
        assert Correction.objects.get().state == "unchanged"
        assert operations.run_now(at=LATER, everything=True) == 0
        reread(homes["1"])
        assert operations.run_now(at=LATER) == 1


class TestAct:
    def test_credits_and_bills_anew_with_a_trace_and_a_number_without_gap(self, homes):
        old = bill()
        reread(homes["1"])

        assert operations.work(at=LATER) == 1

        # 96 × 10 Wh more × 0.5283 = 0.507: 157.22 + 0.51
        new = bill()
        row = Correction.objects.get()
        assert (old.gross, new.gross, row.after - row.before) == (Decimal("157.22"), Decimal("157.73"), Decimal("0.51"))
        assert (row.state, row.root, row.position, row.credit_note.reverses) == ("done", old, 1, old)
        trace = queries.trace_of(invoice_id=new.pk)
        assert (trace.replaces.number, trace.replaces.rebills) == (old.number, (new.number,))
        assert old.number in new.reason and new.reason != ""
        assert queries.trace_of(invoice_id=old.pk).replaced_by == trace.replaces
        assert [series.next_number - 1 for series in NumberSeries.objects.order_by("kind")] == [1, 4]
        assert ledger_queries.balance(account_id=new.account_id, currency="CNY").amount == new.gross
        assert ledger_queries.verify_chain().intact

    def test_twice_does_nothing_the_second_time_and_a_correction_is_corrected(self, homes):
        first = bill()
        reread(homes["1"])
        operations.work(at=LATER)
        assert operations.work(at=LATER, everything=True) == 0

        reread(homes["1"], each=100, at=LATER + dt.timedelta(days=1))
        assert operations.work(at=LATER + dt.timedelta(days=1)) == 1

        steps = queries.trace_of(invoice_id=bill().pk).steps
        assert steps[0].number == first.number
        assert Correction.objects.order_by("position").values_list("position", "root_id").last() == (2, first.pk)
        assert bill().gross == first.gross

    def test_keeps_the_charge_that_the_bill_carried(self, homes, in_alder):
        account = bill("2").account
        charge = charge_operations.add(
            account_id=account.pk, kind="adjustment", source="t", reference="1", amount=bill_cast.cny("-2.00"),
            on=dt.date(2026, 4, 3), at=bill_cast.AT,
        )  # fmt: skip
        april = Period.of_month(2026, 4)
        from harness import supply

        supply.read(channel=homes["2"], period=april, each=100, at=bill_cast.AT)
        run = run_operations.run_to_review(
            run=run_operations.create_run(period=april, at=LATER, account_ids=[account.pk]), at=LATER
        )
        run_operations.issue_run_now(run=run, billing_date=dt.date(2026, 5, 2), at=LATER)
        reread(homes["2"], day=dt.date(2026, 4, 5), at=LATER + dt.timedelta(days=1))

        operations.work(at=LATER + dt.timedelta(days=1))

        newest = Invoice.objects.filter(kind="invoice").order_by("-pk").first()
        found = charge_queries.charge(charge_id=charge.pk)
        assert (found.invoice, found.billed) == (newest, True)
        assert run_queries.items(run=run, state="issued").get().invoice == newest

    def test_leaves_a_bill_that_somebody_credited_meanwhile(self, homes, in_alder):
        from harness.billing_cast import terms_of

        reread(homes["1"])
        operations.run_now(at=LATER)
        invoice_operations.credit(invoice_id=bill().pk, terms=terms_of(in_alder, issued_on=dt.date(2026, 5, 3)))
        before = Invoice.objects.count()

        operations.work(at=LATER)

        assert (Correction.objects.get().state, Invoice.objects.count()) == ("overtaken", before)

    def test_bills_a_credited_bill_anew_when_a_person_asks(self, homes, in_alder):
        from harness.billing_cast import terms_of

        person, _second = correction_law.people_of_company()
        old = bill()
        note = invoice_operations.credit(invoice_id=old.pk, terms=terms_of(in_alder, issued_on=dt.date(2026, 5, 3)))
        reread(homes["1"])
        assert operations.work(at=LATER) == 0

        asked = operations.ask(invoice_id=old.pk, at=LATER)
        alone = operations.work(at=LATER)
        outcome = operations.approve(correction_id=asked.pk, at=LATER, by=person)

        assert (asked.before, asked.after, asked.needs) == (Decimal(0), Decimal("157.73"), policy.PERSON)
        assert policy.CREDITED in asked.needs_because
        assert (alone, outcome.done) == (0, True)
        done = Correction.objects.get()
        assert (done.state, done.credit_note_id, done.root) == ("done", note, old)
        assert Invoice.objects.filter(account=old.account, kind="credit_note").count() == 1
        assert ledger_queries.balance(account_id=old.account_id, currency="CNY").amount == Decimal("157.73")
        assert bill().reason.startswith("替代") or "Replaces" in bill().reason
        assert operations.work(at=LATER) == 0

    def test_refuses_a_bill_whose_place_another_took(self, homes, in_alder):
        old = bill()
        reread(homes["1"])
        assert operations.work(at=LATER) == 1

        with pytest.raises(exchanging.BillMoved):
            operations.ask(invoice_id=old.pk, at=LATER)

    def test_says_that_an_untouched_bill_would_be_the_same(self, homes):
        assert operations.ask(invoice_id=bill().pk, at=LATER) is None
        assert not Correction.objects.exists()

    def test_waits_while_the_account_is_held(self, homes):
        run_operations.hold_account(account_id=bill().account_id, note="A complaint.", by=None, at=LATER, until=None)
        reread(homes["1"])

        assert operations.work(at=LATER) == 0
        assert Correction.objects.get().state == "rated"


class TestDecide:
    @pytest.fixture
    def large(self, homes):
        reread(homes["1"], each=20_000)
        operations.work(at=LATER)
        return Correction.objects.get()

    def test_a_person_decides_about_a_large_one(self, large):
        person, _second = correction_law.people_of_company()
        old = bill()

        assert (large.state, large.needs, large.needs_because) == (
            "rated", policy.PERSON, [policy.BY_AMOUNT, policy.BY_PERCENT]
        )  # fmt: skip
        with pytest.raises(operations.PersonNeeded):
            operations.act(correction_id=large.pk, at=LATER)
        with pytest.raises(operations.BillsChanged):
            operations.approve(correction_id=large.pk, at=LATER, by=person, expected=Decimal(1))
        assert bill() == old

        assert operations.approve(correction_id=large.pk, at=LATER, by=person, expected=large.after).done
        assert bill().gross == large.after

    def test_two_people_decide_about_a_very_large_one(self, homes):
        for day in range(1, 12):
            reread(homes["1"], each=20_000, day=dt.date(2026, 3, day))
        operations.work(at=LATER)
        row = Correction.objects.get()
        first, second = correction_law.people_of_company()

        assert not operations.approve(correction_id=row.pk, at=LATER, by=first).done
        with pytest.raises(operations.SamePerson):
            operations.approve(correction_id=row.pk, at=LATER, by=first)
        assert operations.approve(correction_id=row.pk, at=LATER, by=second).done

    def test_one_that_is_left_as_it_is_comes_back_only_with_another_change(self, large, homes):
        with pytest.raises(operations.ReasonNeeded):
            operations.dismiss(correction_id=large.pk, note=" ", at=LATER)

        operations.dismiss(correction_id=large.pk, note="The meter was read wrongly.", at=LATER)

        assert operations.work(at=LATER, everything=True) == 0
        assert Correction.objects.get().state == "dismissed"
        reread(homes["1"], each=101)
        assert operations.work(at=LATER) == 1
