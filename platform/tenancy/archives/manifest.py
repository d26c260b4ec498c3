"""What stands in an archive: each table and file with its size and SHA-256, and who the company is.

An archive is a tar file: ``tables/<table>.copy.gz`` (COPY's text format, rows by primary key), ``files/<path>`` of the
company's storage, and last ``manifest.json``. Its own digest stands beside it as ``<archive>.sha256``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tarfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kernel.errors import GridhallError, gettext_noop

FORMAT = 1
NAME = "manifest.json"
TABLES, FILES = "tables/", "files/"
LARGEST_MANIFEST = 256 * 2**20
_WORD = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_VALUE = r"(?:'[0-9 :.+TZ-]*'|-?[0-9]+|MINVALUE|MAXVALUE)"
_VALUES = rf"\({_VALUE}(?:, {_VALUE})*\)"
_BOUNDS = re.compile(rf"DEFAULT|FOR VALUES (?:FROM {_VALUES} TO {_VALUES}|IN {_VALUES})")
"""Bounds are written into a statement as they stand, so nothing but numbers and dates is let through."""


class UnreadableArchive(GridhallError):
    """The file is no archive of a company."""

    code = "archive_unreadable"
    template = gettext_noop("{name} is no archive of a company, or it was cut off.")


class Damaged(GridhallError):
    """What is in the archive is not what its manifest says."""

    code = "archive_damaged"
    template = gettext_noop("{member} in the archive is not what was written there: take another backup.")


class WrongTables(GridhallError):
    """The archive was written by another version of the program."""

    code = "archive_of_another_version"
    template = gettext_noop(
        "The archive was written by another version of the program. Restore it with that version, then migrate."
    )


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table: its columns in the order of its rows, how many there are, the digest of their text."""

    name: str
    columns: list[str]
    key: list[str]
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the company's storage."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is needed to make the company again, and to see that nothing is missing."""

    code: str
    made_at: str
    fingerprint: str
    company: dict[str, Any]
    brand: dict[str, Any]
    domains: list[dict[str, Any]]
    tables: list[TableEntry] = field(default_factory=list)
    files: list[FileEntry] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)
    partitions: list[dict[str, str]] = field(default_factory=list)
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def made(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.made_at)

    def as_json(self) -> bytes:
        """Return the text of the manifest."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()


def read_manifest(*, path: Path) -> Manifest:
    """Return the manifest of an archive; raises UnreadableArchive."""
    try:
        with tarfile.open(path, "r:") as archive:
            found = json.loads(_text_of(archive))
        if found["format"] != FORMAT:
            raise UnreadableArchive(name=path.name)
        tables = [TableEntry(**each) for each in found.pop("tables")]
        files = [FileEntry(**each) for each in found.pop("files")]
        manifest = Manifest(tables=tables, files=files, **found)
        _check(manifest)
    except (OSError, tarfile.TarError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableArchive(name=path.name) from error
    return manifest


def _text_of(archive: tarfile.TarFile) -> bytes:
    member = archive.getmember(NAME)
    file = archive.extractfile(member)
    if file is None or member.size > LARGEST_MANIFEST:
        raise ValueError(NAME)
    return file.read()


def _check(manifest: Manifest) -> None:
    """Refuse names and bounds that this program never writes: an archive may come from anybody."""
    names = [table.name for table in manifest.tables]
    words = [*names, *manifest.sequences]
    words += [each[part] for each in manifest.partitions for part in ("name", "table")]
    wrong = [word for word in words if not _WORD.fullmatch(word)]
    wrong += [each["bounds"] for each in manifest.partitions if not _BOUNDS.fullmatch(each["bounds"])]
    if wrong or len(set(names)) != len(names) or not isinstance(manifest.code, str):
        raise ValueError(wrong)
    if not all(isinstance(last, int) for last in manifest.sequences.values()):
        raise ValueError(manifest.sequences)
    manifest.made.astimezone(dt.UTC)
