"""Open what someone uploaded, safely: unpack, measure, recognise the text encoding, hand out lines.

Everything is copied once into a spooled file (memory first, then disk), so a damaged archive is known before the
first row is read and nothing ever stands in memory whole.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from tenants.metering.formats import base, spreadsheets

CHUNK = 1 << 16
_SNIFFED = 4096
_SAMPLED = 1 << 18
_SPACE = re.compile(r"\s")
_BLANK = "\n\ufeff \t\u3000\x1a"
_ZIP, _GZIP, _OLE = b"PK", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"
_OTHER_ARCHIVES = (b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_DAMAGED = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)
"""What the readers of archives raise when the archive was damaged, by accident or on purpose."""

_IGNORED_MEMBERS = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a reader takes; each is far above a real file."""

    unpacked_bytes: int = 1 << 30
    line_characters: int = 1 << 16
    memory_bytes: int = 1 << 23


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Opened:
    """The unpacked bytes, at their start, and their text encoding."""

    content: IO[bytes]
    encoding: str
    limits: Limits
    size: int = 0

    def head(self) -> str:
        """Return the first characters, for recognising a format."""
        self.content.seek(0)
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        head = decoder.decode(self.content.read(_SNIFFED))
        self.content.seek(0)
        return head

    def sample(self, *, lines: int) -> list[str]:
        """Return the first lines, the last of them perhaps cut; the content stands at its start again."""
        self.content.seek(0)
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        text = decoder.decode(self.content.read(_SAMPLED)).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
        self.content.seek(0)
        found = text.split("\n")
        return found[:lines] if len(found) > lines else found[: len(found) - (self.size > _SAMPLED)]


def unpack(source: BinaryIO, *, limits: Limits = USUAL) -> Opened:
    """Copy ``source`` out of its zip or gzip wrapping, if any, and recognise its encoding; refuses what is unsafe."""
    source.seek(0)
    magic = source.read(8)
    source.seek(0)
    if not magic:
        raise base.refuse_file("empty_file")
    if magic.startswith(_OLE):
        raise base.refuse_file("spreadsheet")
    if magic.startswith(_OTHER_ARCHIVES):
        raise base.refuse_file("bad_archive", detail="only zip and gzip are read")
    try:
        if magic.startswith(_ZIP):
            return _unzipped(source, limits)
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=source)) if magic.startswith(_GZIP) else source
        return _measured(stream, limits)
    except _DAMAGED as error:
        raise base.refuse_file("bad_archive", detail=_plain(error)) from error


def _plain(error: Exception) -> str:
    """What the archive's reader says, without the bytes it may quote."""
    return re.split(r"['\"{]", str(error))[0].strip()[:80] or type(error).__name__


def _unzipped(source: BinaryIO, limits: Limits) -> Opened:
    archive = zipfile.ZipFile(source)
    names = {info.filename for info in archive.infolist()}
    if "xl/workbook.xml" in names:
        return _measured(spreadsheets.as_text(source=source, archive=archive, memory=limits.memory_bytes), limits)
    if "[Content_Types].xml" in names or "content.xml" in names:
        raise base.refuse_file("spreadsheet")
    member = _only_member(archive, limits)
    inner = member.read(8)
    if inner.startswith(_ZIP):
        return _inner_spreadsheet(member, inner, limits)
    return _measured(_only_member(archive, limits), limits)


def _inner_spreadsheet(member: IO[bytes], start: bytes, limits: Limits) -> Opened:
    """A workbook that was packed once more; any other archive in an archive is refused."""
    with tempfile.SpooledTemporaryFile(max_size=limits.memory_bytes) as copy:
        copy.write(start)
        while chunk := member.read(CHUNK):
            copy.write(chunk)
            if copy.tell() > spreadsheets.PACKED_BYTES:
                raise base.refuse_file("archive_in_archive")
        copy.seek(0)
        try:
            archive = zipfile.ZipFile(copy)
        except zipfile.BadZipFile as error:
            raise base.refuse_file("archive_in_archive") from error
        if "xl/workbook.xml" not in archive.namelist():
            raise base.refuse_file("archive_in_archive")
        text = spreadsheets.as_text(source=cast(BinaryIO, copy), archive=archive, memory=limits.memory_bytes)
    return _measured(text, limits)


