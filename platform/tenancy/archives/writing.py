"""Writing an archive: all tables from one snapshot, each row once, while the company goes on working."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.forms.models import model_to_dict
from psycopg import sql

from tenancy import context, fleet, keys
from tenancy.archives import catalogue
from tenancy.archives.catalogue import Table
from tenancy.archives.manifest import FILES, NAME, TABLES, FileEntry, Manifest, TableEntry
from tenancy.database import connection

Tell = Callable[[int, int, str], None]
"""Hears how many tables of how many are written, and which comes next."""
_COMPRESSION = 3
_BLOCK = 1 << 20
_LEFT_OUT = ("id", "schema_name", "retailer", "tenant", "status", "standing")


def silent(_done: int, _total: int, _next: str) -> None:
    """Hear it and do nothing."""


def write(*, path: Path, at: dt.datetime, tell: Tell = silent) -> Manifest:
    """Write the present company to ``path`` and return what was written.

    One transaction sees all tables as they were when it began; files are read after it. The file appears under its
    name only when it is whole, with ``<path>.sha256`` beside it.
    """
    retailer = context.current_retailer()
    path.parent.mkdir(parents=True, exist_ok=True)
    beginning = path.with_suffix(".part")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder, tarfile.open(beginning, "w:") as archive:
            manifest = _snapshot(archive, Path(folder), retailer, at, tell)
            manifest.files.extend(_add_files(archive))
            _add_bytes(archive, NAME, manifest.as_json(), at)
    except BaseException:
        beginning.unlink(missing_ok=True)
        raise
    digest = digest_of(beginning)
    beginning.replace(path)
    path.with_suffix(path.suffix + ".sha256").write_text(f"{digest}  {path.name}\n", "ascii")
    return manifest


def copy_text(cursor: Any, schema: str, table: Table) -> Iterator[bytes]:
    """Yield the rows of a table by its key as COPY writes them, one line a row."""
    order = sql.SQL(", ").join(map(sql.Identifier, table.key))
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        columns, sql.Identifier(schema, table.name), order
    )
    with cursor.copy(statement) as copy:
        for block in copy:
            yield bytes(block)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _snapshot(archive: tarfile.TarFile, folder: Path, retailer: Any, at: dt.datetime, tell: Tell) -> Manifest:
    with context.use_public():
        company, brand, domains = _registry(retailer)
    schema = retailer.schema_name
    with one_snapshot(), connection.cursor() as cursor:
        for setting in catalogue.SETTINGS:
            cursor.execute(setting)
        manifest = Manifest(
            code=retailer.code,
            made_at=at.isoformat(),
            fingerprint=fleet.migrations_fingerprint(),
            company=company,
            brand=brand,
            domains=domains,
            sequences=catalogue.sequences(cursor, schema),
            partitions=catalogue.partitions(cursor, schema),
        )
        tables = catalogue.tables(cursor, schema)
        for number, table in enumerate(tables):
            tell(number, len(tables), table.name)
            manifest.tables.append(_add_table(archive, folder, cursor, schema, table))
        tell(len(tables), len(tables), "")
    return manifest


@contextmanager
def one_snapshot() -> Iterator[None]:
    """A transaction whose every statement sees what the first one saw.

    Its level is set beforehand: role and search path come first in it, after which the level cannot be changed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")
    try:
        with transaction.atomic():
            yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_isolation")


def _add_table(archive: tarfile.TarFile, folder: Path, cursor: Any, schema: str, table: Table) -> TableEntry:
    digest, rows, size = hashlib.sha256(), 0, 0
    file = folder / "table"
    with gzip.GzipFile(file, "wb", compresslevel=_COMPRESSION, mtime=0) as packed:
        for block in copy_text(cursor, schema, table):
            digest.update(block)
            rows += block.count(b"\n")
            size += len(block)
            packed.write(block)
    archive.add(file, f"{TABLES}{table.name}.copy.gz", filter=_plain)
    file.unlink()
    return TableEntry(table.name, table.columns, table.key, rows, size, digest.hexdigest())


def _add_files(archive: tarfile.TarFile) -> Iterator[FileEntry]:
    root = Path(settings.FILES_DIR) / keys.prefix()
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if path.is_file() and not path.is_symlink():
            name = path.relative_to(root).as_posix()
            archive.add(path, FILES + name, filter=_plain, recursive=False)
            yield FileEntry(name, path.stat().st_size, digest_of(path))


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes, at: dt.datetime) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(content), int(at.timestamp()), 0o600
    archive.addfile(info, BytesIO(content))


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _registry(retailer: Any) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """What ``public`` knows of the company: who it is, how it looks, where it is reached."""
    company = _fields(retailer)
    brand = getattr(retailer, "brand", None)
    domains = [{"domain": each.domain, "is_primary": each.is_primary} for each in retailer.domains.order_by("id")]
    return company, _fields(brand) if brand is not None else {}, domains


def _fields(row: Any) -> dict[str, Any]:
    found = {name: value for name, value in model_to_dict(row).items() if name not in _LEFT_OUT}
    for field in row._meta.concrete_fields:
        if not field.editable and field.name not in _LEFT_OUT:
            found[field.name] = field.value_from_object(row)
    return {name: _as_json(value) for name, value in found.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"hex": bytes(value).hex()}
    return value.isoformat() if isinstance(value, dt.datetime | dt.date) else value
