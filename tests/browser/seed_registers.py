"""Fill the database of the registers' browser test: an exchanged meter with ratios, reads of all kinds, corrections."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import django

django.setup()

from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.periods import Period
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.metering import operations
from tenants.metering.models import Register

AT = dt.datetime(2026, 3, 2, 3, 20, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"
RATIOS = {"ct": (Decimal(200), Decimal(5)), "pt": (Decimal(10000), Decimal(100))}


def dials(*shows: str) -> list[operations.Dial]:
    labels = ("", "peak", "flat", "valley")
    return [
        operations.Dial(
            f"0{place}", "consumption", digits=6, decimals=2, label=label, ratios=RATIOS, shows=Decimal(shown)
        )
        for place, (label, shown) in enumerate(zip(labels, shows, strict=True))
    ]


def read(serial: str, day: dt.date, *values: str, quality: str = "actual") -> None:
    held = Register.objects.filter(meter__serial=serial).order_by("code")
    reads = [
        operations.NewRead(register.pk, day, Decimal(value), quality)
        for register, value in zip(held, values, strict=True)
    ]
    operations.store_reads(reads=reads, at=AT, source="console", by="ben@alder.test")


def main() -> None:
    with context.use(context.retailer_by_code(code="alder")):
        identity_operations.create_user(
            email="ben@alder.test", name="Ben", roles=[Role.METERING], at=AT, password=PASSWORD
        )
        point = customer_operations.add_supply_point(
            identifier="P3200771278", address="8 Meter Lane", time_zone="Asia/Shanghai"
        )
        old = operations.NewMeter(
            point.pk, "DTZ341-0001", dt.date(2025, 12, 1), "Asia/Shanghai",
            dials=dials("0", "0", "0", "0"), make="Holley DTZ341", position="main",
        )  # fmt: skip
        meter = operations.install_meter(meter=old, at=AT, by="ben@alder.test")
        read("DTZ341-0001", dt.date(2026, 1, 1), "31", "10", "9", "12")
        new = operations.NewMeter(
            point.pk, "DTZ341-0002", dt.date(2026, 1, 16), "Asia/Shanghai", dials=dials("1", "0", "0", "1")
        )
        removal = dict(zip(("00", "01", "02", "03"), map(Decimal, ("46", "15", "14", "17")), strict=True))
        operations.exchange_meter(
            old=meter.pk, on=dt.date(2026, 1, 16), removal=removal, new=new, at=AT, by="ben@alder.test"
        )
        read("DTZ341-0002", dt.date(2026, 2, 1), "17", "5", "5", "7")
        read("DTZ341-0002", dt.date(2026, 3, 1), "16", "9", "9", "11")
        for key, wrong in (("k1", "2"), ("k2", "1")):
            month = Period.of_month(2026, 1) if key == "k1" else Period.of_month(2025, 12)
            operations.request_correction(
                supply_point_id=point.pk, period=month, power_right=Decimal(3), power_wrong=Decimal(wrong),
                cause="wiring", reason="One phase was without current.", key=key, by="ben@alder.test", at=AT,
            )  # fmt: skip


main()
