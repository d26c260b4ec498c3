"""A schema read again and compared with its archive, table by table and file by file."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from tenancy import context
from tenancy.archives import catalogue, loading
from tenancy.archives.catalogue import Table
from tenancy.archives.loading import FILES_AT_ONCE, Loading, Stage
from tenancy.archives.manifest import FileEntry, Manifest, TableEntry, read_manifest
from tenancy.archives.writing import copy_text, digest_of
from tenancy.database import connection


@dataclass(frozen=True, slots=True)
class Difference:
    """A table or file that is not the same in schema and archive; ``place`` is the first row that differs."""

    name: str
    expected: int
    found: int
    place: str = ""


def stages(manifest: Manifest) -> list[Stage]:
    """Return what is to be compared, in its order."""
    first_files = range(0, len(manifest.files), FILES_AT_ONCE)
    return [
        *(Stage("compare", table.name) for table in manifest.tables),
        *(Stage("compare files", str(first)) for first in first_files),
    ]


def run(stage: Stage, work: Loading) -> list[Difference]:
    """Do one stage in the caller's transaction on the registry's connection; return what differs."""
    if stage.kind == "compare files":
        files = work.manifest.files[int(stage.name) : int(stage.name) + FILES_AT_ONCE]
        return [each for file in files for each in _file_difference(file, work.schema_name)]
    entry = next(each for each in work.manifest.tables if each.name == stage.name)
    with connection.cursor() as cursor:
        for setting in catalogue.SETTINGS:
            cursor.execute(setting)
        return list(_table_difference(cursor, work.schema_name, entry, work.archive))


def compare(*, path: Path, schema_name: str) -> list[Difference]:
    """Read the schema's tables and files again and return what differs from the archive; nothing when all is there."""
    manifest = read_manifest(path=path)
    with (
        loading.opened(path=path, manifest=manifest, schema_name=schema_name, work={}) as work,
        context.use_public(),
        transaction.atomic(),
    ):
        return [each for stage in stages(manifest) for each in run(stage, work)]


def _table_difference(cursor: Any, schema: str, entry: TableEntry, archive: tarfile.TarFile) -> Iterator[Difference]:
    table = Table(entry.name, entry.columns, entry.key)
    digest, rows = hashlib.sha256(), 0
    for block in copy_text(cursor, schema, table):
        digest.update(block)
        rows += block.count(b"\n")
    if digest.hexdigest() == entry.sha256:
        return
    place = _first_difference(_lines(copy_text(cursor, schema, table)), _lines(loading.text_of(archive, entry)))
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
    path = loading.folder_of(schema) / entry.path
    size = path.stat().st_size if path.is_file() else 0
    if not path.is_file() or digest_of(path) != entry.sha256:
        yield Difference(entry.path, entry.size, size)
