"""Thirty companies as a host has them: most are well, some are late with money, backups, tables or work."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

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
    ("Ash", "白蜡"), ("Aspen", "山杨"), ("Beech", "榉树"), ("Cedar", "雪松"), ("Cherry", "樱桃"), ("Chestnut", "板栗"),
    ("Cypress", "柏树"), ("Elder", "接骨"), ("Elm", "榆树"), ("Fir", "冷杉"), ("Ginkgo", "银杏"), ("Hazel", "榛树"),
    ("Hemlock", "铁杉"), ("Holly", "冬青"), ("Juniper", "刺柏"), ("Larch", "落叶松"), ("Laurel", "月桂"),
    ("Linden", "椴树"), ("Maple", "枫树"), ("Myrtle", "桃金娘"), ("Oak", "橡树"), ("Olive", "橄榄"), ("Pine", "松树"),
    ("Plane", "悬铃木"), ("Poplar", "杨树"), ("Rowan", "花楸"), ("Spruce", "云杉"), ("Willow", "柳树"),
)  # fmt: skip
LATE, FAULTY, OWING, CLOSED, STALE, FAILING, DIFFERING = (2, 11), (3, 11), (1, 7), 9, 4, 6, 15
MARKETS, PLANS = ("cn", "au", "us"), ("starter", "growth", "enterprise")
DIFFERENCE = {"name": "invoices_invoice", "expected": 1, "found": 2, "place": "row 1"}


def seed() -> None:
    offering.load_defaults(at=NOW)
    with context.use_public():
        Retailer.objects.update(created_at=NOW - dt.timedelta(days=200))
        for number, (word, chinese) in enumerate(WORDS):
            made = register(number, word, chinese)
            measure(number, made)
            protect(number, made)
            charge(number, made)
    for code in ("alder", "birch"):
        with context.use(context.retailer_by_code(code=code)):
            companies.measure_health(at=NOW)
        remember(code)
    jobs.order_backup(code="alder", at=NOW - dt.timedelta(hours=2), reason="before the import")
    job_running.work(now=lambda: dt.datetime.now(dt.UTC))
    jobs.order_backup(code="birch", at=NOW)


def register(number: int, word: str, chinese: str) -> Any:
    made = Retailer.objects.create(
        code=word.lower(), schema_name=generate_schema_name(), legal_name=f"{word} Power Ltd",
        names={"en": f"{word} Power", "zh-hans": f"{chinese}售电"}, market=MARKETS[number % 3],
        status="suspended" if number == CLOSED else "active", currency="CNY", time_zone="Asia/Shanghai",
        created_at=NOW - dt.timedelta(days=300 - number),
    )  # fmt: skip
    Domain.objects.create(domain=f"{word.lower()}.localhost", tenant=made, is_primary=True)
    return made


def measure(number: int, made: Any) -> None:
    work = {
        "imports": {"waiting": 0, "running": int(number % 4 == 0), "failed": 2 if number == FAILING else 0},
        "bill_runs": {"waiting": int(number % 5 == 0), "running": 0, "failed": 0},
        "messages": {"waiting": 40 * (number % 3), "running": 0, "failed": 0},
    }
    figures = {"customers": 1200 * (number + 1), "supply_points": 1300 * (number + 1), "staff": 4, "work": work}
    models.CompanyHealth.objects.create(
        retailer=made, measured_at=NOW - dt.timedelta(minutes=400 if number == STALE else 3), figures=figures,
        storage_bytes=10**8 * (number + 1),
    )  # fmt: skip


def protect(number: int, made: Any) -> None:
    models.Backup.objects.create(
        retailer=made, state="done", made_at=NOW - dt.timedelta(hours=120 if number in LATE else 5),
        name=f"{made.code}-x.tar", size=10**7, rows=10**6, tried_at=NOW - dt.timedelta(days=number),
        differences=[DIFFERENCE] if number == DIFFERING else [],
    )  # fmt: skip
    if number in FAULTY:
        models.Fault.objects.create(
            retailer=made, day=NOW.date(), source="console:invoices", kind="builtins.KeyError", count=7,
            place="portal/console/views/invoices.py:88 invoice", last_at=NOW, request_id="7c1f",
        )  # fmt: skip


def charge(number: int, made: Any) -> None:
    subscriptions.subscribe(code=made.code, plan=PLANS[number % 3], at=NOW, collection="manual", trial_days=0)
    if number in OWING:
        found = models.Subscription.objects.get(retailer=made)
        models.HostingInvoice.objects.create(
            subscription=found, occasion=f"x{number}", source="manual", state="open", currency="CNY",
            total=Decimal("1980"), made_at=NOW,
        )  # fmt: skip
        models.Subscription.objects.filter(pk=found.pk).update(unpaid_since=NOW - dt.timedelta(days=6))


def remember(code: str) -> None:
    with context.use_public():
        found = Retailer.objects.get(code=code)
        for day in range(1, 40):
            figures = {"customers": max(60 - day, 3), "supply_points": 64 - day, "invoices": 900 - 20 * day, "staff": 3}
            models.HealthDay.objects.create(
                retailer=found, day=NOW.date() - dt.timedelta(days=day), figures=figures,
                storage_bytes=5 * 10**6 - 10**4 * day,
            )  # fmt: skip


if __name__ == "__main__":
    seed()
