"""The operator's pages of plans and subscriptions, the company's own page, and what read-only means at the doors."""

from __future__ import annotations

import datetime as dt
import json
import time
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from config.stripe_server import webhooks
from harness import second_factor
from hosting import models, plan_queries, plans, usage
from hosting.operations import invoicing, measuring, offering, staffing, subscriptions
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Capability, Role
from tenancy import context
from tenants.customers import operations as customer_operations

PASSWORD = "correct horse battery"
POINT = {"address": "1 Elm Road", "time_zone": "Asia/Shanghai"}


def browser(host, email, language="en"):
    client = Client(HTTP_HOST=f"{host}.localhost", HTTP_ACCEPT_LANGUAGE=language)
    assert client.post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def operator_pages(offered):
    client = Client(HTTP_HOST="operator.localhost", HTTP_ACCEPT_LANGUAGE="en")
    assert second_factor.sign_in(client).status_code == 302
    return client


@pytest.fixture
def admin_of(offered):
    """Sign in as an administrator of a company."""

    def sign_in(code="alder", language="en"):
        return browser(code, f"staff@{code}.test", language)

    return sign_in


def text(response):
    return response.content.decode()


def read_only(code="alder"):
    """Put a company where a bill unpaid for long puts it."""
    found = models.Subscription.objects.get(retailer__code=code)
    found.state, found.entered_at = "read_only", timezone.now()
    found.save()
    subscriptions.refresh(subscription=found)


class TestPlansPage:
    def test_lists_what_is_offered_and_makes_a_version_of_a_change(self, operator_pages):
        assert "Growth" in text(operator_pages.get("/plans/"))
        page = operator_pages.get("/plans/starter/")
        data = {name: value for name, value in page.context["form"].initial.items() if value is not None}

        answer = operator_pages.post("/plans/starter/", data | {"supply_points": 3000})

        assert answer.status_code == 302, text(answer)
        found = plan_queries.offer(code="starter").version
        assert (found.number, found.limits["supply_points"], found.prices["CNY"]["month"]["base"]) == (
            2,
            3000,
            "1980.00",
        )

    @pytest.mark.parametrize(
        "line",
        ["CNY month 10", "CNY week 10 1", "CNY month -1 0", "CNY month 1.234 0", "CNY month x 0", "¥¥ month 1 1"],
    )
    def test_refuses_prices_that_cannot_be_charged(self, operator_pages, line):
        data = operator_pages.get("/plans/starter/").context["form"].initial

        answer = operator_pages.post("/plans/starter/", data | {"price_lines": line})

        assert answer.status_code == 422
        assert plan_queries.offer(code="starter").version.number == 1

    def test_offers_and_retires(self, operator_pages):
        operator_pages.post("/plans/starter/offer/", {"on": "0"})

        assert [each.plan.code for each in plan_queries.offers()] == ["growth", "enterprise"]
        assert operator_pages.post("/plans/nothing/offer/", {"on": "0"}).status_code == 404

    def test_makes_coupons_and_names_a_code_twice(self, operator_pages):
        coupon = {"code": "SPRING", "percent": "25", "months": "3"}

        first, second = (operator_pages.post("/plans/coupons/", coupon) for _ in range(2))

        assert (first.status_code, second.status_code) == (302, 422)
        assert [each.percent for each in plan_queries.coupons()] == [Decimal(25)]

    def test_is_the_operators_alone(self, offered, admin_of):
        administrator = admin_of()
        for path in ("/plans/", "/subscriptions/", "/companies/alder/plan/"):
            assert Client(HTTP_HOST="operator.localhost").get(path).status_code == 302
            assert administrator.get(path).status_code == 404


class TestSubscriptionsPage:
    def test_a_company_is_signed_billed_paid_and_given_free(self, operator_pages):
        post = operator_pages.post
        answer = post(
            "/companies/alder/plan/sign/",
            {"plan": "starter", "interval": "month", "collection": "manual", "trial_days": "0"},
        )
        assert answer.status_code == 302, text(answer)
        found = plan_queries.subscription(code="alder")
        invoicing.bill_due(subscription_id=found.pk, at=timezone.now())
        (draft,) = plan_queries.company_invoices(code="alder", drafts=True)
        assert "It is sent" in text(operator_pages.get("/companies/alder/plan/"))
        assert "¥1,980.00" in text(operator_pages.get("/subscriptions/"))

        post(f"/bills/{draft.pk}/issue/", {"number": "H-2026-1"})
        post(f"/bills/{draft.pk}/pay/")

        bill = plan_queries.invoice(invoice_id=draft.pk)
        assert (bill.state, bill.number) == ("paid", "H-2026-1")
        assert "Starter: base price" in text(operator_pages.get(f"/bills/{draft.pk}.csv"))
        post("/companies/alder/plan/collect/", {"collection": "free"})
        assert plan_queries.overview(at=timezone.now()).monthly == []

    def test_stripe_is_not_offered_by_a_host_without_it(self, operator_pages):
        answer = operator_pages.post(
            "/companies/alder/plan/sign/", {"plan": "starter", "interval": "month", "collection": "stripe"}
        )

        assert answer.status_code == 422
        assert plan_queries.subscription(code="alder") is None

    def test_changes_gives_a_coupon_and_ends(self, operator_pages, signed):
        signed(at=timezone.now())
        offering.make_coupon(code="SPRING", percent=Decimal(25), months=None, at=timezone.now())
        address = "/companies/alder/plan/"

        codes = [
            operator_pages.post(f"{address}change/", {"plan": "enterprise", "interval": "year"}).status_code,
            operator_pages.post(f"{address}coupon/", {"coupon": "SPRING"}).status_code,
            operator_pages.post(f"{address}end/", {"ends_on": "2099-01-01"}).status_code,
            operator_pages.post(f"{address}end/", {"ends_on": "2001-01-01"}).status_code,
        ]

        found = plan_queries.subscription(code="alder")
        assert codes == [302, 302, 302, 422]
        assert (found.version.plan.code, found.interval, found.coupon.code) == ("enterprise", "year", "SPRING")
        assert found.ends_at == dt.datetime(2099, 1, 1, tzinfo=dt.UTC)


