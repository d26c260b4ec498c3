"""Looks at what changed since the last time: invoices near a change are noted, to be held against what they used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from django.db import connection, transaction

from billing.corrections.models import Correction, Look, Suspect
from billing.invoices import billed_days
from billing.runs import queries as run_queries
from tenants.customers import changes as customer_changes
from tenants.metering.queries import changes as metering_changes
from tenants.tariffs import changes as tariff_changes

OVERLAP = dt.timedelta(minutes=30)
"""Longer than a program's clock stands still between reading it and writing a row."""
BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Days = tuple[int, dt.date, dt.date | None]
_BEHIND = """
SELECT greatest(clock_timestamp() - min(xact_start), interval '0'), clock_timestamp() FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start IS NOT NULL
"""


@transaction.atomic
def look(*, at: dt.datetime, everything: bool = False) -> int:
    """This will note the invoices near what changed since the last look, and return how many; another look waits.

    ``everything`` (and the first look) goes back to the beginning: every bill is held against its versions.
    """
    row = _row()
    since, clock = (BEGINNING, BEGINNING) if everything or row is None else (row.seen_at, row.seen_clock)
    working = metering_changes.working_since()
    behind, now_clock = _clock()
    since, clock = since - OVERLAP if since > BEGINNING else since, clock - OVERLAP if clock > BEGINNING else clock
    noted = sum(_note(days, at) for days in _changed_days(since, clock))
    noted += _note_accounts(_changed_accounts(since, clock), at)
    seen = min(at - behind, working or at)
    values = {"seen_at": seen, "seen_clock": now_clock - behind, "looked_at": at}
    Look.objects.update_or_create(pk=1, defaults=values)
    return noted


@transaction.atomic
def look_at(*, invoice_ids: Iterable[int], at: dt.datetime) -> int:
    """This will note these invoices themselves, to be held against what they used, and return how many are new."""
    return _store(sorted(set(invoice_ids)), at)


def _row() -> Look | None:
    """The row, locked; made first where there is none, so that two first looks wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':corrections:look', 0))")
    return Look.objects.select_for_update().filter(pk=1).first()


def _clock() -> tuple[dt.timedelta, dt.datetime]:
    """How far the oldest transaction under way lies behind the database's clock, and this clock."""
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND)
        behind, now = cursor.fetchone()
    return behind or dt.timedelta(0), now


def _changed_days(since: dt.datetime, clock: dt.datetime) -> Iterator[list[Days]]:
    until = run_queries.billed_until()
    if until is None:
        return
    for points in metering_changes.changed_since(since=since, clock=clock, until=until):
        yield [(each.supply_point_id, each.start, each.end) for each in points]
    yield from tariff_changes.changed_since(since=since, clock=clock)
    moved = customer_changes.changed_since(clock=clock)
    if moved:
        yield [(point, start, None) for point, _account, start in moved]


def _changed_accounts(since: dt.datetime, clock: dt.datetime) -> Iterator[tuple[int, dt.date]]:
    """Accounts that got something to answer for, whose facts changed, or whose earlier bills were corrected."""
    yield from run_queries.facts_changed_since(since=since, clock=clock)
    for _point, account_id, start in customer_changes.changed_since(clock=clock):
        yield account_id, start
    done = Correction.objects.filter(state=Correction.State.DONE, closed_at__gte=since)
    for invoice_id, period in done.values_list("invoice_id", "period"):
        for account_id in run_queries.accounts_of_invoices(invoice_ids=[invoice_id]):
            yield account_id, period.upper


def _note(days: list[Days], at: dt.datetime) -> int:
    return _store(billed_days.invoices_billing(days=days), at)


def _note_accounts(accounts: Iterable[tuple[int, dt.date]], at: dt.datetime) -> int:
    by_day: dict[dt.date, set[int]] = {}
    for account_id, day in accounts:
        by_day.setdefault(day, set()).add(account_id)
    return sum(
        _store(run_queries.invoices_of_accounts(account_ids=held, since=day), at) for day, held in by_day.items()
    )


def _store(invoice_ids: list[int], at: dt.datetime) -> int:
    rows = [Suspect(invoice_id=key, noticed_at=at) for key in invoice_ids]
    before = Suspect.objects.filter(invoice_id__in=invoice_ids).count()
    Suspect.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows) - before
