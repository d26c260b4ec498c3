"""Reads by customers: taken when usual, kept back when odd, decided by a person; photos tell nothing else."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from harness import supply
from kernel.errors import NotFound
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.metering import operations, queries
from tenants.metering.models import RegisterRead, SelfRead
from tenants.metering.operations import register_reads, self_reads
from tenants.notices import queries as notice_queries

START = dt.date(2026, 1, 1)
NOON = dt.datetime(2026, 4, 1, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 4, 1)
BY = "reader@alder.example"
pytestmark = pytest.mark.django_db


@pytest.fixture
def home(in_alder):
    """A home that used 300 kWh a month since January, read on the first of each."""
    account = supply.supply(
        number="1", product=supply.product(document="cn-residential-tiered", valid_from=START), start=START
    )
    point = customer_queries.supply_point_by_identifier(identifier="P1")
    dial = operations.Dial("1", "consumption", digits=5, decimals=1, shows=Decimal(99_500))
    meter = operations.NewMeter(point.pk, "M1", START, "Asia/Shanghai", dials=(dial,), position="1")
    operations.install_meter(meter=meter, at=NOON, by=BY)
    register = queries.registers_of(supply_point_ids=[point.pk]).get()
    reads = [
        operations.NewRead(register.pk, dt.date(2026, month, 1), Decimal(value))
        for month, value in ((2, 99_800), (3, 100))
    ]
    operations.store_reads(reads=reads, at=NOON, source="test", by=BY)
    return account.customer, register, point


def given(register, value, day=TODAY):
    return [self_reads.Given(register.pk, day, Decimal(value))]


def give(customer, register, value, day=TODAY, photo=None, at=NOON):
    origin = self_reads.Origin(at=at, source="portal", by="c1@example.test", photo=photo)
    [made] = self_reads.give(customer_id=customer.pk, given=given(register, value, day), origin=origin)
    return made


def picture(kind="JPEG", size=(2400, 1200)):
    exif = Image.Exif()
    exif[0x010F] = "ACME Camera"
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind, exif=exif)
    return out.getvalue()


def standing(register):
    return list(
        RegisterRead.objects.filter(register=register, day=TODAY, ended_at=None).values_list("value", "quality")
    )


class TestGiving:
    def test_what_is_usual_counts_at_once(self, home):
        customer, register, point = home

        made = give(customer, register, "420.5")

        assert (made.state, made.doubts, made.low, made.high) == ("accepted", [], Decimal("110.0"), Decimal("980.4"))
        assert standing(register) == [(Decimal("420.5"), "customer")]
        used = queries.register_uses(supply_point_ids=[point.pk], period=Period.of_month(2026, 3))
        assert int(used[point.pk]["consumption"].wh.sum()) == 320_500

    @pytest.mark.parametrize(
        ("value", "code"), [("2900", "above"), ("100.1", "below"), ("50", "backward"), ("70000", "implausible")]
    )
    def test_what_is_odd_waits_for_a_person(self, home, value, code):
        customer, register, _ = home

        made = give(customer, register, value, photo=picture())

        assert (made.state, [each["code"] for each in made.doubts]) == ("quarantined", [code])
        assert standing(register) == []
        assert queries.oddity_sentence(oddity=made.doubts[0])

    def test_an_odd_number_asks_for_a_photo(self, home):
        customer, register, _ = home

        with pytest.raises(self_reads.PhotoNeeded):
            give(customer, register, "2900")

        assert SelfRead.objects.count() == 0

    @pytest.mark.parametrize(
        ("value", "day", "error"),
        [
            ("420.55", TODAY, register_reads.ReadOutOfRange),
            ("100000", TODAY, register_reads.ReadOutOfRange),
            ("420", dt.date(2026, 3, 30), self_reads.NotReadable),
            ("420", dt.date(2026, 4, 2), self_reads.NotReadable),
        ],
    )
    def test_refuses_what_the_dial_or_the_days_do_not_allow(self, home, value, day, error):
        customer, register, _ = home

        with pytest.raises(error):
            give(customer, register, value, day)

        assert (SelfRead.objects.count(), standing(register)) == (0, [])

    def test_a_register_of_somebody_else_is_not_there(self, home):
        _, register, _ = home
        stranger = customer_operations.create_customer(number="C9", name="Stranger")

        with pytest.raises(NotFound):
            give(stranger, register, "420")

    def test_given_anew_takes_the_place_of_the_one_that_waits(self, home):
        customer, register, _ = home
        first = give(customer, register, "2900", photo=picture())

        second = give(customer, register, "410")

        first.refresh_from_db()
        assert (first.state, second.state, standing(register)) == ("replaced", "accepted", [(Decimal(410), "customer")])
        assert give(customer, register, "410").pk == second.pk
        with pytest.raises(self_reads.GivenAlready):
            give(customer, register, "411")

    def test_is_not_asked_where_intervals_make_the_bill(self, home):
        customer, _, point = home
        supply.channel(point=point)

        assert queries.readable(customer_id=customer.pk, at=NOON) == []


class TestPhoto:
    def test_is_kept_small_and_without_what_the_camera_wrote(self, home):
        customer, register, _ = home

        made = give(customer, register, "2900", photo=picture())

        kept = self_reads.photo_of(given=made)
        with Image.open(io.BytesIO(kept)) as shown:
            assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (1600, 800), {})
        assert b"ACME" not in kept

    @pytest.mark.parametrize(
        "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", picture()[:300]]
    )
    def test_refuses_what_is_no_photo_and_keeps_nothing(self, home, content):
        customer, register, _ = home

        with pytest.raises(self_reads.PHOTO_REFUSALS):
            give(customer, register, "2900", photo=content)

        assert SelfRead.objects.count() == 0

    def test_is_deleted_after_its_time_and_the_number_stays(self, home):
        customer, register, _ = home
        made = give(customer, register, "2900", photo=picture("PNG", (20, 20)))
        name = made.photo

        early = self_reads.delete_photos(at=NOON + dt.timedelta(days=399))
        late = self_reads.delete_photos(at=NOON + dt.timedelta(days=401))

        made.refresh_from_db()
        assert (early, late, made.photo, default_storage.exists(name)) == (0, 1, "", False)
        assert made.photo_deleted_at == NOON + dt.timedelta(days=401)
        with pytest.raises(NotFound):
            self_reads.photo_of(given=made)


class TestDeciding:
    @pytest.fixture
    def waiting(self, home):
        customer, register, _ = home
        return give(customer, register, "2900", photo=picture("PNG", (20, 20)))

    def test_accepted_it_counts_and_the_customer_is_told(self, waiting):
        done = self_reads.accept(self_read_id=waiting.pk, at=NOON, by=BY)

        assert (done.state, standing(waiting.register)) == ("accepted", [(Decimal(2900), "customer")])
        [message] = notice_queries.messages_of_customer(customer=waiting.customer)
        assert (message.template, "2900" in message.body) == ("self_read_accepted", True)

    def test_corrected_the_other_number_counts_with_its_reason(self, waiting):
        done = self_reads.correct(
            self_read_id=waiting.pk, value=Decimal(290), note="The photo shows 290.", at=NOON, by=BY
        )

        assert (done.state, done.value, done.decided_value) == ("corrected", Decimal(2900), Decimal(290))
        assert standing(waiting.register) == [(Decimal(290), "customer")]
        [message] = notice_queries.messages_of_customer(customer=waiting.customer)
        assert "The photo shows 290." in message.body

    def test_refused_nothing_counts(self, waiting):
        with pytest.raises(self_reads.ReasonNeeded):
            self_reads.refuse(self_read_id=waiting.pk, note=" ", at=NOON, by=BY)

        done = self_reads.refuse(self_read_id=waiting.pk, note="Another meter.", at=NOON, by=BY)

        assert (done.state, standing(waiting.register)) == ("refused", [])
        with pytest.raises(self_reads.Decided):
            self_reads.accept(self_read_id=waiting.pk, at=NOON, by=BY)

    def test_backward_it_cannot_be_accepted_as_it_is(self, home):
        customer, register, _ = home
        waiting = give(customer, register, "50", photo=picture("PNG", (20, 20)))

        with pytest.raises(register_reads.ReadInDoubt):
            self_reads.accept(self_read_id=waiting.pk, at=NOON, by=BY)

        waiting.refresh_from_db()
        assert (waiting.state, standing(register)) == ("quarantined", [])
