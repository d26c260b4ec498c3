"""Make the standing cast in a fresh database: the operator and two retailers with the same ids inside."""

from __future__ import annotations

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings

settings.PASSWORD_HASHERS = ["harness.hashers.QuickHasher"]

from harness import second_factor
from identity import operations as identity_operations
from identity.capabilities import Role
from tenancy import context, models, provisioning

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"
CAST = {
    "operator": ("operator", "cn", "CNY", "Asia/Shanghai", "en", {"en": "Gridhall Hosting", "zh-hans": "电厅托管"}),
    "alder": ("retailer", "cn", "CNY", "Asia/Shanghai", "zh-hans", {"en": "Alder Power", "zh-hans": "桤木售电"}),
    "birch": ("retailer", "au", "AUD", "Australia/Sydney", "en", {"en": "Birch Energy", "zh-hans": "白桦能源"}),
}
COLORS = {"operator": "#334155", "alder": "#0f766e", "birch": "#b4432a"}


def make(code: str) -> None:
    kind, market, currency, zone, language, names = CAST[code]
    retailer = models.Retailer.objects.create(
        code=code,
        schema_name="t_" + code.ljust(12, "0"),
        kind=kind,
        market=market,
        currency=currency,
        time_zone=zone,
        default_language=language,
        names=names,
        legal_name=names["en"],
        created_at=AT,
    )
    models.Domain.objects.create(domain=f"{code}.localhost", tenant=retailer, is_primary=True)
    models.Brand.objects.create(retailer=retailer, primary_color=COLORS[code], changed_at=AT)
    provisioning.provision_schema(retailer=retailer)
    with context.use(retailer):
        make_staff(code)


def make_staff(code: str) -> None:
    roles = [Role.OPERATOR] if code == "operator" else [Role.ADMINISTRATOR]
    boss = identity_operations.create_user(
        email=f"staff@{code}.test", name=f"Staff of {code}", roles=roles, at=AT, password=PASSWORD
    )
    if code == "operator":
        second_factor.give(boss)
    if code != "operator":
        identity_operations.create_user(
            email=f"metering@{code}.test", name="Metering", roles=[Role.METERING], at=AT, password=PASSWORD
        )


if __name__ == "__main__":
    for name in CAST:
        make(name)
