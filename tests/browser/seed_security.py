"""A company of which some attempts, sessions and alerts are shown."""

from __future__ import annotations

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from identity import alerts, attempts, operations, queries
from identity.capabilities import Role
from tenancy import context


def seed() -> None:
    at = dt.datetime.now(dt.UTC)
    boss = queries.user_by_email(email="staff@alder.test")
    for _ in range(6):
        attempts.begin(email="metering@alder.test", address="203.0.113.9", mark="", device="Firefox · Linux", at=at)
    alerts.tell(kind="mass_export", at=at, user=boss, details={"path": "/console/customers/-/export.csv", "rows": 8200})
    alerts.tell(kind="many_failures", at=at, details={"address": "203.0.113.9"})
    for name in ("account.hold", "key.create", "data.export"):
        operations.record(action=name, subject="A3200771278", by=boss, at=at, details={"reason": "asked by phone"})
    operations.create_user(
        email="lin@alder.test", name="Lin Mei", roles=[Role.CUSTOMER], at=at, password="correct horse battery"
    )


if __name__ == "__main__":
    with context.use(context.retailer_by_code(code="alder")):
        seed()
