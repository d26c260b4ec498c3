"""Company 0 made again nineteen times: its rows and files byte by byte, with another company's canaries in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from isolation import canaries
from psycopg import sql

from tenancy.archives import catalogue

Copied = list[tuple[catalogue.Table, bytes]]


def read(connection: psycopg.Connection[Any], schema: str) -> tuple[Copied, dict[str, int], list[dict[str, str]]]:
    """Return the rows of every table as COPY writes them, where its sequences stand, and its partitions."""
    with connection.cursor() as cursor:
        tables = catalogue.tables(cursor, schema)
        sequences, parts = catalogue.sequences(cursor, schema), catalogue.partitions(cursor, schema)
        return [(table, _text(cursor, schema, table)) for table in tables], sequences, parts


def write(
    connection: psycopg.Connection[Any], schema: str, number: int, found: tuple[Copied, dict[str, int], list[Any]]
) -> None:
    """Fill the empty tables of company ``number``; every unique key and every check of a row is looked at again."""
    copied, sequences, parts = found
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        _make_partitions(cursor, schema, parts)
        for table, text in copied:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table.name)))
            if text:
                columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
                into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(schema, table.name), columns)
                with cursor.copy(into) as copy:
                    copy.write(swapped(text, number))
        for name, last in sequences.items():
            cursor.execute("SELECT setval(%s::regclass, %s)", [f'"{schema}"."{name}"', last])


def copy_files(source: Path, target: Path, number: int) -> None:
    """Write the files of company 0 as those of company ``number``: the same names, its own words in them."""
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(swapped(path.read_bytes(), number))


def swapped(raw: bytes, number: int) -> bytes:
    """Return the bytes with the canaries of company ``number`` in place of those of company 0."""
    for old, new in canaries.swaps(number):
        raw = raw.replace(old, new)
    return raw


def _text(cursor: Any, schema: str, table: catalogue.Table) -> bytes:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(columns, sql.Identifier(schema, table.name))
    with cursor.copy(statement) as copy:
        return b"".join(bytes(block) for block in copy)


def _make_partitions(cursor: Any, schema: str, parts: list[dict[str, str]]) -> None:
    there = {each["name"] for each in catalogue.partitions(cursor, schema)}
    for each in parts:
        if each["name"] not in there:
            names = (sql.Identifier(schema, each["name"]), sql.Identifier(schema, each["table"]))
            bounds = each["bounds"].replace("{", "{{").replace("}", "}}")
            cursor.execute(sql.SQL("CREATE TABLE {} PARTITION OF {} " + bounds).format(*names))
