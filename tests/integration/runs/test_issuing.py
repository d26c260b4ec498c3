"""The second phase: recheck, number, freeze, post; and what a person decides before it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.corrections import operations as corrections
from billing.invoices import operations as invoice_operations
from billing.invoices import queries as invoice_queries
from billing.invoices import terms as invoice_terms
from billing.invoices.models import Draft, Invoice
from billing.ledger import queries as ledger_queries
from billing.runs import operations, queries
from billing.runs.operations import lifecycle, reviewing
from harness import correction_law, supply
from kernel.money import Money
from kernel.periods import Period
from tenants.customers import queries as customer_queries
from tenants.customers.models import SupplyPoint
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs.models import Product

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
BILLED = dt.date(2026, 4, 2)
JANUARY = dt.date(2026, 1, 1)
MARCH = Period.of_month(2026, 3)
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def channels(in_alder):
    """Three households that used 297.6 kWh each in March; their registers by number."""
    product = supply.product(document=FLAT, valid_from=JANUARY)
    found = {}
    for number in ("1", "2", "3"):
        supply.supply(number=number, product=product, start=JANUARY)
        found[number] = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
        supply.read(channel=found[number], period=MARCH, each=100)
    return found


def _reviewed():
    run = operations.create_run(period=MARCH, at=AT)
    return operations.run_to_review(run=run, at=AT)


def _issued(run):
    return operations.issue_run_now(run=run, billing_date=BILLED, at=AT)


def _states(run):
    return {item.account.number: item.state for item in queries.items(run=run)}


def _item(run, number):
    return queries.items(run=run).get(account__number=f"A{number}")


def _numbers():
    return list(Invoice.objects.order_by("sequence").values_list("sequence", "gross"))


class TestIssueRun:
    def test_numbers_freezes_and_posts_every_draft(self, channels):
        run = _issued(_reviewed())

        assert (run.state, run.billing_date, _states(run)) == (
            "done",
            BILLED,
            {"A1": "issued", "A2": "issued", "A3": "issued"},
        )
        assert _numbers() == [(n, Decimal("157.22")) for n in (1, 2, 3)]
        owed = invoice_queries.owed(accounts=[customer_queries.account(number="A1")])
        assert owed[0].balance == Money(Decimal("157.22"), "CNY")
        assert ledger_queries.verify_chain().intact

    def test_issuing_a_chunk_again_does_nothing(self, channels):
        run = _issued(_reviewed())

        again = operations.issue_chunk(run_id=run.pk, at=AT)

        assert (again.claimed, len(_numbers())) == (0, 3)

    def test_small_chunks_give_the_same_bills(self, channels):
        run = _reviewed()
        operations.start_issuing(run_id=run.pk, billing_date=BILLED)

        done = [operations.issue_chunk(run_id=run.pk, at=AT, limit=2).issued for _ in range(3)]

        assert (done, len(_numbers())) == ([2, 1, 0], 3)
        assert operations.finish_issuing(run_id=run.pk, at=AT).state == "done"

    def test_needs_a_review(self, channels):
        run = operations.create_run(period=MARCH, at=AT)

        with pytest.raises(lifecycle.WrongState):
            operations.start_issuing(run_id=run.pk, billing_date=BILLED)

        assert queries.run(number=1).state == "rating"


class TestChangedInputs:
    def test_a_changed_reading_sends_the_draft_back(self, channels):
        run = _reviewed()
        supply.read(channel=channels["2"], period=Period(MARCH.start, dt.date(2026, 3, 2)), each=200)
        operations.start_issuing(run_id=run.pk, billing_date=BILLED)

        done = operations.issue_chunk(run_id=run.pk, at=AT)
        run = operations.finish_issuing(run_id=run.pk, at=AT)

        assert (done.issued, done.sent_back, run.state) == (2, 1, "rating")
        back = _item(run, "2")
        assert (back.state, back.reason, back.draft) == ("waiting", "inputs_changed", None)
        assert Draft.objects.count() == 2

    def test_what_was_sent_back_is_rated_and_issued_in_turn(self, channels):
        run = _reviewed()
        supply.read(channel=channels["2"], period=Period(MARCH.start, dt.date(2026, 3, 2)), each=200)

        run = _issued(run)

        # 9.6 kWh more: 307.2 × 0.5283 = 162.29376
        assert (run.state, _item(run, "2").total) == ("done", Decimal("162.29"))
        assert sorted(gross for _n, gross in _numbers()) == [Decimal("157.22"), Decimal("157.22"), Decimal("162.29")]

    def test_readings_of_the_next_days_change_nothing(self, channels):
        run = _reviewed()
        supply.read(channel=channels["2"], period=Period(dt.date(2026, 4, 1), dt.date(2026, 4, 3)), each=200)
        operations.start_issuing(run_id=run.pk, billing_date=BILLED)

        assert operations.issue_chunk(run_id=run.pk, at=AT).sent_back == 0

    def test_a_new_price_sends_all_drafts_back(self, channels):
        run = _reviewed()
        product = Product.objects.get()
        supply.new_version(product=product, document=FLAT.replace("0.5283", "0.6"), valid_from=dt.date(2026, 3, 22))

        run = _issued(run)

        # 201.6 × 0.5283 = 106.51 and 96 × 0.6 = 57.60
        assert (run.state, {item.total for item in queries.items(run=run)}) == ("done", {Decimal("164.11")})

    def test_an_ended_agreement_refuses_the_bill(self, channels):
        run = _reviewed()
        tariff_operations.end_agreement(supply_point=SupplyPoint.objects.get(identifier="P3"), on=dt.date(2026, 3, 20))

        run = _issued(run)

        assert (run.state, _states(run)) == ("review", {"A1": "issued", "A2": "issued", "A3": "refused"})


class TestReview:
    def test_a_held_bill_waits_and_the_others_go_out(self, channels):
        run = _reviewed()
        operations.hold(item_id=_item(run, "2").pk, note="complaint 17", at=AT)

        run = _issued(run)

        assert (run.state, _states(run)) == ("review", {"A1": "issued", "A2": "held", "A3": "issued"})
        assert queries.reason_sentence(item=_item(run, "2")) == "Held back: complaint 17"

    def test_a_resumed_bill_is_issued_with_the_next_number(self, channels):
        run = _reviewed()
        operations.hold(item_id=_item(run, "1").pk, note="complaint 17", at=AT)
        run = _issued(run)

        operations.resume(item_id=_item(run, "1").pk, at=AT)
        run = _issued(run)

        assert (run.state, _item(run, "1").invoice.sequence) == ("done", 3)

    def test_an_issued_bill_can_no_longer_be_held(self, channels):
        run = _issued(_reviewed())

        with pytest.raises(reviewing.WrongItemState):
            operations.hold(item_id=_item(run, "1").pk, note="too late", at=AT)

        assert _item(run, "1").state == "issued"

    def test_closing_gives_what_is_left_to_a_later_run(self, channels):
        run = _reviewed()
        operations.hold(item_id=_item(run, "2").pk, note="complaint 17", at=AT)
        run = _issued(run)

        operations.close_run(run_id=run.pk, at=AT)
        later = _issued(_reviewed())

        assert (queries.run(number=1).state, _states(later)) == ("done", {"A2": "issued"})

    def test_an_issued_run_cannot_be_cancelled(self, channels):
        run = _reviewed()
        operations.hold(item_id=_item(run, "2").pk, note="complaint 17", at=AT)
        run = _issued(run)

        with pytest.raises(lifecycle.AlreadyIssued):
            operations.cancel_run(run_id=run.pk, at=AT)

        assert queries.run(number=1).state == "review"


class TestBilledTwice:
    def test_a_period_an_invoice_covers_is_refused_and_the_others_go_out(self, channels):
        first = _reviewed()
        _issued(first)
        item = _item(first, "2")
        # The account is freed by hand, the invoice still stands.
        type(item).objects.filter(pk=item.pk).update(state="cancelled")
        second = _reviewed()

        run = _issued(second)

        assert (run.state, _states(run), _item(run, "2").reason) == (
            "review",
            {"A2": "refused"},
            "period_already_billed",
        )
        assert len(_numbers()) == 3

    def test_a_credited_bill_can_be_billed_again(self, channels, alder):
        first = _issued(_reviewed())
        item = _item(first, "2")
        terms = invoice_terms.of_retailer(retailer=alder, issued_on=BILLED, posted_at=AT)
        invoice_operations.credit(invoice_id=item.invoice_id, terms=terms)

        asked = corrections.ask(invoice_id=item.invoice_id, at=AT)
        outcome = corrections.approve(correction_id=asked.pk, at=AT, by=correction_law.people_of_company()[0])

        states = sorted(queries.items(run=first).filter(account__number="A2").values_list("state", flat=True))
        assert (outcome.done, states) == (True, ["cancelled", "issued"])
        owed = invoice_queries.owed(accounts=[customer_queries.account(number="A2")])
        assert owed[0].balance == Money(Decimal("157.22"), "CNY")
