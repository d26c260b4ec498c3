"""The queue as a person and a program see it: filtered, looked at line by line, approved, left, traced."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from django.test import Client

from billing.corrections import operations
from billing.corrections.models import Correction
from billing.invoices.models import Invoice
from harness import bill_cast
from identity import operations as identity_operations
from identity.models import User
from tenancy import context
from tenants.metering import operations as metering_operations

LATER = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def large(in_alder):
    """A bill that would be far larger: a person decides."""
    channels = bill_cast.households("1", "2")
    bill_cast.issued(bill_cast.reviewed())
    days = [metering_operations.DayReadings(channels["1"].pk, dt.date(2026, 3, 10), np.full(96, 20_000, np.int64))]
    metering_operations.store_interval_days(days=days, at=LATER)
    operations.work(at=LATER)
    return Correction.objects.get()


@pytest.fixture
def console(large):
    person = identity_operations.create_user(
        email="bai@alder.test", name="Bai", roles=["billing"], at=LATER, password="correct horse battery"
    )
    client = Client(HTTP_HOST="alder.localhost")
    client.force_login(User.objects.get(pk=person.pk))
    return client


class TestConsole:
    def test_shows_the_queue_the_lines_and_what_approving_comes_to(self, console, large, django_assert_max_num_queries):
        number = large.invoice.number
        with django_assert_max_num_queries(40):
            queue = console.get("/console/corrections/").content.decode()
        page = console.get(f"/console/corrections/{large.pk}/").content.decode()
        preview = console.get("/console/corrections/preview/", {"item": large.pk}).content.decode()

        assert number in queue
        assert "2026-03-10" in page and "9.6" in page and "1,920" in page
        assert number in preview
        assert console.get("/console/corrections/", {"state": "done", "what": "index"}).status_code == 200

    def test_approves_and_shows_the_trace(self, console, large, alder):
        response = console.post(f"/console/corrections/{large.pk}/approve/", {"expected": str(large.after)})

        assert response.status_code == 302
        with context.use(alder):
            large.refresh_from_db()
            old, new = large.invoice.number, large.rebills.get().invoice.number
        assert large.state == "done"
        assert old in console.get(f"/console/invoices/{new}/").content.decode()
        assert console.get(f"/console/corrections/{large.pk}/").status_code == 200

    def test_leaves_nothing_without_a_reason(self, console, large, alder):
        console.post(f"/console/corrections/{large.pk}/dismiss/", {"note": ""})
        with context.use(alder):
            large.refresh_from_db()
        assert large.state == "rated"

        console.post(f"/console/corrections/{large.pk}/dismiss/", {"note": "Agreed."})
        with context.use(alder):
            large.refresh_from_db()
            assert (large.state, large.note, Invoice.objects.count()) == ("dismissed", "Agreed.", 2)

    def test_approves_many_only_as_they_were_seen(self, console, large, alder):
        preview = console.get("/console/corrections/preview/", {"item": large.pk}).content.decode()
        seen = f"{large.pk}:{large.after}"
        console.post("/console/corrections/approve/", {"item": large.pk, "seen": f"{large.pk}:1.00"})
        with context.use(alder):
            large.refresh_from_db()
        between = large.state

        console.post("/console/corrections/approve/", {"item": large.pk, "seen": seen})

        with context.use(alder):
            large.refresh_from_db()
        assert f'value="{seen}"' in preview
        assert (between, large.state) == ("rated", "done")
