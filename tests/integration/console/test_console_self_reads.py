"""The console's queue of reads by customers, and the page of the load."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.utils import timezone
from PIL import Image

from identity.models import AuditEvent
from tenants.customers.models import Customer, SupplyPoint
from tenants.metering import operations
from tenants.metering.models import Register, RegisterRead, SelfRead
from tenants.metering.operations import load_days, self_reads

QUEUE = "/console/readings/customers/"
LOAD = "/console/readings/load/"


@pytest.fixture
def given(household, in_alder):
    """Two numbers that are far too high, with a photo."""
    today = timezone.localtime(timezone=dt.timezone(dt.timedelta(hours=8))).date()
    at = timezone.now()
    point = SupplyPoint.objects.get(identifier="P1")
    dials = [
        operations.Dial(code, "consumption", digits=6, shows=Decimal(0), settles="always", label=label)
        for code, label in (("1", "peak"), ("2", "valley"))
    ]
    new = operations.NewMeter(point.pk, "M1", today - dt.timedelta(days=90), "Asia/Shanghai", dials=dials, position="1")
    operations.install_meter(meter=new, at=at, by="x")
    registers = list(Register.objects.order_by("code"))
    reads = [operations.NewRead(each.pk, today - dt.timedelta(days=30), Decimal(600)) for each in registers]
    operations.store_reads(reads=reads, at=at, source="test", by="x")
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "PNG")
    customer = Customer.objects.get(number="C1")
    numbers = [self_reads.Given(each.pk, today, Decimal(90_000)) for each in registers]
    origin = self_reads.Origin(at=at, source="portal", by="c1@example.test", photo=out.getvalue())
    return self_reads.give(customer_id=customer.pk, given=numbers, origin=origin)


class TestTheQueue:
    def test_shows_what_waits_with_photo_reads_and_expectation(self, admin, given):
        queue = admin.get(QUEUE).content.decode()
        page = admin.get(f"{QUEUE}{given[0].pk}/").content.decode()

        assert queue.count("It is much more than usual") == 2
        assert f"{QUEUE}{given[0].pk}/photo/" in page
        assert "Expected" in page
        assert 'data-key="a"' in page
        assert admin.get(f"{QUEUE}{given[0].pk}/photo/")["Content-Type"] == "image/jpeg"

    def test_accepted_it_counts_and_goes_on_to_the_next(self, admin, given):
        sent = admin.post(f"{QUEUE}{given[0].pk}/accept/")

        assert sent["Location"] == f"{QUEUE}{given[1].pk}/"
        assert RegisterRead.objects.filter(quality="customer").get().value == 90_000
        assert AuditEvent.objects.filter(action="self_read.accept").count() == 1

    def test_corrected_another_number_counts(self, admin, given):
        admin.post(f"{QUEUE}{given[0].pk}/correct/", {"value": "900", "note": "A digit too many."})

        given[0].refresh_from_db()
        assert (given[0].state, given[0].decided_value) == ("corrected", 900)
        assert RegisterRead.objects.filter(quality="customer").get().value == 900

    @pytest.mark.parametrize(
        "said", [{"value": "900", "note": ""}, {"value": "x", "note": "y"}, {"value": "1e9", "note": "y"}]
    )
    def test_what_is_filled_in_wrongly_changes_nothing(self, admin, given, said):
        page = admin.post(f"{QUEUE}{given[0].pk}/correct/", said)

        assert page.status_code in (200, 422)
        assert SelfRead.objects.filter(state="quarantined").count() == 2
        assert not RegisterRead.objects.filter(quality="customer").exists()

    def test_refused_with_its_reason(self, admin, given):
        admin.post(f"{QUEUE}{given[0].pk}/refuse/", {"note": "The photo shows another meter."})

        given[0].refresh_from_db()
        assert (given[0].state, given[0].note) == ("refused", "The photo shows another meter.")

    def test_the_list_asks_the_same_few_queries_for_any_number(self, admin, given, django_assert_max_num_queries):
        with django_assert_max_num_queries(30):
            assert admin.get(QUEUE).status_code == 200


class TestTheLoad:
    @pytest.fixture
    def summed(self, household, in_alder):
        while load_days.sum_touched(at=timezone.now()):
            pass

    @pytest.mark.parametrize("view", ["day", "month", "year"])
    def test_shows_a_day_a_month_and_a_year(self, admin, summed, view):
        page = admin.get(f"{LOAD}?view={view}&date=2026-02-10")

        assert page.status_code == 200
        assert "<svg" in page.content.decode()

    def test_comes_as_a_file_that_sums_to_the_readings(self, admin, summed):
        file = admin.get(f"{LOAD}load.csv?view=month&date=2026-02-10").content.decode("utf-8-sig")

        rows = list(csv.reader(io.StringIO(file)))[1:]
        assert len(rows) == 28 * 96
        assert sum(Decimal(row[2]) for row in rows) == 28 * 96 * Decimal("0.25")
        assert rows[0][:2] == ["2026-02-01T00:00+08:00", "2026-01-31T16:00Z"]
        assert {row[4] for row in rows} == {"100.00"}

    @pytest.mark.parametrize("query", ["view=week", "date=x", "date=0001-01-01", "what=gas.consumption", "kind=x"])
    def test_refuses_what_no_honest_link_holds(self, admin, summed, query):
        assert admin.get(f"{LOAD}?{query}").status_code == 400
