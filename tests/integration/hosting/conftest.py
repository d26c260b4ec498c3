"""Two companies in business with the same numbers, and processes of the owner to work on them."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from billing.runs import operations as run_operations
from harness import databases, owning, supply
from kernel.periods import Period
from tenancy import context
from tenants.customers.models import Customer, SupplyPoint

AT = dt.datetime(2026, 4, 2, 4, tzinfo=dt.UTC)
MARCH = Period.of_month(2026, 3)
WORK = """
import django; django.setup()
from django.utils import timezone
from hosting.operations import job_running
while job_running.work(now=timezone.now, seconds={seconds}):
    pass
"""


@pytest.fixture
def folder(settings, tmp_path):
    settings.BACKUP_DIR = tmp_path / "backups"
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path


@pytest.fixture
def in_business(fresh_db, alder, birch, folder):
    """Two companies with the same numbers; the first has bills, postings, readings and a file."""
    for company in (alder, birch):
        with context.use(company):
            product = supply.product(document="cn-residential-tiered", valid_from=MARCH.start)
            supply.supply(number="1", product=product, start=MARCH.start, parameters={"extra_household": 0})
            channel = supply.channel(point=SupplyPoint.objects.get(identifier="P1"))
            supply.read(channel=channel, period=MARCH, each=100)
            run = run_operations.run_to_review(run=run_operations.create_run(period=MARCH, at=AT), at=AT)
            run_operations.issue_run_now(run=run, billing_date=AT.date(), at=AT)
            default_storage.save("letters/first.txt", ContentFile(company.code.encode() * 3))
            customer = Customer.objects.get(number="C1")
            customer.name = f"{company.code} Ça\tva\\n\nsecond line"
            customer.save()
    return alder


@pytest.fixture
def as_owner(fresh_db, folder):
    """Run a command of ``manage.py`` with the owner's rights; returns how it ended."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "manage.py", *map(str, arguments)],
            cwd=databases.ROOT, env=owning.environment(fresh_db, folder), capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def work_off(fresh_db, folder):
    """Work off all jobs that wait, as the owner's worker does, in slices of so many seconds."""

    def run(seconds=20.0):
        done = subprocess.run(
            [sys.executable, "-c", WORK.format(seconds=seconds)],
            cwd=databases.ROOT, env=owning.environment(fresh_db, folder), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr

    return run
