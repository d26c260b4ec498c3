"""Reads by customers, the load and batches of reads by API, as a program meets them."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from harness import supply
from kernel.periods import Period
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.metering import operations
from tenants.metering.models import Register, RegisterRead, SelfRead
from tenants.metering.operations import load_days

SYDNEY = "Australia/Sydney"
FLAT = """
tariff: 1
code: flat
title: {en: Flat}
currency: AUD
charges: [{code: energy, quantity: sum(consumption), price: 0.5, round: {line: 2}}]
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def home(birch):
    """C1 at P1 with a register of five digits that showed 0, then 300 thirty days ago."""
    today = timezone.localtime(timezone=dt.timezone(dt.timedelta(hours=10))).date()
    start = today - dt.timedelta(days=60)
    with context.use(birch):
        product = supply.product(document=FLAT, valid_from=start, market="au")
        supply.supply(number="1", product=product, start=start, currency="AUD", zone=SYDNEY)
        point = customer_queries.supply_point_by_identifier(identifier="P1")
        dial = operations.Dial("1", "consumption", digits=5, shows=Decimal(0))
        meter = operations.NewMeter(point.pk, "M1", start, SYDNEY, dials=(dial,), position="1")
        operations.install_meter(meter=meter, at=timezone.now(), by="x")
        register = Register.objects.get()
        read = operations.NewRead(register.pk, today - dt.timedelta(days=30), Decimal(300))
        operations.store_reads(reads=[read], at=timezone.now(), source="test", by="x")
    return today - dt.timedelta(days=1)


def body(day, read, **more):
    return {
        "customer": "C1", "supply_point": "P1", "meter": "M1", "register": "1", "day": str(day), "read": read,
    } | more  # fmt: skip


def photo():
    out = io.BytesIO()
    Image.new("RGB", (30, 30), "white").save(out, "JPEG")
    out.seek(0)
    out.name = "meter.jpg"
    return out


class TestSelfReads:
    def test_a_usual_number_counts(self, birch, program, home):
        answer = program(birch).post("/api/v1/self-reads", body(home, "590"), format="multipart")

        assert answer.status_code == 201, answer.content
        assert (answer.json()["state"], answer.json()["oddities"]) == ("accepted", [])
        assert answer.headers["Location"] == f"/api/v1/self-reads/{answer.json()['id']}"

    def test_an_odd_one_waits_and_is_corrected(self, birch, program, home):
        api = program(birch)
        sent = api.post("/api/v1/self-reads", body(home, "5900", photo=photo()), format="multipart").json()

        picture = api.get(f"/api/v1/self-reads/{sent['id']}/photo")
        done = api.post(
            f"/api/v1/self-reads/{sent['id']}/correct", {"read": "590", "reason": "The photo shows 590."}, format="json"
        ).json()

        assert (sent["state"], sent["oddities"][0]["code"], sent["photo"]) == ("quarantined", "above", True)
        assert picture.headers["Content-Type"] == "image/jpeg"
        assert (done["state"], done["taken"], done["reason"]) == ("corrected", "590", "The photo shows 590.")
        again = api.post(f"/api/v1/self-reads/{sent['id']}/accept", {}, format="json")
        assert (again.status_code, again.json()["code"]) == (409, "self_read_decided")

    @pytest.mark.parametrize(
        ("more", "status"),
        [({"customer": "C9"}, 422), ({"register": "7"}, 422), ({"read": "590.5"}, 422), ({"read": "5900"}, 422)],
    )
    def test_refuses_what_does_not_fit_and_keeps_nothing(self, birch, program, home, more, status):
        answer = program(birch).post("/api/v1/self-reads", body(home, "590") | more, format="multipart")

        with context.use(birch):
            assert (answer.status_code, SelfRead.objects.count()) == (status, 0)

    def test_asks_for_the_right_to_decide(self, birch, program, home):
        sent = program(birch).post("/api/v1/self-reads", body(home, "5900", photo=photo()), format="multipart").json()

        answer = program(birch, "readings:write").post(f"/api/v1/self-reads/{sent['id']}/accept", {}, format="json")

        assert answer.status_code == 403


class TestTheLoad:
    def test_sums_all_channels(self, birch, program, home):
        with context.use(birch):
            channel = supply.channel(point=customer_queries.supply_point_by_identifier(identifier="P1"), minutes=30)
            period = Period(dt.date(2026, 4, 4), dt.date(2026, 4, 7))
            supply.read(channel=channel, period=period, each=100)
            load_days.sum_touched(at=timezone.now())

        answer = program(birch).get("/api/v1/load-curve?start=2026-04-04&end=2026-04-07").json()

        assert (answer["interval_minutes"], answer["total"], len(answer["values"])) == (30, 73 * 200, 146)
        assert answer["shares"] == {"actual": 1.0, "estimated": 0.0, "missing": 0.0}

    @pytest.mark.parametrize("query", ["start=2026-04-04&end=2026-04-04", "start=2026-04-04&end=2028-04-04", "start=x"])
    def test_refuses_days_that_are_none(self, birch, program, home, query):
        assert program(birch).get(f"/api/v1/load-curve?{query}").status_code == 422


class TestBatchesOfReads:
    def test_a_thousand_reads_take_a_handful_of_queries(self, birch, home):
        with context.use(birch):
            register = Register.objects.get()
            since = register.meter.period.lower
            reads = [
                operations.NewRead(register.pk, since + dt.timedelta(days=1 + place % 55), Decimal(place))
                for place in range(1000)
            ]
            with CaptureQueriesContext(connection) as seen:
                found = operations.store_each(reads=reads, at=timezone.now(), source="api", by="x")

            assert len(found) == 1000
            assert len([each for each in seen.captured_queries if "SAVEPOINT" not in each["sql"]]) < 10
            assert RegisterRead.objects.filter(ended_at=None, register=register).count() > 50
