"""The daily close in the background, and what is kept of it outside the database."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from billing.ledger import operations, queries
from markets import packs
from tenancy import context
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task

FOLDER = "ledger/closings"
DAYS_WAITED_FOR_WORD = 1


@tenant_task
def close_books(complete: bool = False) -> None:
    """Close what the market's policy says is due, and write every closing that has no file yet.

    The last day is closed when it is said to be ``complete``: what was supplied on it is booked by the night's work of
    a room above, which sends this then. A day of which nobody said so is closed a day later.
    """
    at = timezone.now()
    retailer = context.current_retailer()
    today = at.astimezone(ZoneInfo(retailer.time_zone)).date()
    wait = int(packs.pack(retailer.market).policies["books"]["close_after_days"])
    wait += 0 if complete else DAYS_WAITED_FOR_WORD
    due, first = today - dt.timedelta(days=wait), queries.first_open_day()
    if queries.head_position() and (first is None or first <= due):
        operations.close_day(day=due, today=today, at=at)
    export_closings()


@platform_task
def close_all_books() -> None:
    """Send the daily close to every active retailer, in turn."""
    tenancy_tasks.send_for_each(close_books, tenancy_queries.active_retailers())


def export_closings() -> list[str]:
    """This will write each closing that has no file yet as ``ledger/closings/<day>.json`` and name the files."""
    written = []
    code = context.current_retailer().code
    for row in queries.closings():
        name = f"{FOLDER}/{row.day.isoformat()}.json"
        if default_storage.exists(name):
            break
        text = json.dumps(row.as_closing().document(company=code), ensure_ascii=False, indent=1)
        written.append(default_storage.save(name, ContentFile(text.encode())))
    return written