class TestTheCompanysPage:
    def test_shows_plan_usage_and_bills_in_both_languages(self, signed, admin_of, alder):
        found = signed(plan="starter", at=timezone.now())
        invoicing.bill_due(subscription_id=found.pk, at=timezone.now())
        draft = plan_queries.company_invoices(code="alder", drafts=True)[0]
        client = admin_of()
        assert client.get(f"/console/company/plan/bills/{draft.pk}.csv").status_code == 404
        invoicing.issue(invoice_id=draft.pk, number="H-7", at=timezone.now())
        with context.use(alder):
            measuring.measure_usage(at=timezone.now())

        english, chinese = (
            client.get("/console/company/plan/"),
            admin_of(language="zh-hans").get("/console/company/plan/"),
        )

        assert "2 of 5" in text(english)
        assert "H-7" in text(english)
        assert "套餐与用量" in text(chinese)
        assert "起步版" in text(chinese)
        assert "H-7" in text(client.get(f"/console/company/plan/bills/{draft.pk}.csv"))

    def test_never_shows_another_companys(self, signed, admin_of):
        found = signed(plan="starter", at=timezone.now())
        invoicing.bill_due(subscription_id=found.pk, at=timezone.now())
        draft = plan_queries.company_invoices(code="alder", drafts=True)[0]
        invoicing.issue(invoice_id=draft.pk, number="H-7", at=timezone.now())
        birch = admin_of("birch")

        assert birch.get(f"/console/company/plan/bills/{draft.pk}.csv").status_code == 404
        assert "H-7" not in text(birch.get("/console/company/plan/"))
        assert "No plan" in text(birch.get("/console/company/plan/"))
        assert birch.post("/console/company/plan/end/").status_code == 404
        assert plan_queries.subscription(code="alder").ends_at is None

    def test_changes_the_plan_ends_it_and_takes_that_back(self, signed, admin_of):
        signed(plan="starter", at=timezone.now(), trial_days=10)
        client = admin_of()

        client.post("/console/company/plan/change/", {"plan": "growth", "interval": "month"})
        client.post("/console/company/plan/end/")
        found = plan_queries.subscription(code="alder")

        assert (found.version.plan.code, found.ends_at) == ("growth", found.trial_ends_at)
        client.post("/console/company/plan/keep/")
        assert plan_queries.subscription(code="alder").ends_at is None


class TestReadOnly:
    @pytest.fixture
    def locked(self, signed):
        signed(at=timezone.now())
        read_only()

    def test_staff_read_everything_and_change_nothing(self, locked, admin_of):
        client = admin_of()

        page = client.get("/console/customers/")
        refused = client.post("/console/customers/-/new/", {"name": "X"})
        quick = client.post("/console/customers/-/new/", {"name": "X"}, HTTP_HX_REQUEST="true")

        assert page.status_code == 200
        assert "The workspace is read-only" in text(page)
        assert refused.status_code == 403
        assert "hosting bill is not paid" in text(refused)
        assert json.loads(quick["HX-Trigger"])["toast"]["tone"] == "danger"

    def test_it_is_said_in_chinese(self, locked, admin_of):
        client = admin_of(language="zh-hans")

        assert "工作区现为只读" in text(client.get("/console/"))
        assert "工作区现为只读" in text(client.post("/console/customers/-/new/", {"name": "X"}))

    def test_paying_us_shutting_doors_and_incoming_readings_go_on(self, locked, admin_of):
        client = admin_of()

        for path in ("company/plan/pay/", "imports/new/", "payments/new/", "company/keys/1/revoke/"):
            assert client.post(f"/console/{path}").status_code != 403, path
        assert admin_of().get("/console/").status_code == 200

    def test_programs_read_and_send_readings_and_are_refused_the_rest(self, locked, alder):
        with context.use(alder):
            person = identity_queries.user_by_email(email="staff@alder.test")
            scopes = [Capability.SEE_CUSTOMERS, Capability.CHANGE_CUSTOMERS, Capability.IMPORT_READINGS]
            _key, secret = identity_operations.create_key(name="p", scopes=scopes, by=person, at=timezone.now())
        client = Client(HTTP_HOST="alder.localhost", HTTP_AUTHORIZATION=f"Bearer {secret}", HTTP_ACCEPT_LANGUAGE="en")

        refused = client.post("/api/v1/customers", {"name": "X"}, content_type="application/json")
        readings = client.post("/api/v1/readings", {}, content_type="application/json")

        assert client.get("/api/v1/customers").status_code == 200
        assert (refused.status_code, refused.json()["code"]) == (403, "read_only")
        assert refused["Content-Type"] == "application/problem+json"
        assert readings.status_code == 422

    def test_a_company_without_a_subscription_is_not_limited(self, offered, admin_of):
        client = admin_of()

        assert client.post("/console/customers/-/new/", {}).status_code in (200, 422)
        assert "g-notice" not in text(client.get("/console/company/plan/"))


