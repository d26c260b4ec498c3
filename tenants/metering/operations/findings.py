"""Write what checks found as exceptions, and close those that better readings have healed; set by set."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tenants.metering.validation.codes import Check
from tenants.metering.validation.limits import Limits

FOUND_ELSEWHERE = (Check.CLOCK, Check.FLAG, Check.REGISTER_ORDER)
"""What readings alone neither raise nor heal."""
_names = itertools.count(1)
_COLUMNS = {"channel_id": "int8", "day": "date", "code": "text", "blocking": "bool", "first": "int4", "last": "int4",
            "params": "text"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """An exception to be written: a check on a day of a channel."""

    channel_id: int
    day: dt.date
    check: Check
    blocking: bool
    first: int | None = None
    end: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


def found_on(*, limits: Limits, channel_id: int, day: dt.date, check: Check, slots: Any = None, **params: Any) -> Found:
    """This will build a finding on ``slots`` [first, end) or the day; the market says whether it holds the bill."""
    first, end = slots or (None, None)
    return Found(channel_id, day, check, check in limits.blocking, first, end, params)


def write(
    *, found: Sequence[Found], at: dt.datetime, import_id: int | None = None, heal: str = "", healable: Sequence = ()
) -> int:
    """This will open or refresh an exception for each finding and return how many stand there.

    ``heal`` names a table with channel_id and day: open exceptions of those days that were not found again are healed.
    ``healable`` are further (channel, day, check) that were looked at again.
    """
    with _table(found) as table, connection.cursor() as cursor:
        if heal:
            cursor.execute(_HEAL.format(found=table, stage=heal), [at, [str(each) for each in FOUND_ELSEWHERE]])
        if healable:
            columns = [list(column) for column in zip(*healable, strict=True)]
            cursor.execute(_HEAL_NAMED.format(found=table), [at, *columns])
        if not found:
            return 0
        cursor.execute(_OPEN.format(found=table), [import_id, at])
        return int(cursor.rowcount)


@contextmanager
def _table(found: Sequence[Found]) -> Iterator[str]:
    name = f"metering_found_{next(_names)}"
    columns = ", ".join(f"{column} {kind}" for column, kind in _COLUMNS.items())
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
        with cursor.copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(list(_COLUMNS.values()))
            for each in found:
                params = json.dumps(dict(each.params))
                copy.write_row(
                    (each.channel_id, each.day, str(each.check), each.blocking, each.first, each.end, params)
                )
        yield name
        cursor.execute(f"DROP TABLE {name}")


_HEAL = """
UPDATE metering_readingexception e SET state = 'healed', closed_at = %s
FROM {stage} s
WHERE e.channel_id = s.channel_id AND e.day = s.day AND e.state = 'open'
  AND s.outcome IN ('accepted', 'corrected') AND NOT e.code = ANY(%s)
  AND NOT EXISTS (SELECT FROM {found} f WHERE f.channel_id = e.channel_id AND f.day = e.day AND f.code = e.code)
"""

_HEAL_NAMED = """
UPDATE metering_readingexception e SET state = 'healed', closed_at = %s
FROM unnest(%s::bigint[], %s::date[], %s::text[]) looked(channel_id, day, code)
WHERE e.channel_id = looked.channel_id AND e.day = looked.day AND e.code = looked.code AND e.state = 'open'
  AND NOT EXISTS (SELECT FROM {found} f WHERE f.channel_id = e.channel_id AND f.day = e.day AND f.code = e.code)
"""

_OPEN = """
INSERT INTO metering_readingexception
    (channel_id, day, code, blocking, slots, params, version, import_id, state, found_at, closed_by, note)
SELECT DISTINCT ON (f.channel_id, f.day, f.code) f.channel_id, f.day, f.code, f.blocking,
    CASE WHEN f.first IS NOT NULL THEN int4range(f.first, f.last) END, f.params::jsonb,
    coalesce((SELECT d.version FROM metering_intervalday d WHERE d.channel_id = f.channel_id AND d.day = f.day), 0),
    %s::bigint, 'open', %s, '', ''
FROM {found} f
ORDER BY f.channel_id, f.day, f.code, f.first
ON CONFLICT (channel_id, day, code) WHERE state = 'open'
DO UPDATE SET params = excluded.params, slots = excluded.slots, blocking = excluded.blocking,
    version = excluded.version, import_id = excluded.import_id
"""
