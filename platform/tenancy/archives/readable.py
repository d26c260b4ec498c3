"""One company in files that anybody can read, to take along: a table each as CSV, its uploads, and a manifest.

All tables come from one snapshot. What stands sealed is opened; what is binary is written out by a decoder that its
room names, and left out where none is named, so that nothing sealed or secret slips in unseen.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.conf import settings
from django.db import models as django_models
from psycopg import sql

from tenancy import context, keys, sealed_fields
from tenancy.archives import catalogue
from tenancy.archives.catalogue import Table
from tenancy.archives.writing import Tell, digest_of, one_snapshot, silent
from tenancy.database import connection

Decode = Callable[[bytes], str]
FORMAT = 1
README, MANIFEST = "README.txt", "manifest.json"
_TABLES, _FILES, _PART = "tables/", "files/", ".part"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is left out, as whole tables and as columns by table, and how binary columns are written out."""

    tables: frozenset[str] = frozenset()
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    decoders: Mapping[tuple[str, str], Decode] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """A table or file of the archive with what it holds."""

    name: str
    rows: int
    size: int
    sha256: str
    columns: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Readable:
    """All that was written."""

    tables: list[Written]
    files: list[Written]
    left_out: list[str]

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.tables)


def write(*, path: Path, at: dt.datetime, rules: Rules, readme: str, tell: Tell = silent) -> Readable:
    """Write the present company to ``path``; the file appears under its name only when it is whole."""
    retailer = context.current_retailer()
    path.parent.mkdir(parents=True, exist_ok=True)
    beginning = path.with_suffix(_PART)
    try:
        with zipfile.ZipFile(beginning, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            tables, left_out = _tables(archive, retailer.schema_name, rules, tell)
            found = Readable(tables, list(_files(archive)), left_out)
            archive.writestr(MANIFEST, _manifest(retailer, found, at))
            archive.writestr(README, readme)
    except BaseException:
        beginning.unlink(missing_ok=True)
        raise
    beginning.replace(path)
    return found


def columns_of(table: str, columns: list[str], rules: Rules) -> tuple[list[str], dict[str, Decode]]:
    """Return the columns of a table that are written, and how those are decoded that are not text."""
    model = _models().get(table)
    fields = {each.column: each for each in model._meta.concrete_fields} if model is not None else {}
    kept: list[str] = []
    decoders: dict[str, Decode] = {}
    for column in columns:
        found = fields.get(column)
        if column in rules.columns.get(table, frozenset()) or isinstance(found, sealed_fields.BlindIndexField):
            continue
        decode = _opener(found) or rules.decoders.get((table, column))
        if decode is None and (found is None or _is_binary(found)):
            continue
        kept.append(column)
        if decode is not None:
            decoders[column] = decode
    return kept, decoders


def _tables(archive: zipfile.ZipFile, schema: str, rules: Rules, tell: Tell) -> tuple[list[Written], list[str]]:
    written: list[Written] = []
    with one_snapshot(), connection.cursor() as cursor:
        for setting in catalogue.SETTINGS:
            cursor.execute(setting)
        standing = catalogue.tables(cursor, schema)
        known = _models()
        wanted = [each for each in standing if each.name in known and each.name not in rules.tables]
        for number, table in enumerate(wanted):
            tell(number, len(wanted), table.name)
            written.append(_table(archive, cursor, schema, table, rules))
        tell(len(wanted), len(wanted), "")
    return written, sorted({each.name for each in standing} - {each.name for each in wanted})


def _table(archive: zipfile.ZipFile, cursor: Any, schema: str, table: Table, rules: Rules) -> Written:
    columns, decoders = columns_of(table.name, table.columns, rules)
    name = f"{_TABLES}{table.name}.csv"
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(schema, table.name),
        sql.SQL(", ").join(map(sql.Identifier, table.key)),
    )
    with archive.open(name, "w", force_zip64=True) as file:
        sink = _Counted(file)
        rows = _rows(cursor, statement, columns, decoders, sink)
    left_out = [each for each in table.columns if each not in columns]
    return Written(name, rows, sink.size, sink.digest.hexdigest(), columns, left_out)


def _rows(cursor: Any, statement: Any, columns: list[str], decoders: dict[str, Decode], sink: _Counted) -> int:
    """Write a head and what the statement gives; return how many rows."""
    text = io.TextIOWrapper(sink, "utf-8", newline="")  # type: ignore[type-var]
    page = csv.writer(text)
    page.writerow(columns)
    openers = [decoders.get(column) for column in columns]
    count = 0
    with cursor.copy(statement) as copy:
        for row in copy.rows():
            page.writerow([_cell(value, opener) for value, opener in zip(row, openers, strict=True)])
            count += 1
    text.flush()
    text.detach()
    return count


def _cell(value: Any, decode: Decode | None) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else bytes(value).decode()
    return decode(bytes.fromhex(text.removeprefix("\\x"))) if decode is not None else text


class _Counted(io.RawIOBase):
    """Passes on what is written, with its size and digest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.size, self.digest = file, 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        data = bytes(block)
        self.size += len(data)
        self.digest.update(data)
        self._file.write(data)
        return len(data)


def _files(archive: zipfile.ZipFile) -> Iterator[Written]:
    root = Path(settings.FILES_DIR) / keys.prefix()
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if path.is_file() and not path.is_symlink():
            name = _FILES + path.relative_to(root).as_posix()
            archive.write(path, name)
            yield Written(name, 0, path.stat().st_size, digest_of(path))


def _manifest(retailer: Any, found: Readable, at: dt.datetime) -> str:
    company = {name: getattr(retailer, name) for name in ("code", "names", "legal_name", "market", "currency")}
    content = {
        "format": FORMAT, "company": company, "made_at": at.isoformat(), "time_zone_of_times": "UTC",
        "tables": [asdict(each) for each in found.tables], "files": [asdict(each) for each in found.files],
        "tables_left_out": found.left_out,
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1)


def _opener(found: Any) -> Decode | None:
    if not isinstance(found, sealed_fields.SealedTextField):
        return None
    place = found.place
    return lambda sealed: sealed_fields.unseal(sealed=sealed, place=place)


def _is_binary(found: Any) -> bool:
    return isinstance(found, django_models.BinaryField)


def _models() -> dict[str, Any]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
