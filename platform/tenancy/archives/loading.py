"""The stages in which an archive becomes a schema: each may stand in a transaction of its own, or all in one.

Between two stages nothing is held in memory but ``work``, a dictionary that goes into JSON. So whoever keeps it beside
the number of stages done, in the same transaction, can go on after the process died.
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from psycopg import sql

from tenancy import fleet, provisioning
from tenancy.archives import catalogue
from tenancy.archives.manifest import (
    FILES,
    TABLES,
    Damaged,
    Manifest,
    TableEntry,
    UnreadableArchive,
    WrongTables,
)
from tenancy.archives.writing import digest_of
from tenancy.database import connection

FILES_AT_ONCE = 100
_BLOCK = 1 << 20
_KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: what is done, and to which table or from which file on."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


def stages(manifest: Manifest) -> list[Stage]:
    """Return what is to be done, in its order; the same for the same archive."""
    names = [table.name for table in manifest.tables]
    first_files = range(0, len(manifest.files), FILES_AT_ONCE)
    return [
        Stage("prepare"),
        *(Stage("load", name) for name in names),
        *(Stage("link", name) for name in names),
        Stage("finish"),
        *(Stage("files", str(first)) for first in first_files),
    ]


@dataclass(frozen=True, slots=True)
class Loading:
    """An open archive on its way into ``schema_name``; ``work`` is what stages leave to those after them."""

    archive: tarfile.TarFile
    manifest: Manifest
    schema_name: str
    work: dict[str, Any]

    def run(self, stage: Stage) -> None:
        """Do one stage on the registry's connection, in the caller's transaction; raises Damaged, WrongTables."""
        deeds: dict[str, Callable[[str], None]] = {
            "prepare": self._prepare, "load": self._load, "link": self._link, "finish": self._finish,
            "files": self._files,
        }  # fmt: skip
        deeds[stage.kind](stage.name)

    def _prepare(self, _name: str) -> None:
        """Make the schema with empty tables, triggers and foreign keys out of the way."""
        if self.manifest.fingerprint != fleet.migrations_fingerprint():
            raise WrongTables()
        schema = self.schema_name
        provisioning.replay_template(schema_name=schema)
        with connection.cursor() as cursor:
            standing = {table.name: table.columns for table in catalogue.tables(cursor, schema)}
            if {entry.name: entry.columns for entry in self.manifest.tables} != standing:
                raise WrongTables()
            self.work[_KEYS] = [list(each) for each in catalogue.foreign_keys(cursor, schema)]
            self._make_partitions(cursor)
            for table, key, _definition in self.work[_KEYS]:
                run(cursor, "ALTER TABLE {} DROP CONSTRAINT {}", (schema, table), (key,))
            for name in standing:
                run(cursor, "ALTER TABLE {} DISABLE TRIGGER USER", (schema, name))
            run(cursor, "TRUNCATE " + ", ".join("{}" for _ in standing), *((schema, name) for name in standing))
        connection.forget_path()

    def _make_partitions(self, cursor: Any) -> None:
        tables = {entry.name for entry in self.manifest.tables}
        there = {each["name"] for each in catalogue.partitions(cursor, self.schema_name)}
        for each in self.manifest.partitions:
            if each["table"] not in tables:
                raise WrongTables()
            if each["name"] not in there:
                statement = "CREATE TABLE {} PARTITION OF {} " + each["bounds"]
                run(cursor, statement, (self.schema_name, each["name"]), (self.schema_name, each["table"]))

    def _load(self, name: str) -> None:
        """Fill a table, every byte checked against the manifest."""
        entry = next(each for each in self.manifest.tables if each.name == name)
        columns = sql.SQL(", ").join(map(sql.Identifier, entry.columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(self.schema_name, name), columns)
        digest = hashlib.sha256()
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for block in text_of(self.archive, entry):
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != entry.sha256:
            raise Damaged(member=name)

    def _link(self, name: str) -> None:
        """Bring back triggers and foreign keys of a table: the keys are checked then."""
        schema = self.schema_name
        with connection.cursor() as cursor:
            run(cursor, "ALTER TABLE {} ENABLE TRIGGER USER", (schema, name))
            for table, key, definition in self.work[_KEYS]:
                if table == name:
                    statement = f"ALTER TABLE {{}} ADD CONSTRAINT {{}} {definition}"
                    run(cursor, statement, (schema, table), (key,))
            if any(entry.name == name and entry.rows for entry in self.manifest.tables):
                run(cursor, "ANALYZE {}", (schema, name))

    def _finish(self, _name: str) -> None:
        with connection.cursor() as cursor:
            known = catalogue.sequence_names(cursor, self.schema_name)
            for name, last in self.manifest.sequences.items():
                if name not in known:
                    raise WrongTables()
                cursor.execute("SELECT setval(%s::regclass, %s)", [f'"{self.schema_name}"."{name}"', last])
        provisioning.grant_schema(schema_name=self.schema_name)

    def _files(self, first: str) -> None:
        root = folder_of(self.schema_name)
        for entry in self.manifest.files[int(first) : int(first) + FILES_AT_ONCE]:
            target = (root / entry.path).resolve()
            if root not in target.parents:
                raise UnreadableArchive(name=entry.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with member(self.archive, FILES + entry.path) as source, target.open("wb") as file:
                while block := source.read(_BLOCK):
                    file.write(block)
            if digest_of(target) != entry.sha256:
                raise Damaged(member=entry.path)


@contextmanager
def opened(*, path: Path, manifest: Manifest, schema_name: str, work: dict[str, Any]) -> Iterator[Loading]:
    """Open an archive for its stages; raises UnreadableArchive."""
    try:
        archive = tarfile.open(path, "r:")  # noqa: SIM115 (closed below)
    except (OSError, tarfile.TarError) as error:
        raise UnreadableArchive(name=path.name) from error
    with archive:
        yield Loading(archive, manifest, schema_name, work)


def folder_of(schema_name: str) -> Path:
    """Return where the files of a schema stand."""
    return (Path(settings.FILES_DIR) / schema_name).resolve()


def text_of(archive: tarfile.TarFile, entry: TableEntry) -> Iterator[bytes]:
    """Yield the rows of a table as they were written, and never more than the manifest says."""
    left = entry.size
    with member(archive, f"{TABLES}{entry.name}.copy.gz") as packed:
        try:
            with gzip.GzipFile(fileobj=packed) as text:
                while block := text.read(_BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise Damaged(member=entry.name)
                    yield block
        except (OSError, EOFError, ValueError) as error:
            raise Damaged(member=entry.name) from error


def member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """Open a member of the archive; raises Damaged where it is not there."""
    try:
        found = archive.extractfile(name)
    except KeyError as error:
        raise Damaged(member=name) from error
    if found is None:
        raise Damaged(member=name)
    return found


def run(cursor: Any, statement: str, *names: tuple[str, ...]) -> None:
    """Execute a statement with names of tables and the like in its places."""
    cursor.execute(sql.SQL(statement).format(*(sql.Identifier(*name) for name in names)))  # type: ignore[arg-type]
