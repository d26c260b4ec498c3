"""A company as the fleet's page shows it, and what is wrong there; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from hosting import backup_policy, models, plans, queries
from kernel.money import Money
from tenancy import models as tenancy_models

MAKING_TAKES = dt.timedelta(minutes=10)
KINDS = ("schema", "backup", "drill", "errors", "jobs", "stale", "making", "money", "limits", "ending", "closed")
"""What can be wrong, the worst first."""
DANGER, WARN, INFO = "danger", "warn", "info"
_WEIGHT = {DANGER: 100, WARN: 10, INFO: 1}
Job, Status = models.Job, tenancy_models.Retailer.Status


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: its kind, how bad, and its number or day."""

    kind: str
    tone: str
    count: int = 0
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Background work of a company, or of one kind: what waits, runs and failed lately."""

    waiting: int = 0
    running: int = 0
    failed: int = 0


@dataclass(slots=True)
class Row:
    """A company with all that the fleet's page shows of it."""

    company: queries.Company
    standing: plans.Standing
    work: dict[str, Work]
    owed: list[Money] = field(default_factory=list)
    overdue_since: dt.datetime | None = None
    jobs: list[models.Job] = field(default_factory=list)
    failed_jobs: int = 0
    faults: int = 0
    faults_week: int = 0
    backup_at: dt.datetime | None = None
    backup_failed_at: dt.datetime | None = None
    tried_at: dt.datetime | None = None
    drill_differs: bool = False
    behind: bool = False
    growth: int | None = None
    ending: dt.datetime | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def retailer(self) -> Any:
        return self.company.retailer

    @property
    def all_work(self) -> Work:
        """Return the background work of all kinds, with the jobs on the whole company."""
        found = list(self.work.values())
        waiting = sum(job.state == Job.State.WAITING for job in self.jobs)
        return Work(
            sum(each.waiting for each in found) + waiting,
            sum(each.running for each in found) + len(self.jobs) - waiting,
            sum(each.failed for each in found) + self.failed_jobs,
        )

    @property
    def severity(self) -> int:
        """Return how much is wrong, for sorting."""
        return sum(_WEIGHT[each.tone] for each in self.problems)

    # What the table sorts by.
    @property
    def name(self) -> str:
        return str(self.retailer.code)

    @property
    def status(self) -> str:
        return str(self.standing.state or self.retailer.status)

    @property
    def customers(self) -> int:
        return _count(self.company.figures.get("customers"))

    @property
    def supply_points(self) -> int:
        return _count(self.company.figures.get("supply_points"))

    @property
    def storage(self) -> int:
        return self.company.storage_bytes

    @property
    def busy(self) -> int:
        return self.all_work.waiting + self.all_work.running

    @property
    def owing(self) -> Any:
        return max((each.amount for each in self.owed), default=None)

    @property
    def measured(self) -> dt.datetime | None:
        return self.company.measured_at


def problems(row: Row, *, at: dt.datetime) -> list[Problem]:
    """Return what is wrong with a company now, the worst kinds first."""
    if row.retailer.status == Status.PROVISIONING:
        slow = at - row.retailer.created_at > MAKING_TAKES
        return [Problem("making", DANGER, since=row.retailer.created_at)] if slow else []
    return [
        *_of_tables(row),
        *_of_backups(row, at),
        *_of_work(row),
        *_of_health(row),
        *_of_money(row),
        *_of_its_end(row),
    ]


def _of_tables(row: Row) -> Iterator[Problem]:
    if row.company.migration_error or row.behind:
        yield Problem("schema", DANGER if row.company.migration_error else WARN)


def _of_backups(row: Row, at: dt.datetime) -> Iterator[Problem]:
    if row.retailer.is_demo:
        return
    if backup_policy.is_late(last=row.backup_at, since=row.retailer.created_at, retailer=row.retailer, at=at):
        yield Problem("backup", DANGER, since=row.backup_at)
    elif row.backup_failed_at is not None:
        yield Problem("backup", WARN, since=row.backup_failed_at)
    if row.drill_differs:
        yield Problem("drill", DANGER, since=row.tried_at)
    elif at - (row.tried_at or row.retailer.created_at) > settings.DRILL_EVERY * 2:
        yield Problem("drill", WARN, since=row.tried_at)


def _of_work(row: Row) -> Iterator[Problem]:
    if row.faults:
        yield Problem("errors", DANGER, row.faults)
    if row.all_work.failed:
        yield Problem("jobs", WARN, row.all_work.failed)


def _of_health(row: Row) -> Iterator[Problem]:
    if row.company.stale and row.retailer.status == Status.ACTIVE:
        yield Problem("stale", WARN, since=row.company.measured_at)


def _of_money(row: Row) -> Iterator[Problem]:
    if row.overdue_since is not None:
        yield Problem("money", WARN if row.standing.writable else DANGER, since=row.overdue_since)
    near = row.standing.near
    if near:
        yield Problem("limits", WARN if any(each.passed for each in near) else INFO, len(near))


def _of_its_end(row: Row) -> Iterator[Problem]:
    if row.ending is not None:
        yield Problem("ending", INFO, since=row.ending)
    if row.retailer.status == Status.SUSPENDED:
        yield Problem("closed", INFO)


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0
