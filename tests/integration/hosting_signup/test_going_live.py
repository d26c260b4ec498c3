"""The guided start says what stands; a company goes live once, when nothing that must stand is missing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from billing.invoices import operations as invoice_operations
from harness import supply
from hosting import going_live, operations, queries
from identity import queries as identity_queries
from kernel.errors import Conflict
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.metering import operations as metering_operations
from tenants.tariffs import operations as tariff_operations

AT = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
EVERYTHING = ["brand", "entity", "tariff", "customers", "meters", "agreements", "payments"]


@pytest.fixture
def pages(fresh_db):
    client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")
    client.post("/accounts/login/", {"login": "staff@alder.test", "password": "correct horse battery"})
    return client


def make_ready(retailer) -> None:
    """Do what the guided start leads to, by the operations behind its pages."""
    with context.use(retailer):
        operations.change_brand(retailer=retailer, at=AT, validate=lambda changes: None, support_phone="400-820-0110")
        invoice_operations.save_entity(
            code="ALD", is_default=True, legal_name="Alder Power Ltd", address="1 Alder Road", country="CN",
            bank_name="Bank", bank_account="6222020200112233",
        )  # fmt: skip
        version = tariff_operations.create_product_from_template(
            market="cn", template="cn-residential-tiered", valid_from=dt.date(2026, 1, 1), code="HOME",
            titles={"en": "Home", "zh-hans": "居民"},
        )  # fmt: skip
        product = tariff_operations.publish(version=version, at=AT).product
        account = supply.supply(number="1", product=product, start=dt.date(2026, 1, 1))
        [point] = customer_queries.supply_points_of_account(account=account, on=dt.date(2026, 2, 1))
        meter = metering_operations.NewMeter(
            point.pk, "M1", dt.date(2026, 1, 1), "Asia/Shanghai",
            registers=[metering_operations.Register("E1", "consumption", "Wh", 15)],
        )  # fmt: skip
        metering_operations.install_meter(meter=meter, at=AT, by="staff@alder.test")


class TestPoints:
    def test_of_an_empty_company_are_missing_each(self, fresh_db, alder):
        with context.use(alder):
            points = {each.name: each.seen.stands for each in going_live.points()}
            missing = going_live.missing()

        assert list(points) == list(going_live.NAMES)
        assert missing == EVERYTHING

    def test_stand_once_the_rooms_hold_what_they_ask_for(self, fresh_db, alder):
        make_ready(alder)

        with context.use(context.retailer_by_code(code="alder")):
            assert going_live.missing() == []
        with context.use(context.retailer_by_code(code="birch")):
            assert going_live.missing() == EVERYTHING


class TestGoingLive:
    def test_is_refused_while_something_is_missing_and_names_it(self, fresh_db, alder):
        with context.use(alder), pytest.raises(going_live.NotReady) as refusal:
            going_live.go_live(at=AT)

        assert refusal.value.missing == EVERYTHING
        assert context.retailer_by_code(code="alder").live_since is None
        assert queries.events(code="alder") == []

    def test_is_recorded_with_its_date_and_happens_once(self, fresh_db, alder):
        make_ready(alder)

        with context.use(context.retailer_by_code(code="alder")):
            going_live.go_live(at=AT)
        with context.use(context.retailer_by_code(code="alder")), pytest.raises(Conflict):
            going_live.go_live(at=AT + dt.timedelta(days=1))

        assert context.retailer_by_code(code="alder").live_since == AT
        assert [(each.action, each.at) for each in queries.events(code="alder")] == [("go_live", AT)]

    def test_is_not_for_a_demo(self, fresh_db, alder):
        make_ready(alder)
        type(alder).objects.filter(pk=alder.pk).update(demo_until=AT + dt.timedelta(days=9))

        with context.use(context.retailer_by_code(code="alder")), pytest.raises(Conflict):
            going_live.go_live(at=AT)


class TestThePage:
    def test_says_what_is_done_and_what_is_missing(self, pages, alder):
        empty = pages.get("/console/start/").content.decode()
        refused = pages.post("/console/start/live/", follow=True).content.decode()
        make_ready(alder)
        ready = pages.get("/console/start/").content.decode()

        assert "These steps must stand first" in empty
        assert "Missing: Brand, Market and legal entity, Tariff, Customers, Meters, Agreements, Payments." in refused
        assert "Everything that must stand does" in ready
        assert "Alder Power Ltd" in ready

    def test_takes_the_company_live_and_the_notice_away(self, pages, alder):
        make_ready(alder)
        before = pages.get("/console/").content.decode()
        done = pages.post("/console/start/live/", follow=True).content.decode()
        after = pages.get("/console/").content.decode()

        assert "Guided start: see what is done" in before
        assert "The company is live since" in done
        assert "Guided start: see what is done" not in after
        with context.use(alder):
            assert "company.go_live" in [event.action for event in identity_queries.audit_events()[:3]]

    def test_asks_a_bounded_number_of_questions(self, pages, alder, django_assert_max_num_queries):
        make_ready(alder)

        with django_assert_max_num_queries(60):
            pages.get("/console/start/")
