"""What a company uses: probes of the rooms above, and calls of programs counted as they come."""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import Sum

from hosting import models
from tenancy import context

Probe = Callable[[], int]
COUNTS = ("supply_points", "staff", "readings")
_probes: dict[str, Probe] = {}
_calls: Counter[tuple[int, dt.date]] = Counter()
_lock = threading.Lock()
_written = 0.0

_ADD = """
INSERT INTO public.hosting_apicalls (retailer_id, day, calls) VALUES (%s, %s, %s)
ON CONFLICT (retailer_id, day) DO UPDATE SET calls = hosting_apicalls.calls + excluded.calls
"""


def register(name: str, probe: Probe) -> None:
    """Add a count: ``probe`` runs in the company's own space; ``name`` is one of COUNTS."""
    if name not in COUNTS:
        raise KeyError(name)
    _probes[name] = probe


def measure() -> dict[str, int]:
    """Return the counts of the company worked for."""
    return {name: int(probe()) for name, probe in sorted(_probes.items())}


def count_call(*, retailer_id: int, on: dt.date) -> None:
    """Count a call of a company's program; written every API_CALLS_KEPT_SECONDS and when the process ends.

    Call it with no transaction open. What a killed process had not written is lost: in the company's favour.
    """
    global _written
    with _lock:
        _calls[retailer_id, on] += 1
        if time.monotonic() - _written < settings.API_CALLS_KEPT_SECONDS:
            return
        _written = time.monotonic()
    flush()


def flush() -> None:
    """Write the calls counted so far; what cannot be written now stays for the next time."""
    with _lock:
        waiting = dict(_calls)
        _calls.clear()
    if not waiting:
        return
    try:
        with context.use_public(), connection.cursor() as cursor:
            cursor.executemany(_ADD, [(retailer, day, calls) for (retailer, day), calls in waiting.items()])
    except IntegrityError:  # one of the companies is gone; a day's few calls are not worth keeping for it
        return
    except DatabaseError:
        with _lock:
            _calls.update(waiting)


def calls_in_month(*, retailer_id: int, on: dt.date) -> int:
    """Return the calls of the calendar month of ``on`` up to now."""
    rows = models.ApiCalls.objects.filter(retailer_id=retailer_id, day__gte=on.replace(day=1), day__lte=on)
    return int(rows.aggregate(calls=Sum("calls"))["calls"] or 0)


def latest(*, retailer_id: int) -> dict[str, int]:
    """Return the counts measured last, the calls as those of that day's month; empty when none was."""
    row = models.Usage.objects.filter(retailer_id=retailer_id).order_by("-day").first()
    if row is None:
        return {}
    return {
        "supply_points": row.supply_points,
        "staff": row.staff,
        "api_calls": calls_in_month(retailer_id=retailer_id, on=row.day),
        "storage_bytes": row.storage_bytes,
        "readings": row.readings,
    }


@atexit.register
def _last_flush() -> None:
    """Write what is left when the process ends; a database that is away by then is not worth a noise."""
    with contextlib.suppress(Exception):
        flush()
