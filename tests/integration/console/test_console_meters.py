"""The console's pages of meters and registers: what a person enters arrives, what is refused changes nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tenancy.database import connection
from tenants.customers.models import SupplyPoint
from tenants.metering import operations
from tenants.metering.models import Meter, MeterPause, QuantityCorrection, Register, RegisterRead

AT = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
BASE = "/console/customers/-/supply-points/P1/-/registers/"
WORK = "/console/readings/registers/"


@pytest.fixture
def meter(household, in_alder):
    point = SupplyPoint.objects.get(identifier="P1")
    dial = operations.Dial("1", "consumption", digits=5, decimals=1, shows=Decimal(100), settles="always")
    new = operations.NewMeter(point.pk, "M100", dt.date(2026, 1, 1), "Asia/Shanghai", dials=[dial], position="main")
    return operations.install_meter(meter=new, at=AT, by="x")


def register(serial="M100"):
    return Register.objects.get(meter__serial=serial)


def reads():
    return [(each.day, each.value) for each in RegisterRead.objects.filter(ended_at=None).order_by("day", "pk")]


class TestRegisters:
    def test_shows_meters_registers_and_reads(self, admin, meter):
        page = admin.get(BASE).content.decode()

        assert "M100" in page
        assert ">100<" in page.replace(" ", "")

    def test_takes_reads(self, admin, meter):
        sent = admin.post(f"{BASE}reads/", {"on": "2026-02-01", f"read_{register().pk}": "131.5", "quality": "actual"})

        assert (sent.status_code, reads()[-1]) == (302, (dt.date(2026, 2, 1), Decimal("131.5")))

    @pytest.mark.parametrize("value", ["x", "-1", "131.55", "123456"])
    def test_refuses_what_the_register_cannot_show(self, admin, meter, value):
        sent = admin.post(f"{BASE}reads/", {"on": "2026-02-01", f"read_{register().pk}": value, "quality": "actual"})

        assert (sent.status_code, len(reads())) == (422, 1)

    def test_installs(self, admin, household, in_alder):
        said = {"on": "2026-01-01", "serial": "M7", "code": "1", "kind": "consumption", "unit": "kWh", "digits": "6"}

        sent = admin.post(f"{BASE}install/", said | {"decimals": "0", "ct": "200/5", "pt": "", "shows": "7"})

        assert sent.status_code == 302
        assert register("M7").factors.get().numerator == 200

    def test_exchanges(self, admin, meter):
        key = register().pk
        said = {"on": "2026-01-16", f"read_{key}": "115", f"start_{key}": "3", "serial": "M200"}

        first, again = (admin.post(f"{BASE}{meter.pk}/exchange/", said) for _ in range(2))

        assert (first.status_code, again.status_code) == (302, 302)
        assert [each.serial for each in Meter.objects.order_by("period")] == ["M100", "M200"]
        assert register("M200").digits == 5

    def test_changes_ratios(self, admin, meter):
        said = {"on": "2026-01-16", f"read_{register().pk}": "115", "ct": "150/5"}

        assert admin.post(f"{BASE}{meter.pk}/ratios/", said | {"ct": "one"}).status_code == 422
        assert admin.post(f"{BASE}{meter.pk}/ratios/", said).status_code == 302

        assert [(each.numerator, each.denominator) for each in register().factors.order_by("period")] == [
            (1, 1),
            (150, 5),
        ]

    def test_removes_suspends_and_resumes(self, admin, meter):
        assert admin.post(f"{BASE}suspend/", {"on": "2026-01-05", "reason": "arrears"}).status_code == 302
        assert admin.post(f"{BASE}resume/", {"on": "2026-01-07"}).status_code == 302
        said = {"on": "2026-01-16", f"read_{register().pk}": "115", "reason": "rebuilt"}
        assert admin.post(f"{BASE}{meter.pk}/remove/", said).status_code == 302

        assert sorted(MeterPause.objects.values_list("kind", flat=True)) == ["removed", "suspended"]

    def test_of_another_supply_point_is_not_there(self, admin, meter):
        assert admin.get(f"{BASE}{meter.pk + 999}/exchange/").status_code == 404


class TestWork:
    def test_a_doubted_read_is_set_aside(self, admin, meter):
        [stored] = operations.store_reads(
            reads=[operations.NewRead(register().pk, dt.date(2026, 2, 1), Decimal(50))], at=AT, source="test"
        )
        assert "M100" in admin.get(WORK).content.decode()

        admin.post(f"{WORK}reads/{stored.read.pk}/believe/")
        assert RegisterRead.objects.get(pk=stored.read.pk).doubt == "backward"
        admin.post(f"{WORK}reads/{stored.read.pk}/withdraw/")

        assert reads() == [(dt.date(2026, 1, 1), Decimal(100))]

    def test_a_large_correction_waits_for_somebody_else(self, admin, as_role, meter):
        operations.store_reads(
            reads=[operations.NewRead(register().pk, dt.date(2026, 2, 1), Decimal(31_100))], at=AT, source="test"
        )
        said = {
            "key": "k", "start": "2026-01-01", "end": "2026-02-01", "power_right": "3", "power_wrong": "2",
            "cause": "wiring", "reason": "one phase without current",
        }  # fmt: skip
        assert admin.post(f"{BASE}correct/", said).status_code == 302
        asked = QuantityCorrection.objects.get()
        assert (asked.state, asked.added_wh) == ("requested", 15_500_000)

        admin.post(f"{WORK}corrections/{asked.pk}/approve/")
        asked.refresh_from_db()
        assert asked.state == "requested"
        as_role("metering").post(f"{WORK}corrections/{asked.pk}/approve/")

        asked.refresh_from_db()
        assert (asked.state, asked.decided_by) == ("approved", "metering@alder.test")

    def test_days_without_an_owner_are_listed(self, admin, in_alder, household):
        assert admin.get(f"{WORK}unowned/").status_code == 200

    def test_lists_need_few_queries(self, admin, meter, django_assert_max_num_queries):
        values = [operations.NewRead(register().pk, dt.date(2026, 1, day), Decimal(100 - day)) for day in range(2, 26)]
        operations.store_reads(reads=values, at=AT, source="test")

        with django_assert_max_num_queries(30):
            admin.get(WORK)
        assert connection.tenant is not None
