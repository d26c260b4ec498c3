"""All that is held of a person as one archive: JSON, a CSV for each table, and the files."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext

from kernel import texts
from tenancy import context, subjects
from tenancy.subjects import Holding, Subject

ROWS_AT_ONCE = 1_000
FORMAT = 1


def overview(*, subject: Subject, language: str) -> list[dict[str, Any]]:
    """This will return each table that holds something of the person, how many rows, and what erasing does to them."""
    found = []
    for holding in subjects.holdings():
        count = holding.rows(subject).count()
        if count:
            why = texts.pick(subjects.WHY[holding.why], language) if holding.why else ""
            title = texts.pick(holding.titles, language)
            found.append({"table": holding.table, "title": title, "rows": count, "deed": str(holding.deed), "why": why})
    return found


def archive(*, subject: Subject, at: dt.datetime) -> bytes:
    """This will return the archive: ``data.json``, ``<table>.csv`` and the person's files; secrets are left out."""
    packed = io.BytesIO()
    retailer = context.current_retailer()
    data: dict[str, Any] = {
        "format": FORMAT, "company": retailer.legal_name or retailer.code, "customer": subject.number,
        "made_at": at.isoformat(), "tables": {},
    }  # fmt: skip
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for holding in subjects.holdings():
            rows = list(_rows(holding, subject))
            if not rows:
                continue
            data["tables"][holding.table] = {"title": dict(holding.titles), "rows": rows}
            file.writestr(_entry(f"{holding.table}.csv", at), _csv(rows))
            for name in holding.files:
                _add_files(file, holding, name, subject, at)
        file.writestr(_entry("data.json", at), json.dumps(data, ensure_ascii=False, indent=1))
        file.writestr(_entry("README.txt", at), _readme(data))
    return packed.getvalue()


def digest(content: bytes) -> str:
    """This will return the SHA-256 of an archive."""
    return hashlib.sha256(content).hexdigest()


def _rows(holding: Holding, subject: Subject) -> Iterator[dict[str, Any]]:
    for row in holding.rows(subject).iterator(chunk_size=ROWS_AT_ONCE):
        yield {
            field.name: _plain(field.value_from_object(row))
            for field in row._meta.concrete_fields
            if field.name not in holding.hidden
        }


def _plain(value: Any) -> Any:
    """A value as JSON holds it: readings as lists of Wh, dates as ISO, ranges as their bounds, bytes as hex."""
    if value is None or isinstance(value, bool | int | list | dict):
        return value
    if hasattr(value, "bounds"):
        return [_plain(value.lower), _plain(value.upper)]
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    for way in ("isoformat", "tolist"):
        if hasattr(value, way):
            return getattr(value, way)()
    return str(value)


def _csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
    return out.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} and not isinstance(value, int) else text


def _add_files(file: zipfile.ZipFile, holding: Holding, name: str, subject: Subject, at: dt.datetime) -> None:
    for value in holding.rows(subject).values_list(name, flat=True):
        if value and holding.deed is subjects.Deed.REMOVE and default_storage.exists(str(value)):
            with default_storage.open(str(value)) as content:
                file.writestr(_entry(f"files/{value}", at), content.read())


def _entry(name: str, at: dt.datetime) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))


def _readme(data: dict[str, Any]) -> str:
    said = gettext(
        "What {company} holds of customer {number}, as of {at}. data.json holds everything, the CSV files the same."
    )
    return said.format(company=data["company"], number=data["customer"], at=data["made_at"]) + "\n"
