"""Thirty companies as a host has them: most are well, some are late with money, backups, tables or work."""

from __future__ import annotations

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from decimal import Decimal

from hosting import models
from hosting.operations import companies, job_running, jobs, offering, subscriptions
from tenancy import context
from tenancy.models import Domain, Retailer, generate_schema_name

NOW = dt.datetime.now(dt.UTC)
WORDS = (
    "Ash", "Aspen", "Beech", "Cedar", "Cherry", "Chestnut", "Cypress", "Elder", "Elm", "Fir", "Ginkgo", "Hazel",
    "Hemlock", "Holly", "Juniper", "Larch", "Laurel", "Linden", "Maple", "Myrtle", "Oak", "Olive", "Pine", "Plane",
    "Poplar", "Rowan", "Spruce", "Willow",
)  # fmt: skip
CHINESE = "白蜡山杨榉树雪松樱桃板栗柏树接骨榆树冷杉银杏榛树铁杉冬青刺柏落叶月桂椴树枫树桃金橡树橄榄松树悬铃杨树花楸云杉柳树"


def seed() -> None:
    offering.load_defaults(at=NOW)
    with context.use_public():
        Retailer.objects.update(created_at=NOW - dt.timedelta(days=200))
        for number, word in enumerate(WORDS):
            company(number, word, CHINESE[2 * number : 2 * number + 2])
    for code in ("alder", "birch"):
        with context.use(context.retailer_by_code(code=code)):
            companies.measure_health(at=NOW)
    days()
    jobs.order_backup(code="alder", at=NOW - dt.timedelta(hours=2), reason="before the import")
    job_running.work(now=lambda: dt.datetime.now(dt.UTC))
    jobs.order_backup(code="birch", at=NOW)


def company(number: int, word: str, chinese: str) -> None:
    """Enter one company; its number decides how it is."""
    made = Retailer.objects.create(
        code=word.lower(), schema_name=generate_schema_name(), names={"en": f"{word} Power", "zh-hans": f"{chinese}售电"},
        status="suspended" if number == 9 else "active", legal_name=f"{word} Power Ltd", market=("cn", "au", "us")[number % 3],
        currency="CNY", time_zone="Asia/Shanghai", created_at=NOW - dt.timedelta(days=300 - number),
    )  # fmt: skip
    Domain.objects.create(domain=f"{word.lower()}.localhost", tenant=made, is_primary=True)
    models.CompanyHealth.objects.create(
        retailer=made, measured_at=NOW - dt.timedelta(minutes=3 if number != 4 else 400), storage_bytes=10**8 * (number + 1),
        figures={
            "customers": 1200 * (number + 1), "supply_points": 1300 * (number + 1), "invoices": 9000, "staff": 4,
            "work": {
                "imports": {"waiting": 0, "running": number % 4 == 0, "failed": 2 if number == 6 else 0},
                "bill_runs": {"waiting": number % 5 == 0, "running": 0, "failed": 0},
                "simulations": {"waiting": 0, "running": 0, "failed": 0},
                "messages": {"waiting": 40 * (number % 3), "running": 0, "failed": 0},
            },
        },
    )  # fmt: skip
    made_at = NOW - dt.timedelta(hours=5 if number not in (2, 11) else 120)
    models.Backup.objects.create(
        retailer=made, state="done", made_at=made_at, name=f"{made.code}-x.tar", size=10**7, rows=10**6,
        tried_at=NOW - dt.timedelta(days=number), differences=[{"name": "x", "expected": 1, "found": 2, "place": "row 1"}] if number == 15 else [],
    )  # fmt: skip
    if number in (3, 11):
        models.Fault.objects.create(
            retailer=made, day=NOW.date(), source="console:invoices", kind="builtins.KeyError", count=7,
            place="portal/console/views/invoices.py:88 invoice", last_at=NOW, request_id="7c1f",
        )  # fmt: skip
    subscriptions.subscribe(code=made.code, plan=("starter", "growth", "enterprise")[number % 3], at=NOW, collection="manual", trial_days=0)
    if number in (1, 7):
        found = models.Subscription.objects.get(retailer=made)
        models.HostingInvoice.objects.create(
            subscription=found, occasion=f"x{number}", source="manual", state="open", currency="CNY",
            total=Decimal("1980"), made_at=NOW,
        )  # fmt: skip
        models.Subscription.objects.filter(pk=found.pk).update(unpaid_since=NOW - dt.timedelta(days=6))


def days() -> None:
    with context.use_public():
        for code in ("alder", "birch"):
            found = Retailer.objects.get(code=code)
            for day in range(1, 40):
                models.HealthDay.objects.create(
                    retailer=found, day=NOW.date() - dt.timedelta(days=day), storage_bytes=5 * 10**6 - 10**4 * day,
                    figures={"customers": max(60 - day, 3), "supply_points": 64 - day, "invoices": 900 - 20 * day, "staff": 3},
                )  # fmt: skip


if __name__ == "__main__":
    seed()
