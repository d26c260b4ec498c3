"""Restoring an archive into a schema of its own, and comparing the two row by row. Owner processes only."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from psycopg import sql

from tenancy import context, fleet, provisioning
from tenancy.archives import catalogue
from tenancy.archives.catalogue import Table
from tenancy.archives.manifest import (
    FILES,
    TABLES,
    Damaged,
    FileEntry,
    Manifest,
    TableEntry,
    UnreadableArchive,
    WrongTables,
    read_manifest,
)
from tenancy.archives.writing import copy_text, digest_of
from tenancy.database import connection

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A table or file that is not the same in schema and archive; ``place`` is the first row that differs."""

    name: str
    expected: int
    found: int
    place: str = ""


def restore(*, path: Path, schema_name: str) -> Manifest:
    """Make schema, role, tables and files from an archive, all or nothing; return its manifest.

    Every byte is checked against the manifest before anything is committed. Raises UnreadableArchive, Damaged,
    WrongTables; the schema is then as it was before: not there.
    """
    manifest = read_manifest(path=path)
    if manifest.fingerprint != fleet.migrations_fingerprint():
        raise WrongTables()
    try:
        with context.use_public(), tarfile.open(path, "r:") as archive, transaction.atomic():
            provisioning.replay_template(schema_name=schema_name)
            with connection.cursor() as cursor:
                _load(cursor, schema_name, manifest, archive)
            provisioning.grant_schema(schema_name=schema_name)
            _restore_files(manifest, archive, schema_name)
    except BaseException:
        shutil.rmtree(Path(settings.FILES_DIR) / schema_name, ignore_errors=True)
        raise
    connection.forget_path()
    return manifest


def compare(*, path: Path, schema_name: str) -> list[Difference]:
    """Read the schema's tables and files again and return what differs from the archive; nothing when all is there."""
    manifest = read_manifest(path=path)
    found: list[Difference] = []
    with (
        tarfile.open(path, "r:") as archive,
        context.use_public(),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        for setting in catalogue.SETTINGS:
            cursor.execute(setting)
        for entry in manifest.tables:
            found += _table_difference(cursor, schema_name, entry, archive)
    for file in manifest.files:
        found += _file_difference(file, schema_name)
    return found


def _load(cursor: Any, schema: str, manifest: Manifest, archive: tarfile.TarFile) -> None:
    """Fill the tables with triggers and foreign keys out of the way, and bring those back: they are checked then."""
    keys = catalogue.foreign_keys(cursor, schema)
    names = [entry.name for entry in manifest.tables]
    if sorted(names) != [table.name for table in catalogue.tables(cursor, schema)]:
        raise WrongTables()
    _make_partitions(cursor, schema, manifest)
    for table, name, _definition in keys:
        _run(cursor, "ALTER TABLE {} DROP CONSTRAINT {}", (schema, table), (name,))
    for name in names:
        _run(cursor, "ALTER TABLE {} DISABLE TRIGGER USER", (schema, name))
    _run(cursor, "TRUNCATE " + ", ".join("{}" for _ in names), *((schema, name) for name in names))
    for entry in manifest.tables:
        _fill(cursor, schema, entry, archive)
    for name in names:
        _run(cursor, "ALTER TABLE {} ENABLE TRIGGER USER", (schema, name))
    for table, name, definition in keys:
        _run(cursor, f"ALTER TABLE {{}} ADD CONSTRAINT {{}} {definition}", (schema, table), (name,))
    for name, last in manifest.sequences.items():
        cursor.execute("SELECT setval(%s::regclass, %s)", [f'"{schema}"."{name}"', last])


def _make_partitions(cursor: Any, schema: str, manifest: Manifest) -> None:
    there = {each["name"] for each in catalogue.partitions(cursor, schema)}
    for each in manifest.partitions:
        if each["name"] not in there:
            statement = "CREATE TABLE {} PARTITION OF {} " + each["bounds"].replace("{", "{{").replace("}", "}}")
            _run(cursor, statement, (schema, each["name"]), (schema, each["table"]))


def _fill(cursor: Any, schema: str, entry: TableEntry, archive: tarfile.TarFile) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, entry.columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(schema, entry.name), columns)
    digest = hashlib.sha256()
    with cursor.copy(statement) as copy:
        for block in _text_of(archive, entry):
            digest.update(block)
            copy.write(block)
    if digest.hexdigest() != entry.sha256:
        raise Damaged(member=entry.name)


def _text_of(archive: tarfile.TarFile, entry: TableEntry) -> Iterator[bytes]:
    with _member(archive, f"{TABLES}{entry.name}.copy.gz") as packed:
        try:
            with gzip.GzipFile(fileobj=packed) as text:
                while block := text.read(_BLOCK):
                    yield block
        except (OSError, EOFError, ValueError) as error:
            raise Damaged(member=entry.name) from error


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = archive.extractfile(name)
    except KeyError as error:
        raise Damaged(member=name) from error
    if found is None:
        raise Damaged(member=name)
    return found


def _restore_files(manifest: Manifest, archive: tarfile.TarFile, schema: str) -> None:
    root = (Path(settings.FILES_DIR) / schema).resolve()
    for entry in manifest.files:
        target = (root / entry.path).resolve()
        if root not in target.parents:
            raise UnreadableArchive(name=entry.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _member(archive, FILES + entry.path) as source, target.open("wb") as file:
            while block := source.read(_BLOCK):
                file.write(block)
        if digest_of(target) != entry.sha256:
            raise Damaged(member=entry.path)


def _table_difference(cursor: Any, schema: str, entry: TableEntry, archive: tarfile.TarFile) -> Iterator[Difference]:
    table = Table(entry.name, entry.columns, entry.key)
    digest, rows = hashlib.sha256(), 0
    for block in copy_text(cursor, schema, table):
        digest.update(block)
        rows += block.count(b"\n")
    if digest.hexdigest() == entry.sha256:
        return
    place = _first_difference(_lines(copy_text(cursor, schema, table)), _lines(_text_of(archive, entry)))
    yield Difference(entry.name, entry.rows, rows, place)


def _first_difference(here: Iterator[bytes], there: Iterator[bytes]) -> str:
    """The number of the first row that differs; both are read to their ends, so that no COPY is left open."""
    place, number = "", 0
    while True:
        number += 1
        one, other = next(here, None), next(there, None)
        if one is None and other is None:
            return place
        if one != other and not place:
            place = f"row {number}"


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _file_difference(entry: FileEntry, schema: str) -> Iterator[Difference]:
    path = Path(settings.FILES_DIR) / schema / entry.path
    size = path.stat().st_size if path.is_file() else 0
    if not path.is_file() or digest_of(path) != entry.sha256:
        yield Difference(entry.path, entry.size, size)


def _run(cursor: Any, statement: str, *names: tuple[str, ...]) -> None:
    cursor.execute(sql.SQL(statement).format(*(sql.Identifier(*name) for name in names)))  # type: ignore[arg-type]
