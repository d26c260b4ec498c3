"""The host collects by Stripe: the real library against the server that speaks its protocol, on a test clock."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest

from config.stripe_server import webhooks
from hosting import models, plan_queries
from hosting.operations import following, hearing, measuring, offering, reporting, subscriptions
from tenancy import context

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
PAYS, DECLINED = "pm_card_visa", "pm_card_chargeCustomerFail"


def day(n):
    return AT + dt.timedelta(days=n)


class Desk:
    """A company at Stripe with a clock of its own, and what happens to it there."""

    def __init__(self, server, sign):
        self.server = server
        self.ask = following.client().v1
        self.clock = self.ask.test_helpers.test_clocks.create({"frozen_time": int(AT.timestamp())}).id
        self.sign = sign

    def open(self, code="alder", card=PAYS, **more):
        found = self.sign(code, collection="stripe", **more)
        customer = self.ask.customers.create({"name": code, "test_clock": self.clock}).id
        models.Subscription.objects.filter(pk=found.pk).update(provider_customer=customer)
        if card:
            self.give_card(customer, card)
        self.keep_up(AT, code)
        return self.read(code)

    def give_card(self, customer, card):
        method = self.ask.payment_methods.attach(card, {"customer": customer}).id
        self.ask.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})

    def keep_up(self, at, code="alder"):
        return str(following.keep_up(subscription_id=self.read(code).pk, at=at))

    def pass_to(self, at):
        self.ask.test_helpers.test_clocks.advance(self.clock, {"frozen_time": int(at.timestamp())})

    def read(self, code="alder"):
        return models.Subscription.objects.select_related("version").get(retailer__code=code)

    def there(self, code="alder"):
        return self.ask.subscriptions.retrieve(self.read(code).provider_subscription).to_dict()

    def bills(self, code="alder"):
        return plan_queries.company_invoices(code=code, drafts=True)


@pytest.fixture
def desk(stripe_server, signed):
    return Desk(stripe_server, signed)


class TestSigningUp:
    def test_makes_one_customer_with_base_and_supply_point_days(self, stripe_server, signed):
        found = signed(collection="stripe", plan="starter", trial_days=30, at=dt.datetime.now(dt.UTC))

        for _ in range(3):
            following.keep_up(subscription_id=found.pk, at=dt.datetime.now(dt.UTC))

        posts = [path for method, path in stripe_server.requests if method == "POST"]
        assert (posts.count("/v1/customers"), posts.count("/v1/subscriptions"), posts.count("/v1/prices")) == (1, 1, 2)
        there = (
            following.client()
            .v1.subscriptions.retrieve(models.Subscription.objects.get().provider_subscription)
            .to_dict()
        )
        assert there["status"] == "trialing"
        prices = {
            item["price"]["recurring"]["usage_type"]: item["price"]["unit_amount_decimal"]
            for item in there["items"]["data"]
        }
        assert prices == {"licensed": Decimal(198000), "metered": Decimal("1.97260274")}

    @pytest.mark.slow
    def test_an_answer_that_was_lost_makes_no_second_subscription(self, desk):
        desk.open()
        models.Subscription.objects.update(provider_subscription="")

        desk.keep_up(AT)

        posts = [path for method, path in desk.server.requests if method == "POST"]
        assert posts.count("/v1/subscriptions") == 1
        assert desk.there()["status"] == "active"

    @pytest.mark.slow
    def test_a_provider_that_is_away_is_asked_again(self, desk, settings):
        found = desk.sign(collection="stripe")
        settings.STRIPE_API_BASE, base = "http://127.0.0.1:9", settings.STRIPE_API_BASE

        with pytest.raises(following.StripeSilent):
            following.keep_up(subscription_id=found.pk, at=AT)
        assert plan_queries.to_follow(before=AT) == [found.pk]
        settings.STRIPE_API_BASE = base

        assert desk.keep_up(AT) in {"active", "past_due"}
        assert desk.read().provider_subscription

    def test_the_first_bill_is_paid_and_listed(self, desk):
        desk.open(plan="starter")

        (bill,) = desk.bills()
        assert (bill.total, bill.state, bill.currency, bill.source) == (Decimal("1980.00"), "paid", "CNY", "stripe")
        assert desk.read().state == "active"


class TestTrial:
    @pytest.mark.slow
    def test_ends_in_a_paid_month_when_there_is_a_card(self, desk):
        desk.open(trial_days=30)

        desk.pass_to(day(31))

        assert desk.keep_up(day(31)) == "active"
        assert sorted(bill.total for bill in desk.bills()) == [Decimal("0.00"), Decimal("6800.00")]

    def test_ends_in_a_bill_to_pay_when_there_is_none(self, desk):
        desk.open(trial_days=30, card="")

        desk.pass_to(day(31))

        assert desk.keep_up(day(31)) == "past_due"


class TestChangeOfPlan:
    def test_is_prorated_at_stripe_once(self, desk):
        desk.open(plan="starter")
        desk.pass_to(day(15))
        subscriptions.change_plan(code="alder", plan="growth", at=day(15))

        desk.keep_up(day(15))
        desk.keep_up(day(15))

        bill = next(each for each in desk.bills() if each.total != Decimal("1980.00"))
        whole, left = 31 * 86400, 31 * 86400 - 15 * 86400
        expected = round(6800 * left / whole, 2) - round(1980 * left / whole, 2)
        assert len(desk.bills()) == 2
        assert bill.total == Decimal(str(round(expected, 2)))
        assert {item["price"]["nickname"].rsplit("-", 1)[1] for item in desk.there()["items"]["data"]} == {
            "base",
            "point",
        }

    @pytest.mark.slow
    def test_a_smaller_plan_leaves_credit_there(self, desk):
        desk.open(plan="growth")
        desk.pass_to(day(15))
        subscriptions.change_plan(code="alder", plan="starter", at=day(15))
        desk.keep_up(day(15))

        desk.pass_to(day(32))
        desk.keep_up(day(32))

        newest = desk.bills()[0]
        stored = desk.ask.invoices.retrieve(newest.occasion)
        assert (newest.total, stored.amount_due) == (Decimal("1980.00"), 0)

    @pytest.mark.slow
    def test_a_coupon_is_put_there_and_taken_away(self, desk):
        desk.open(plan="starter")
        offering.make_coupon(code="HALF", percent=Decimal(50), months=3, at=AT)
        subscriptions.give_coupon(code="alder", coupon="HALF", at=AT)
        desk.keep_up(AT)
        desk.pass_to(day(32))
        desk.keep_up(day(32))
        halved = desk.bills()[0].total
        subscriptions.give_coupon(code="alder", coupon="", at=day(32))
        desk.keep_up(day(32))
        desk.pass_to(day(63))
        desk.keep_up(day(63))

        assert (halved, desk.bills()[0].total) == (Decimal("990.00"), Decimal("1980.00"))

    def test_billing_by_hand_ends_it_there(self, desk):
        desk.open()
        key = desk.read().provider_subscription
        subscriptions.collect_by(code="alder", collection="manual", at=day(1))

        desk.keep_up(day(1))

        assert desk.ask.subscriptions.retrieve(key).status == "canceled"
        assert (desk.read().provider_subscription, desk.read().state) == ("", "active")

    @pytest.mark.slow
    def test_an_end_is_told_there_and_can_be_taken_back(self, desk):
        desk.open()
        subscriptions.end_on(code="alder", at=AT, ends_at=day(20))
        desk.keep_up(AT)
        told = desk.there()["cancel_at"]
        subscriptions.end_on(code="alder", at=AT, ends_at=None)
        desk.keep_up(AT)

        assert (told, desk.there()["cancel_at"]) == (int(day(20).timestamp()), None)


class TestAFailedPayment:
    def test_runs_grace_read_only_suspended_by_dates_and_is_restored_when_paid(self, desk, standing):
        desk.open(plan="growth")
        self.break_card(desk)

        seen = []
        for n in (30, 32, 40, 46, 60, 67):
            desk.pass_to(day(n))
            seen.append((n, desk.keep_up(day(n))))

        assert seen == [
            (30, "active"),
            (32, "past_due"),
            (40, "past_due"),
            (46, "read_only"),
            (60, "read_only"),
            (67, "suspended"),
        ]
        assert context.retailer_by_code(code="alder").status == "suspended"

        owed = [each for each in desk.bills() if each.failed]
        for bill in owed:
            desk.ask.invoices.pay(bill.occasion, {"payment_method": PAYS})
        desk.give_card(desk.read().provider_customer, PAYS)

        assert desk.keep_up(day(67)) == "active"
        assert context.retailer_by_code(code="alder").status == "active"
        assert standing().writable
        assert len(owed) == 1

    @pytest.mark.slow
    def test_a_subscription_that_stripe_gave_up_is_made_anew_once_all_is_paid(self, desk):
        desk.open()
        before = desk.read().provider_subscription
        self.break_card(desk)
        desk.pass_to(day(60))
        assert desk.there()["status"] == "canceled"
        desk.keep_up(day(60))
        for bill in [each for each in desk.bills() if each.failed]:
            desk.ask.invoices.pay(bill.occasion, {"payment_method": PAYS})
        desk.give_card(desk.read().provider_customer, PAYS)

        desk.keep_up(day(60))
        desk.keep_up(day(60))

        assert desk.read().provider_subscription not in ("", before)
        assert (desk.there()["status"], desk.read().state) == ("active", "active")

    def test_the_page_to_pay_is_stripes_own(self, desk):
        desk.open()

        url = following.portal_page(code="alder", return_url="http://alder.localhost/console/", language="zh-hans")

        assert url.startswith(f"{desk.server.base}/portal/")

    @staticmethod
    def break_card(desk):
        desk.give_card(desk.read().provider_customer, DECLINED)


class TestMessages:
    def hear(self, delivery, at):
        event = hearing.hear(body=delivery.body, signature=delivery.signature, at=at)
        return hearing.work_off(message_id=event.pk, at=at)

    def messages(self, desk):
        return [each for each in desk.server.deliveries() if "billing" in each.url]

    @pytest.mark.parametrize(
        "seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
    )
    def test_doubled_shuffled_and_a_month_late_have_one_effect(self, desk, seed):
        desk.open(plan="starter")
        desk.give_card(desk.read().provider_customer, DECLINED)
        desk.pass_to(day(32))
        for bill in desk.ask.invoices.list({"customer": desk.read().provider_customer, "status": "open"}).data:
            desk.ask.invoices.pay(bill.id, {"payment_method": PAYS})
        late = self.messages(desk) * 2
        random.Random(seed).shuffle(late)

        for each in late:
            self.hear(each, day(62))

        found = desk.read()
        assert (found.state, found.unpaid_since) == ("active", None)
        assert sorted((bill.total, bill.state) for bill in desk.bills()) == [(Decimal("1980.00"), "paid")] * 2
        assert models.BillingMessage.objects.count() == len(late) // 2
        assert set(models.BillingMessage.objects.values_list("state", flat=True)) <= {"done", "ignored"}
        assert models.FleetEvent.objects.filter(action="subscription").count() == 0

    @pytest.mark.slow
    def test_a_failure_heard_after_the_payment_changes_nothing(self, desk):
        desk.open()
        failed = {"id": "evt_1", "type": "invoice.payment_failed"}
        thing = {"object": "invoice", "id": "in_x", "customer": desk.read().provider_customer}

        message = self.hear(self.forged(desk, failed | {"data": {"object": thing}}), AT)

        assert (message.state, desk.read().state) == ("done", "active")

    def test_a_wrong_signature_or_an_old_one_is_refused(self, desk, settings):
        desk.open()
        delivery = self.messages(desk)[0]

        for signature in ("", "t=1,v1=00", delivery.signature.replace("v1=", "v1=0")):
            with pytest.raises(hearing.BadMessage):
                hearing.hear(body=delivery.body, signature=signature, at=AT)
        with pytest.raises(hearing.BadMessage):
            hearing.hear(body=delivery.body + b" ", signature=delivery.signature, at=AT)
        old = webhooks.signature(delivery.body, settings.STRIPE_BILLING_WEBHOOK_SECRET, 1_700_000_000)
        with pytest.raises(hearing.BadMessage):
            hearing.hear(body=delivery.body, signature=old, at=AT)
        assert models.BillingMessage.objects.count() == 0

    @pytest.mark.slow
    def test_of_a_stranger_it_is_kept_and_ignored(self, desk):
        thing = {"object": "customer", "id": "cus_nobody"}

        message = self.hear(self.forged(desk, {"id": "evt_2", "type": "x", "data": {"object": thing}}), AT)

        assert message.state == "ignored"

    @pytest.mark.slow
    def test_waits_while_stripe_is_silent(self, desk, settings):
        desk.open()
        thing = {"object": "customer", "id": desk.read().provider_customer}
        delivery = self.forged(desk, {"id": "evt_3", "type": "x", "data": {"object": thing}})
        base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"

        waiting = self.hear(delivery, AT)
        settings.STRIPE_API_BASE = base

        assert (waiting.state, waiting.tries) == ("new", 1)
        assert hearing.work_off(message_id=waiting.pk, at=AT).state == "done"

    @staticmethod
    def forged(desk, event):
        import json
        import time

        from django.conf import settings

        body = json.dumps(event).encode()
        signature = webhooks.signature(body, settings.STRIPE_BILLING_WEBHOOK_SECRET, int(time.time()))
        return webhooks.Delivery("http://operator.localhost/", body, signature, event["id"], "we_1")


class TestUsage:
    def use(self, alder, n, points=1000, charged=True):
        return models.Usage.objects.create(
            retailer=alder, day=day(n).date(), supply_points=points, charged=charged, measured_at=day(n)
        )

    def counted(self, desk):
        found = desk.ask.billing.meters.event_summaries.list(
            following.meter(),
            {
                "customer": desk.read().provider_customer,
                "start_time": int(AT.timestamp()),
                "end_time": int(day(40).timestamp()),
            },
        )
        return found.data[0].aggregated_value

    def test_a_day_is_told_once_when_it_is_over(self, desk, alder):
        desk.open()
        for n in range(3):
            self.use(alder, n)
        desk.pass_to(day(2))

        told = [reporting.report_usage(at=day(2)) for _ in range(3)]

        assert told == [2, 0, 0]
        assert self.counted(desk) == 2000

    def test_a_lost_answer_is_not_told_twice(self, desk, alder):
        desk.open()
        row = self.use(alder, 0)
        desk.pass_to(day(2))
        reporting.report_usage(at=day(2))
        models.Usage.objects.filter(pk=row.pk).update(reported_at=None)

        assert reporting.report_usage(at=day(9)) == 1
        assert self.counted(desk) == 1000
        posts = [path for method, path in desk.server.requests if method == "POST"]
        assert posts.count("/v1/billing/meter_events") == 1

    @pytest.mark.slow
    def test_the_same_identifier_counts_once_even_if_nothing_was_noted(self, desk, alder):
        desk.open()
        row = self.use(alder, 0)
        desk.pass_to(day(2))
        reporting.report_usage(at=day(2))
        models.Usage.objects.filter(pk=row.pk).update(reported_at=None, tried_at=None)

        reporting.report_usage(at=day(2))

        assert self.counted(desk) == 1000
        row.refresh_from_db()
        assert row.reported_at == day(2)

    @pytest.mark.slow
    def test_a_silent_provider_is_tried_again(self, desk, alder, settings):
        desk.open()
        row = self.use(alder, 0)
        desk.pass_to(day(2))
        base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"

        told = reporting.report_usage(at=day(2))
        settings.STRIPE_API_BASE = base

        assert told == 0
        row.refresh_from_db()
        assert (row.reported_at, row.refusal) == (None, "")
        assert reporting.report_usage(at=day(2)) == 1
        assert self.counted(desk) == 1000

    def test_days_of_a_trial_are_never_told(self, desk, alder):
        desk.open(trial_days=30)
        self.use(alder, 0, charged=False)
        desk.pass_to(day(2))

        assert reporting.report_usage(at=day(2)) == 0

    @pytest.mark.slow
    def test_stands_on_the_next_bill(self, desk, alder):
        desk.open(plan="starter")
        for n in range(30):
            self.use(alder, n)
        desk.pass_to(day(30))
        reporting.report_usage(at=day(30))

        desk.pass_to(day(32))
        desk.keep_up(day(32))

        # 30 000 × 0.0197260274 = 591.78
        assert desk.bills()[0].total == Decimal("1980.00") + Decimal("591.78")


class TestMeasuring:
    def test_a_day_has_one_row_however_often_it_is_measured(self, signed, alder):
        signed()
        with context.use(alder):
            for hour in range(3):
                measuring.measure_usage(at=AT + dt.timedelta(hours=hour))
            measuring.measure_usage(at=day(1))

        rows = list(models.Usage.objects.order_by("day"))
        assert [row.day for row in rows] == [day(0).date(), day(1).date()]
        assert rows[0].measured_at == AT + dt.timedelta(hours=2)
        assert (rows[0].staff, rows[0].charged) == (2, True)
        assert rows[0].storage_bytes > 1_000_000

    def test_a_company_in_its_trial_is_measured_and_not_charged(self, signed, alder):
        signed(trial_days=30)

        with context.use(alder):
            row = measuring.measure_usage(at=AT)

        assert not row.charged
