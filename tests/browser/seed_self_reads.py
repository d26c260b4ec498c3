"""Fill the database of the browser test of self-reads: a home with a register, odd numbers that wait, and a load."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import django

django.setup()

from django.utils import timezone
from PIL import Image, ImageDraw

from harness import portal_cast, supply
from kernel.periods import Period
from tenancy import context
from tenants.metering import operations, queries
from tenants.metering.operations import load_days, self_reads

TODAY = timezone.localtime(timezone=dt.timezone(dt.timedelta(hours=8))).date()


def photo() -> bytes:
    picture = Image.new("RGB", (800, 500), "#ccd3d8")
    ImageDraw.Draw(picture).rectangle((120, 150, 680, 300), fill="#202427")
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


def main() -> None:
    at = timezone.now()
    with context.use(context.retailer_by_code(code="alder")):
        product = portal_cast.tiered_product()
        home = portal_cast.household(number="3200771204", product=product)
        home.channel.delete()
        other = portal_cast.household(number="3200771299", product=product, name="Wu Gang")
        month = Period(TODAY - dt.timedelta(days=40), TODAY)
        supply.read(channel=other.channel, period=month, each=portal_cast.shape)
        while load_days.sum_touched(at=at):
            pass
        dials = [
            operations.Dial(code, "consumption", digits=6, decimals=1, label=label, shows=Decimal(shown))
            for code, label, shown in (("01", "peak", "1200"), ("02", "valley", "800.5"))
        ]
        start = TODAY - dt.timedelta(days=90)
        new = operations.NewMeter(home.point.pk, "DDZY-71204", start, "Asia/Shanghai", dials=dials, position="1")
        operations.install_meter(meter=new, at=at, by="ben@alder.test")
        registers = list(queries.registers_of(supply_point_ids=[home.point.pk]))
        for days, more in ((60, 210), (30, 405)):
            reads = [
                operations.NewRead(each.pk, TODAY - dt.timedelta(days=days), Decimal(800 + more)) for each in registers
            ]
            operations.store_reads(reads=reads, at=at, source="test", by="ben@alder.test")
        numbers = [self_reads.Given(each.pk, TODAY - dt.timedelta(days=1), Decimal(14_100)) for each in registers[-1:]]
        origin = self_reads.Origin(at=at, source="portal", by=home.email, photo=photo())
        self_reads.give(customer_id=home.customer.pk, given=numbers, origin=origin)


if __name__ == "__main__":
    main()
