"""The migration that seals columns of text, row by row in batches, and the way back.

New columns stand beside the old ones until every row is sealed; then one transaction puts them in their place. A run
that was cut goes on where it stopped. While it runs, a trigger notes rows that somebody changes, and they are sealed
again. Use it in a migration with ``atomic = False``; inside a transaction it is all or nothing as usual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.migrations.operations.base import Operation
from psycopg import sql

from tenancy import sealed_fields
from tenancy.sealed_fields import BlindIndexField, SealedTextField

BATCH = 5000
_NEW = "{}__new"


class SealColumns(Operation):
    """Make text columns of a model sealed ones: ``fields`` by name, ``index`` the name of a new column of marks.

    ``plain`` are the fields as they were, for the way back.
    """

    reduces_to_sql = False
    reversible = True

    def __init__(
        self,
        model_name: str,
        *,
        fields: dict[str, SealedTextField],
        plain: dict[str, Any],
        index: str = "",
        frozen: bool = False,
    ) -> None:
        self.model_name, self.fields, self.plain, self.index, self.frozen = model_name, fields, plain, index, frozen

    def deconstruct(self) -> Any:
        options = {"fields": self.fields, "plain": self.plain, "index": self.index, "frozen": self.frozen}
        return type(self).__name__, [self.model_name], options

    def state_forwards(self, app_label: str, state: Any) -> None:
        for name, field in self.fields.items():
            state.alter_field(app_label, self.model_name.lower(), name, field, preserve_default=True)
        if self.index:
            state.add_field(app_label, self.model_name.lower(), self.index, BlindIndexField(), preserve_default=True)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table = _Table(schema_editor.connection, model, list(self.fields), frozen=self.frozen)
        if not table.is_sealed():
            table.change(new_type="bytea", index=self.index, turn=_sealing(model, list(self.fields), self.index))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table = _Table(schema_editor.connection, model, list(self.fields), frozen=self.frozen)
        if table.is_sealed():
            types = [field.db_type(schema_editor.connection) or "text" for field in self.plain.values()]
            table.change(new_type=types, index="", turn=_opening(model, list(self.fields)))
            if self.index:
                column = model._meta.get_field(self.index).column
                table.run("ALTER TABLE {} DROP COLUMN {}", table.name, sql.Identifier(column))

    def describe(self) -> str:
        return f"Seal {', '.join(self.fields)} of {self.model_name}"


Turn = Callable[[list[Sequence[Any]]], list[tuple[Any, ...]]]


class _Table:
    """A table whose columns change their type through columns beside them."""

    def __init__(self, connection: Any, model: Any, names: list[str], *, frozen: bool) -> None:
        meta = model._meta
        self.connection, self.model, self.frozen = connection, model, frozen
        self.name, self.plain_name = sql.Identifier(meta.db_table), meta.db_table
        self.key = sql.Identifier(meta.pk.column)
        self.columns = [meta.get_field(each).column for each in names]
        self.required = [not meta.get_field(each).null for each in names]
        self.trigger = sql.Identifier(f"{meta.db_table}_sealing")

    def is_sealed(self) -> bool:
        found = self.run(
            "SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s",
            values=[f'"{self.plain_name}"', self.columns[0]],
        )
        return found == [("bytea",)]

    def change(self, *, new_type: str | list[str], index: str, turn: Turn) -> None:
        types = [new_type] * len(self.columns) if isinstance(new_type, str) else new_type
        added = dict(zip(map(_NEW.format, self.columns), types, strict=True))
        if index:
            added[self.model._meta.get_field(index).column] = "integer[]"
        for column, kind in added.items():
            self.run("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} " + kind, self.name, sql.Identifier(column))
        self._note_changes()
        for rows in self._batches():
            self._store(list(added.items()), turn(rows))
        with transaction.atomic():
            self.run("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", self.name)
            for rows in self._batches():
                self._store(list(added.items()), turn(rows))
            self._swap(list(added)[len(self.columns) :])

    def run(self, statement: str, *names: Any, values: Sequence[Any] | None = None) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*names), values)
            return cursor.fetchall() if cursor.description else []

    def _batches(self) -> Iterator[list[Sequence[Any]]]:
        """Rows that are not sealed yet, by their key: (key, columns...)."""
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        waiting = sql.SQL(" OR ").join(
            sql.SQL("({} IS NOT NULL AND {} IS NULL)").format(sql.Identifier(each), sql.Identifier(_NEW.format(each)))
            for each in self.columns
        )
        last = None
        while True:
            after = "" if last is None else "{} > %s AND "
            statement = f"SELECT {{}}, {{}} FROM {{}} WHERE {after}({{}}) ORDER BY {{}} LIMIT {BATCH}"
            names = [self.key, columns, self.name, *([self.key] if after else []), waiting, self.key]
            rows = self.run(statement, *names, values=[last] if after else None)
            if not rows:
                return
            yield rows
            last = rows[-1][0]

    def _store(self, added: list[tuple[str, str]], rows: list[tuple[Any, ...]]) -> None:
        """Write the new values; arrays of marks go as text, since an array of arrays must be even."""
        pieces = ["%s::bigint[]"]
        sets, names = [], []
        for number, (column, kind) in enumerate(added):
            names.append(f"v{number}")
            pieces.append("%s::text[]" if kind.endswith("[]") else f"%s::{kind}[]")
            cast = f"::{kind}" if kind.endswith("[]") else ""
            sets.append(sql.SQL("{} = new." + names[-1] + cast).format(sql.Identifier(column)))
        statement = (
            "UPDATE {} old SET {} FROM unnest(" + ", ".join(pieces) + f") AS new (key, {', '.join(names)})"
            " WHERE old.{} = new.key"
        )
        with transaction.atomic():
            self._quiet(True)
            values = [list(each) for each in zip(*rows, strict=True)]
            self.run(statement, self.name, sql.SQL(", ").join(sets), self.key, values=values)
            self._quiet(False)

    def _swap(self, marks: list[str]) -> None:
        self._forget_changes()
        for column, needed in zip(self.columns, self.required, strict=True):
            old, new = sql.Identifier(column), sql.Identifier(_NEW.format(column))
            self.run("ALTER TABLE {} DROP COLUMN {}", self.name, old)
            self.run("ALTER TABLE {} RENAME COLUMN {} TO {}", self.name, new, old)
            if needed:
                self.run("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", self.name, old)
        for column in marks:
            name = sql.Identifier(column)
            self._quiet(True)
            self.run("UPDATE {} SET {} = '{{}}' WHERE {} IS NULL", self.name, name, name)
            self._quiet(False)
            self.run("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", self.name, name)

    def _quiet(self, on: bool) -> None:
        """Rows that triggers hold frozen are sealed all the same: their meaning stays."""
        if self.frozen:
            self.run("ALTER TABLE {} " + ("DISABLE" if on else "ENABLE") + " TRIGGER USER", self.name)

    def _note_changes(self) -> None:
        fresh = "; ".join(f'NEW."{_NEW.format(each)}" := NULL' for each in self.columns)
        changed = " OR ".join(f'NEW."{each}" IS DISTINCT FROM OLD."{each}"' for each in self.columns)
        self._forget_changes()
        self.run(
            "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$body$ BEGIN IF {changed} THEN {fresh}; END IF; RETURN NEW; END $body$",
            self.trigger,
        )
        statement = "CREATE TRIGGER {} BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()"
        self.run(statement, self.trigger, self.name, self.trigger)

    def _forget_changes(self) -> None:
        self.run("DROP TRIGGER IF EXISTS {} ON {}", self.trigger, self.name)
        self.run("DROP FUNCTION IF EXISTS {}()", self.trigger)


def _sealing(model: Any, names: list[str], index: str) -> Turn:
    fields = [model._meta.get_field(each) for each in names]
    marked = [field.index == index for field in fields]

    def turn(rows: list[Sequence[Any]]) -> list[tuple[Any, ...]]:
        keys, *columns = map(list, zip(*rows, strict=True))
        made: list[list[Any]] = [_sealed(field, texts) for field, texts in zip(fields, columns, strict=True)]
        if index:
            made.append([_marks(fields, marked, texts) for texts in zip(*columns, strict=True)])
        return list(zip(keys, *made, strict=True))

    return turn


def _sealed(field: SealedTextField, texts: list[str | None]) -> list[bytes | None]:
    there = iter(sealed_fields.seal_many(texts=[each for each in texts if each is not None], place=field.place))
    return [None if text is None else bytes(next(there)) for text in texts]


def _marks(fields: list[SealedTextField], marked: list[bool], texts: Sequence[str | None]) -> str:
    given = {field: text for field, on, text in zip(fields, marked, texts, strict=True) if on}
    return "{" + ",".join(map(str, sealed_fields.row_marks(texts=given))) + "}"


def _opening(model: Any, names: list[str]) -> Turn:
    places = [model._meta.get_field(each).place for each in names]

    def turn(rows: list[Sequence[Any]]) -> list[tuple[Any, ...]]:
        return [
            (
                row[0],
                *(
                    None if sealed is None else sealed_fields.unseal(sealed=sealed, place=place)
                    for sealed, place in zip(row[1:], places, strict=True)
                ),
            )
            for row in rows
        ]

    return turn
