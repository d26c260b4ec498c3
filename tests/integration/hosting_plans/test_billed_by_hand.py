"""A host without Stripe: bills drafted by dates, marked by people, and the same states."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from hosting import models, plan_queries, plans
from hosting.operations import invoicing, offering, subscriptions
from kernel.errors import Conflict, NotFound
from tenancy import context

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def day(n):
    return AT + dt.timedelta(days=n)


def bill(subscription, at):
    return invoicing.bill_due(subscription_id=subscription.pk, at=at)


def advance(subscription, at):
    return str(subscriptions.advance(subscription_id=subscription.pk, at=at))


def used(retailer, start, days, points):
    for n in range(days):
        models.Usage.objects.create(
            retailer=retailer, day=start + dt.timedelta(days=n), supply_points=points, charged=True, measured_at=AT
        )


class TestBills:
    def test_the_base_is_billed_when_a_period_begins_and_once(self, signed):
        subscription = signed(plan="starter")

        assert [bill(subscription, AT), bill(subscription, AT), bill(subscription, day(30))] == [1, 0, 0]
        assert bill(subscription, day(31)) == 1

        totals = [(each.period_start, each.total) for each in plan_queries.company_invoices(code="alder", drafts=True)]
        assert totals == [
            (dt.date(2026, 4, 1), Decimal("1980.00")),
            (dt.date(2026, 3, 1), Decimal("1980.00")),
        ]

    def test_supply_point_days_are_on_one_bill_each(self, signed, alder):
        subscription = signed(plan="starter")
        bill(subscription, AT)
        used(alder, dt.date(2026, 3, 1), 31, 1000)

        bill(subscription, day(31))
        bill(subscription, day(62))

        lines = [each.lines for each in plan_queries.company_invoices(code="alder", drafts=True)][1]
        assert [(line["kind"], line["quantity"], line["amount"]) for line in lines] == [
            ("usage", 31000, "611.51"),
            ("base", 1, "1980.00"),
        ]
        assert models.Usage.objects.filter(invoice__isnull=True).count() == 0
        assert not any(
            line["kind"] == "usage" for line in plan_queries.company_invoices(code="alder", drafts=True)[0].lines
        )

    def test_a_trial_is_free_and_then_the_first_bill_comes(self, signed):
        subscription = signed(trial_days=30)

        assert bill(subscription, day(29)) == 0
        assert advance(subscription, day(30)) == "active"
        assert bill(subscription, day(31)) == 1
        assert plan_queries.company_invoices(code="alder", drafts=True)[0].period_start == day(30).date()

    def test_a_coupon_takes_its_share_until_it_is_over(self, signed):
        subscription = signed(plan="starter")
        offering.make_coupon(code="SPRING", percent=Decimal(25), months=1, at=AT)
        subscriptions.give_coupon(code="alder", coupon="SPRING", at=AT)

        bill(subscription, AT)
        bill(subscription, day(31))

        assert [each.total for each in plan_queries.company_invoices(code="alder", drafts=True)] == [
            Decimal("1980.00"),
            Decimal("1485.00"),
        ]

    def test_complimentary_is_never_billed_nor_counted(self, signed):
        subscription = signed(collection="free")

        assert bill(subscription, day(400)) == 0
        assert plan_queries.overview(at=AT).monthly == []
        assert advance(subscription, day(400)) == "active"

    def test_a_void_bill_gives_its_days_to_the_next(self, signed, alder):
        subscription = signed(plan="starter")
        bill(subscription, AT)
        used(alder, dt.date(2026, 3, 1), 10, 100)
        bill(subscription, day(31))

        invoicing.void(invoice_id=plan_queries.company_invoices(code="alder", drafts=True)[0].pk, at=day(31))
        bill(subscription, day(62))

        assert plan_queries.company_invoices(code="alder", drafts=True)[0].lines[0]["quantity"] == 1000


class TestChangeOfPlan:
    def test_what_is_paid_ahead_is_set_off_to_the_day(self, signed, alder):
        subscription = signed(plan="starter")
        bill(subscription, AT)
        used(alder, dt.date(2026, 3, 1), 15, 1000)

        subscriptions.change_plan(code="alder", plan="growth", at=day(15))

        made = plan_queries.company_invoices(code="alder", drafts=True)[0]
        # 15 000 × 0.0197260274; 1980 × 16/31; 6800 × 16/31
        assert [(line["kind"], line["amount"]) for line in made.lines] == [
            ("usage", "295.89"),
            ("unused", "-1021.94"),
            ("base", "3509.68"),
        ]
        assert made.total == Decimal("2783.63")

    def test_what_is_too_much_stays_as_credit_for_the_next_bill(self, signed):
        subscription = signed(plan="growth")
        bill(subscription, AT)

        subscriptions.change_plan(code="alder", plan="starter", at=day(15))
        bill(subscription, day(31))

        newest, change, _first = plan_queries.company_invoices(code="alder", drafts=True)
        # -6800 × 16/31 + 1980 × 16/31 = -2487.74
        assert (change.total, newest.total) == (Decimal("0.00"), Decimal("0.00"))
        assert newest.lines[-1]["amount"] == "-1980.00"
        subscription.refresh_from_db()
        assert subscription.credit == Decimal("507.74")

    def test_another_rhythm_begins_a_period_today(self, signed):
        subscription = signed(plan="starter")
        bill(subscription, AT)

        subscriptions.change_plan(code="alder", plan="starter", interval="year", at=day(15))

        subscription.refresh_from_db()
        assert (subscription.period_start, subscription.period_end) == (dt.date(2026, 3, 16), dt.date(2027, 3, 16))
        made = plan_queries.company_invoices(code="alder", drafts=True)[0]
        assert made.total == Decimal("18778.06")

    def test_a_company_keeps_the_version_it_signed(self, signed, standing):
        signed(plan="starter")
        found = plan_queries.offer(code="starter")
        content = {name: getattr(found.version, name) for name in offering.FIELDS} | {"limits": {"supply_points": 5}}

        made = offering.save_plan(code="starter", content=content, at=day(1))

        assert made.number == 2
        assert standing().limits["supply_points"] == 2000
        assert offering.save_plan(code="starter", content=content, at=day(2)).pk == made.pk

    def test_a_plan_off_the_list_is_kept_and_not_signed(self, signed, standing):
        signed(plan="starter")
        offering.offer(code="starter", on=False)

        with pytest.raises(NotFound):
            subscriptions.subscribe(code="birch", plan="starter", collection="manual", at=AT)
        assert standing().titles["en"] == "Starter"


class TestUnpaid:
    def overdue(self, signed):
        subscription = signed(plan="starter")
        bill(subscription, AT)
        draft = plan_queries.company_invoices(code="alder", drafts=True)[0]
        invoicing.issue(invoice_id=draft.pk, number="H-1", at=AT)
        return subscription, draft

    def test_goes_from_grace_to_read_only_to_suspended_by_dates_and_back_when_paid(self, signed, standing):
        subscription, invoice = self.overdue(signed)

        seen = [(n, advance(subscription, day(n))) for n in (13, 14, 27, 28, 48, 49)]

        assert seen == [
            (13, "active"),
            (14, "past_due"),
            (27, "past_due"),
            (28, "read_only"),
            (48, "read_only"),
            (49, "suspended"),
        ]
        assert context.retailer_by_code(code="alder").status == "suspended"

        invoicing.pay(invoice_id=invoice.pk, at=day(50))

        assert advance(subscription, day(50)) == "active"
        assert context.retailer_by_code(code="alder").status == "active"
        assert standing().writable

    def test_read_only_refuses_staff_and_nothing_else(self, signed, standing):
        subscription, _invoice = self.overdue(signed)
        advance(subscription, day(14))
        assert standing().writable
        advance(subscription, day(28))

        assert not standing().writable
        assert standing().until == day(49)
        with context.use(context.retailer_by_code(code="alder")), pytest.raises(plans.ReadOnly):
            plans.require_writable()

    def test_doors_that_the_operator_closed_stay_closed(self, signed):
        from hosting import operations

        subscription, invoice = self.overdue(signed)
        for n in (14, 28):
            advance(subscription, day(n))
        operations.suspend_company(code="alder", reason="court order", at=day(40))
        advance(subscription, day(49))
        invoicing.pay(invoice_id=invoice.pk, at=day(50))

        assert advance(subscription, day(50)) == "active"
        assert context.retailer_by_code(code="alder").status == "suspended"

    def test_a_bill_is_marked_once(self, signed):
        _subscription, invoice = self.overdue(signed)
        invoicing.pay(invoice_id=invoice.pk, at=day(3))

        with pytest.raises(Conflict):
            invoicing.pay(invoice_id=invoice.pk, at=day(4))
        with pytest.raises(Conflict):
            invoicing.void(invoice_id=invoice.pk, at=day(4))
        assert plan_queries.invoice(invoice_id=invoice.pk).paid_at == day(3)

    def test_an_end_closes_the_doors_and_a_new_signature_opens_them(self, signed):
        subscription = signed()
        subscriptions.end_on(code="alder", at=AT, ends_at=day(5))

        assert [advance(subscription, day(4)), advance(subscription, day(5))] == ["active", "ended"]
        assert context.retailer_by_code(code="alder").status == "suspended"

        again = signed(at=day(9))

        assert again.pk == subscription.pk
        assert context.retailer_by_code(code="alder").status == "active"


class TestOverview:
    def test_sums_months_by_currency(self, signed, alder, birch):
        signed(plan="starter")
        signed("birch", plan="growth", interval="year")
        used(alder, dt.date(2026, 3, 1), 1, 1000)
        used(birch, dt.date(2026, 3, 1), 1, 2000)

        found = plan_queries.overview(at=day(1))

        assert [(each.currency, each.amount) for each in found.monthly] == [
            ("AUD", Decimal("1266.67")),  # 13 500 / 12 + 2000 × 0.85 / 12
            ("CNY", Decimal("2580.00")),
        ]

    def test_asks_the_same_for_any_number(self, signed, django_assert_max_num_queries):
        signed()
        signed("birch")

        with django_assert_max_num_queries(6):
            plan_queries.overview(at=AT)


class TestNumbers:
    def test_a_number_that_is_taken_leaves_the_draft_a_draft(self, signed):
        subscription = signed(plan="starter")
        bill(subscription, AT)
        bill(subscription, day(31))
        second, first = plan_queries.company_invoices(code="alder", drafts=True)
        invoicing.issue(invoice_id=first.pk, number="H-1", at=AT)

        with pytest.raises(Conflict) as caught:
            invoicing.issue(invoice_id=second.pk, number="H-1", at=day(31))

        left = models.HostingInvoice.objects.get(pk=second.pk)
        assert caught.value.where == "number"
        assert (left.state, left.number, left.issued_at, left.due_at) == ("draft", "", None, None)
        assert invoicing.issue(invoice_id=second.pk, number="H-2", at=day(31)).state == "open"