class TestFeaturesAndLimits:
    def use(self, retailers_plan, **limits):
        found = models.Subscription.objects.select_related("version").get(retailer__code=retailers_plan)
        content = {name: getattr(found.version, name) for name in offering.FIELDS}
        offering.save_plan(code=found.version.plan.code, content=content | {"limits": limits}, at=timezone.now())
        subscriptions.change_plan(code=retailers_plan, plan=found.version.plan.code, at=timezone.now())

    def test_a_supply_point_beyond_the_limit_is_refused_and_says_how_to_go_on(self, signed):
        signed(at=timezone.now())
        self.use("alder", supply_points=1)
        with context.use(context.retailer_by_code(code="alder")):
            customer_operations.add_supply_point(identifier="P1", **POINT)

            with pytest.raises(plans.SupplyPointLimit) as refusal:
                customer_operations.add_supply_point(identifier="P2", **POINT)

        assert refusal.value.params == {"limit": 1, "present": 1, "adding": 1}
        assert "choose a larger plan" in str(refusal.value)

    def test_staff_beyond_the_limit_are_refused(self, signed):
        signed(at=timezone.now())
        self.use("alder", staff=2)
        with context.use(context.retailer_by_code(code="alder")):
            before = identity_queries.staff().count()

            with pytest.raises(plans.StaffLimit):
                staffing.add_staff(email="x@alder.test", name="X", roles=[Role.AUDITOR], at=timezone.now())

            assert identity_queries.staff().count() == before

    def test_a_plan_without_the_api_closes_it(self, signed, alder):
        signed(plan="starter", at=timezone.now())
        with context.use(alder):
            person = identity_queries.user_by_email(email="staff@alder.test")
            _key, secret = identity_operations.create_key(
                name="p", scopes=[Capability.SEE_CUSTOMERS], by=person, at=timezone.now()
            )
        client = Client(HTTP_HOST="alder.localhost", HTTP_AUTHORIZATION=f"Bearer {secret}")

        refused = client.get("/api/v1/customers")
        subscriptions.change_plan(code="alder", plan="growth", at=timezone.now())

        assert (refused.status_code, refused.json()["code"]) == (403, "feature_not_in_plan")
        assert client.get("/api/v1/customers").status_code == 200

    @pytest.mark.parametrize(
        ("count", "shown"), [(79, ""), (80, "A limit of your plan is near"), (100, "A limit of your plan is reached")]
    )
    def test_warns_at_four_fifths_and_at_the_whole(self, signed, admin_of, alder, count, shown):
        signed(at=timezone.now())
        models.Usage.objects.create(
            retailer=alder, day=timezone.now().date(), supply_points=count, measured_at=timezone.now()
        )
        self.use("alder", supply_points=100)

        page = text(admin_of().get("/console/"))

        assert shown in page
        assert ("A limit of your plan" in page) == bool(shown)


class TestCallsOfPrograms:
    def test_are_counted_by_company_and_day(self, signed, alder, birch):
        signed(at=timezone.now())
        usage._calls.clear()
        client = Client(HTTP_HOST="alder.localhost")
        for _ in range(3):
            client.get("/api/v1/customers")

        usage.flush()
        usage.flush()

        assert list(models.ApiCalls.objects.values_list("retailer__code", "calls")) == [("alder", 3)]


class TestTheDoorForMessages:
    def test_takes_what_is_signed_once_and_refuses_the_rest(self, offered, settings):
        settings.STRIPE_BILLING_WEBHOOK_SECRET = "whsec_x"
        event = {"id": "evt_9", "type": "invoice.paid", "data": {"object": {"object": "invoice", "customer": "cus_1"}}}
        body = json.dumps(event).encode()
        client = Client(HTTP_HOST="operator.localhost")

        def send(signature, host="operator.localhost"):
            return client.post(
                "/webhooks/stripe/billing/", body, content_type="application/json",
                HTTP_STRIPE_SIGNATURE=signature, HTTP_HOST=host,
            ).status_code  # fmt: skip

        signed = webhooks.signature(body, "whsec_x", int(time.time()))

        assert [send(signed), send(signed), send("t=1,v1=00"), send("")] == [200, 200, 400, 400]
        assert send(signed, "alder.localhost") == 404
        assert models.BillingMessage.objects.count() == 1
