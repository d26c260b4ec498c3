"""Giving a reading in the portal: typed, looked at, sent; and nobody else's."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from harness import portal_cast
from tenancy.database import connection
from tenants.customers import operations as customer_operations
from tenants.metering import operations, queries
from tenants.metering.models import RegisterRead, SelfRead

AT = dt.datetime(2025, 1, 2, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


class Browser(Client):
    """A browser that leaves the test working for the company it worked for before the request."""

    def request(self, **request):
        before = connection.tenant
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(before)


def signed_in(email):
    client = Browser(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")
    assert client.post("/accounts/login/", {"login": email, "password": portal_cast.PASSWORD}).status_code == 302
    return client


@pytest.fixture
def home(in_alder):
    """A home with a register of five digits that shows 100 for 31 days back and 400 for yesterday's month."""
    product = portal_cast.tiered_product()
    return portal_cast.household(number="1", product=product)


@pytest.fixture
def register(home):
    home.channel.delete()
    today = timezone.localdate()
    meter = operations.NewMeter(
        home.point.pk,
        "M1",
        today - dt.timedelta(days=60),
        "Asia/Shanghai",
        dials=(operations.Dial("1", "consumption", digits=5, shows=Decimal(100)),),
        position="1",
    )
    operations.install_meter(meter=meter, at=timezone.now(), by="test")
    found = queries.registers_of(supply_point_ids=[home.point.pk]).get()
    read = operations.NewRead(found.pk, today - dt.timedelta(days=30), Decimal(400))
    operations.store_reads(reads=[read], at=timezone.now(), source="test", by="test")
    return found


def photo():
    out = io.BytesIO()
    Image.new("RGB", (30, 30), "white").save(out, "PNG")
    out.seek(0)
    out.name = "meter.png"
    return out


def form_of(register, value, **more):
    today = timezone.localtime(timezone=dt.timezone(dt.timedelta(hours=8))).date()
    return {"day": today.isoformat(), f"read_{register.pk}": value} | more


class TestGivingAReading:
    def test_shows_what_the_number_means_before_it_is_sent(self, home, register):
        client = signed_in(home.email)

        page = client.post(f"/readings/meters/{register.meter_id}/", form_of(register, "00700")).content.decode()

        assert "Is that right?" in page
        assert "That fits what you used before." in page
        assert SelfRead.objects.count() == 0

    def test_a_usual_number_counts_at_once(self, home, register):
        client = signed_in(home.email)

        response = client.post(f"/readings/meters/{register.meter_id}/", form_of(register, "700", step="send"))

        assert response["Location"] == "/readings/"
        assert RegisterRead.objects.filter(register=register, quality="customer").get().value == 700
        assert "Accepted" in client.get("/readings/").content.decode()

    def test_an_odd_one_is_sent_with_a_photo_and_waits(self, home, register):
        client = signed_in(home.email)
        address = f"/readings/meters/{register.meter_id}/"

        without = client.post(address, form_of(register, "30000", step="send"))
        client.post(address, form_of(register, "30000", step="send", photo=photo()))

        assert "Add a photo of the meter" in without.content.decode()
        given = SelfRead.objects.get()
        assert (given.state, given.doubts[0]["code"]) == ("quarantined", "above")
        shown = client.get(f"/readings/{given.pk}/photo/")
        assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
        assert "no-store" in shown["Cache-Control"]
        assert "Being checked" in client.get("/readings/").content.decode()

    @pytest.mark.parametrize("typed", ["", "abc", "7OO", "-5", "1,234,5", "123456", "700.5", "１２３"])
    def test_refuses_what_no_dial_shows(self, home, register, typed):
        client = signed_in(home.email)

        page = client.post(f"/readings/meters/{register.meter_id}/", form_of(register, typed, step="send"))

        assert page.status_code == 200
        assert 'aria-invalid="true"' in page.content.decode()
        assert SelfRead.objects.count() == 0

    def test_is_closed_to_other_customers(self, home, register):
        client = signed_in(home.email)
        client.post(f"/readings/meters/{register.meter_id}/", form_of(register, "30000", step="send", photo=photo()))
        given = SelfRead.objects.get()
        stranger = customer_operations.create_customer(number="C9", name="Stranger")
        portal_cast.sign_in_of("c9@example.test", stranger)
        theirs = signed_in("c9@example.test")

        found = [
            theirs.get(f"/readings/meters/{register.meter_id}/").status_code,
            theirs.post(f"/readings/meters/{register.meter_id}/", form_of(register, "701")).status_code,
            theirs.get(f"/readings/{given.pk}/photo/").status_code,
        ]

        assert found == [404, 404, 404]