def _only_member(archive: zipfile.ZipFile, limits: Limits) -> IO[bytes]:
    members = [
        info
        for info in archive.infolist()
        if not info.is_dir() and not any(m in info.filename for m in _IGNORED_MEMBERS)
    ]
    if len(members) != 1:
        raise base.refuse_file("archive_of_many", count=len(members))
    if members[0].flag_bits & 1:
        raise base.refuse_file("archive_encrypted")
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise base.refuse_file("bad_archive", detail="its way of packing is not read")
    if members[0].file_size > limits.unpacked_bytes:
        raise base.refuse_file("too_large", limit=limits.unpacked_bytes)
    return archive.open(members[0])


def _measured(stream: IO[bytes], limits: Limits) -> Opened:
    content = tempfile.SpooledTemporaryFile(max_size=limits.memory_bytes)  # noqa: SIM115 - the reader closes it
    try:
        encoding = _copied(stream, content, limits)
        size = content.seek(0, io.SEEK_END)
        content.seek(0)
        return Opened(content, encoding, limits, size)
    except BaseException:
        content.close()
        raise


def _copied(stream: IO[bytes], content: IO[bytes], limits: Limits) -> str:
    """Copy the stream and return its encoding."""
    utf8, gb18030 = _Trial("utf-8"), _Trial("gb18030")
    size, nul, head = 0, False, b""
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limits.unpacked_bytes:
            raise base.refuse_file("too_large", limit=limits.unpacked_bytes)
        head = head or chunk[:_SNIFFED]
        nul = nul or b"\0" in chunk
        utf8.feed(chunk)
        if not utf8.holds:
            gb18030.catch_up(content, chunk)
        content.write(chunk)
    utf8.feed(b"", final=True)
    gb18030.catch_up(content, b"", final=not utf8.holds)
    content.seek(0)
    return _encoding(head, nul, utf8.holds, gb18030.holds)


def _encoding(head: bytes, nul: bool, is_utf8: bool, is_gb18030: bool) -> str:
    if not head.strip():
        raise base.refuse_file("empty_file")
    if head.startswith((_ZIP + b"\x03\x04", _GZIP)):
        raise base.refuse_file("archive_in_archive")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    return _unmarked_utf16(head) if nul else _unmarked(head, is_utf8, is_gb18030)


def _unmarked(head: bytes, is_utf8: bool, is_gb18030: bool) -> str:
    if is_utf8:
        return "utf-8"
    if is_gb18030:
        return "gb18030"
    if head.lstrip().startswith(b"<"):  # XML says its encoding itself
        return "latin-1"
    raise base.refuse_file("unknown_encoding")


def _unmarked_utf16(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 4
    if odd > half and even == 0:
        return "utf-16-le"
    if even > half and odd == 0:
        return "utf-16-be"
    raise base.refuse_file("not_text")


class _Trial:
    """Whether all bytes so far are valid in one encoding, chunk by chunk."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._started = False
        self.holds = True

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        if not self.holds:
            return
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            self.holds = False

    def catch_up(self, content: IO[bytes], chunk: bytes, *, final: bool = False) -> None:
        """Read first what came before this encoding was needed."""
        if not self._started and (chunk or final):
            self._started = True
            content.seek(0)
            while earlier := content.read(CHUNK):
                self.feed(earlier)
        self.feed(chunk, final=final)


def lines(opened: Opened) -> Iterator[tuple[int, str]]:
    """Yield (row, text) without line ends, rows from 1; line ends may be mixed; blank lines are only counted."""
    opened.content.seek(0)
    text = io.TextIOWrapper(opened.content, encoding=opened.encoding, errors="strict", newline=None)
    limit = opened.limits.line_characters
    row = 0
    try:
        while line := text.readline(limit + 1):
            row += 1
            if len(line) > limit:
                raise base.refuse_file("line_too_long", row=row, limit=limit)
            if "\0" in line:
                raise base.refuse_file("not_text", row=row)
            if line.strip(_BLANK):
                yield row, line.rstrip("\n\x1a").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise base.refuse_file("unknown_encoding", row=row + 1) from error
    finally:
        text.close()


def cells(line: str, *, row: int, delimiter: str = ",") -> list[str]:
    """Split a line into stripped cells; quotation marks must match."""
    if '"' not in line:
        found = line.split(delimiter)
        return [cell.strip() for cell in found] if _SPACE.search(line) else found
    try:
        found = next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as error:
        raise base.refuse_file("broken_quotes", row=row) from error
    return [cell.strip() for cell in found]
