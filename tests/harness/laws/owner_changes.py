"""What the owner of the database changes, with every trigger and constraint out of the way, is found."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import psycopg

from billing.ledger import chart, entries, operations, queries
from harness import databases
from kernel.money import Money

AT = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
FIRST = dt.date(2026, 3, 2)
BATCHES, BATCHES_A_DAY, ENTRIES = 12, 4, 3
NEWEST_EVERY = 3
"""Every third change hits the newest batch."""


@dataclass(slots=True)
class Tried:
    """How many changes were made (some statements meet no row), of the newest batch, and those that nobody saw."""

    made: int = 0
    newest: int = 0
    missed: list[str] = field(default_factory=list)


def post_batches() -> None:
    """Post batches over three days that are closed, and reverse one entry after them."""
    made: list[int] = []
    for batch in range(BATCHES):
        day = FIRST + dt.timedelta(days=batch // BATCHES_A_DAY)
        pairs = [_transfer(f"{batch + 1}.00", f"B{batch}-{n}", day) for n in range(ENTRIES)]
        made = operations.post(entries=pairs, posted_at=AT)
        if batch % BATCHES_A_DAY == BATCHES_A_DAY - 1:
            operations.close_day(day=day, today=day + dt.timedelta(days=1), at=AT)
    operations.reverse(entry_id=made[0], business_date=FIRST + dt.timedelta(days=9), posted_at=AT, reference="r")


def tried(*, database: str, retailer: Any, changes: int, seed: int = 20261122) -> Tried:
    """Make so many changes one after the other: each is looked for with the exported closings, and taken back."""
    chance, found = random.Random(seed), Tried()
    with psycopg.connect(databases.server().owner_url(database)) as session:
        session.execute(f"SET search_path = {retailer.schema_name}")
        unguard(session)
        session.commit()
        kept = [row.as_closing() for row in queries.closings()]
        for number in range(changes):
            newest = number % NEWEST_EVERY == 0
            statement = any_change(chance, session, newest=newest)
            if not session.execute(statement).rowcount:
                continue
            session.commit()
            found.made += 1
            found.newest += newest
            if queries.verify_chain(exported=kept).intact:
                found.missed.append(statement)
            undo(session)
    return found


def _transfer(amount: str, reference: str, on: dt.date) -> entries.NewEntry:
    money = Money(Decimal(amount), "CNY")
    sides = [entries.debit(chart.BANK, money), entries.credit(chart.INCOME_RETAILER, money)]
    return entries.NewEntry(on, entries.EntryKind.ADJUSTMENT, reference, sides)


COLUMNS = {
    "ledger_entry": ("business_date", "kind", "reference", "posted_at", "seal_id", "reverses_id"),
    "ledger_posting": ("amount", "currency", "ledger_account_id", "entry_id"),
    "ledger_seal": ("digest", "previous", "position", "entry_count", "sealed_at"),
    "ledger_closedday": ("digest", "position", "totals", "proof", "previous"),
    "ledger_ledgeraccount": ("code", "kind", "account_id"),
    "ledger_chainhead": ("digest", "position"),
}
NEW_VALUE = {
    "business_date": "business_date + 1", "kind": "CASE WHEN kind = 'asset' THEN 'income' WHEN kind = 'income' THEN"
    " 'asset' WHEN kind = 'payment' THEN 'refund' ELSE 'payment' END", "reference": "reference || '!'",
    "posted_at": "posted_at + interval '1 microsecond'", "seal_id": "seal_id + 1",
    "reverses_id": "COALESCE(reverses_id, 0) + 1",
    "amount": "amount + 0.0001", "currency": "CASE currency WHEN 'CNY' THEN 'AUD' ELSE 'CNY' END",
    "ledger_account_id": "ledger_account_id + 1", "entry_id": "entry_id + 1", "digest": "reverse(digest)",
    "previous": "md5(previous) || md5(previous)", "position": "position + 1", "entry_count": "entry_count + 1",
    "sealed_at": "sealed_at + interval '1 second'", "totals": "'[]'", "proof": "reverse(proof)", "code": "code || '.x'",
    "account_id": "COALESCE(account_id, 0) + 1",
}  # fmt: skip


def unguard(session: Any) -> None:
    """What the owner can do: switch the triggers off and drop every constraint but the keys."""
    for table in COLUMNS:
        session.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        rows = session.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('f', 'u', 'c')", [table]
        )
        for (name,) in rows.fetchall():
            session.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")


def any_change(chance: random.Random, session: Any, *, newest: bool) -> str:
    """A change of one row by the owner; with ``newest`` of the last batch. What was there is kept for ``undo``."""
    session.execute("DROP TABLE IF EXISTS pg_temp.kept_rows")
    table = chance.choice([*COLUMNS][:4] if newest else [*COLUMNS])
    key = {"ledger_closedday": "day"}.get(table, "id")
    order = f"{key} DESC LIMIT 1" if newest else f"md5({key}::text || '{chance.random()}') LIMIT 1"
    where = f"WHERE {key} = (SELECT {key} FROM {table} ORDER BY {order})"
    session.execute(f"CREATE TEMP TABLE kept_rows AS SELECT '{table}'::text AS of_table, t.* FROM {table} t {where}")
    session.commit()
    if chance.random() < 0.15 and table != "ledger_ledgeraccount":
        return f"DELETE FROM {table} {where}"
    column = chance.choice(COLUMNS[table])
    return f"UPDATE {table} SET {column} = {NEW_VALUE[column]} {where}"


def undo(session: Any) -> None:
    """Put the kept row back as it was."""
    [table] = session.execute("SELECT of_table FROM pg_temp.kept_rows").fetchone()
    key = {"ledger_closedday": "day"}.get(table, "id")
    session.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM pg_temp.kept_rows)")
    names = [row[0] for row in session.execute(f"SELECT * FROM {table} LIMIT 0").description]
    columns = ", ".join(names)
    session.execute(f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM pg_temp.kept_rows")
    session.commit()
