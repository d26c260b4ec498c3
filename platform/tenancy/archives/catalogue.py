"""What a schema holds, read from PostgreSQL's own catalogue: tables, keys, sequences, partitions, foreign keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SETTINGS = (
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'iso_8601'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
)
"""So that the same row is the same text everywhere."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or a partitioned one as a whole: its columns in order and its primary key."""

    name: str
    columns: list[str]
    key: list[str]


def tables(cursor: Any, schema: str) -> list[Table]:
    """Return the tables of a schema by name, partitions only as part of theirs; computed columns are left out."""
    cursor.execute(
        """SELECT c.relname,
            array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attgenerated = ''),
            (SELECT array_agg(k.attname::text ORDER BY array_position(i.indkey::int2[], k.attnum))
             FROM pg_index i JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY(i.indkey)
             WHERE i.indrelid = c.oid AND i.indisprimary)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        GROUP BY c.oid, c.relname ORDER BY c.relname""",
        [schema],
    )
    return [Table(name, columns, key or columns) for name, columns, key in cursor.fetchall()]


def sequences(cursor: Any, schema: str) -> dict[str, int]:
    """Return the next number of each sequence that was ever asked."""
    cursor.execute("SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = %s", [schema])
    return {name: last for name, last in cursor.fetchall() if last is not None}


def sequence_names(cursor: Any, schema: str) -> set[str]:
    """Return the names of all sequences."""
    cursor.execute("SELECT sequencename::text FROM pg_sequences WHERE schemaname = %s", [schema])
    return {name for (name,) in cursor.fetchall()}


def partitions(cursor: Any, schema: str) -> list[dict[str, str]]:
    """Return the partitions of a schema, the default ones last, each with its table and bounds as SQL."""
    cursor.execute(
        """SELECT c.relname::text, p.relname::text, pg_get_expr(c.relpartbound, c.oid)
        FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
        WHERE c.relnamespace = %s::regnamespace AND c.relispartition AND c.relkind = 'r'
        ORDER BY pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.relname""",
        [schema],
    )
    return [{"name": name, "table": table, "bounds": bounds} for name, table, bounds in cursor.fetchall()]


def foreign_keys(cursor: Any, schema: str) -> list[tuple[str, str, str]]:
    """Return table, name and definition of each foreign key that was not inherited from a partitioned table."""
    cursor.execute(
        """SELECT c.relname::text, k.conname::text, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE c.relnamespace = %s::regnamespace AND k.contype = 'f' AND k.conparentid = 0
        ORDER BY c.relname, k.conname""",
        [schema],
    )
    return [(table, name, definition) for table, name, definition in cursor.fetchall()]
