"""Writes what became of many items in one statement: half the time of a chunk went into the ORM's bulk update."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection

from billing.invoices import stored_json
from billing.runs.models import BillRunItem

_WRITE = """
UPDATE runs_billrunitem item
   SET state = new.state, reason = new.reason, reason_params = new.reason_params::jsonb,
       draft_id = new.draft_id, invoice_id = new.invoice_id, total = new.total, energy_wh = new.energy_wh,
       brakes = new.brakes::jsonb, watch = new.watch::jsonb, attempts = item.attempts + %s, changed_at = %s
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::numeric[],
              %s::bigint[], %s::text[], %s::text[])
       AS new (id, state, reason, reason_params, draft_id, invoice_id, total, energy_wh, brakes, watch)
 WHERE item.id = new.id
"""


def write(*, items: Sequence[BillRunItem], at: dt.datetime, attempts: int = 0) -> None:
    """This will store state, reason, draft, invoice and figures of locked items, changed ``at``."""
    columns = (
        [item.pk for item in items],
        [str(item.state) for item in items],
        [item.reason for item in items],
        [stored_json.as_text(item.reason_params) for item in items],
        [item.draft_id for item in items],
        [item.invoice_id for item in items],
        [item.total for item in items],
        [item.energy_wh for item in items],
        [stored_json.as_text(item.brakes) for item in items],
        [stored_json.as_text(item.watch) for item in items],
    )
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [attempts, at, *columns])
