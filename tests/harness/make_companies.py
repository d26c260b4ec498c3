"""Make companies c001, c002 … in a database, replayed from its template: ``make_companies.py NUMBER``; as owner."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from tenancy import models, provisioning

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make(number: int) -> None:
    code = f"c{number:03d}"
    retailer = models.Retailer.objects.create(
        code=code, schema_name="t_" + code.ljust(12, "0"), market="cn", currency="CNY", time_zone="Asia/Shanghai",
        names={"en": code}, legal_name=code, created_at=AT,
    )  # fmt: skip
    models.Domain.objects.create(domain=f"{code}.localhost", tenant=retailer, is_primary=True)
    provisioning.provision_schema(retailer=retailer)


if __name__ == "__main__":
    begun = time.monotonic()
    for number in range(1, int(sys.argv[1]) + 1):
        make(number)
    sys.stdout.write(f"{(time.monotonic() - begun) / max(int(sys.argv[1]), 1):.3f} s a company\n")
