"""A workbook (XLSX) becomes text with tabs, row by row; a bomb is known before it is opened."""

from __future__ import annotations

import datetime as dt
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any, BinaryIO, cast

import python_calamine

from tenants.metering.formats import base

UNPACKED_BYTES = 1 << 27
PACKED_BYTES = 1 << 26
MOST_SHEETS = 64
_CHUNK = 1 << 16
_BLANKS = str.maketrans("\t\r\n\0", "    ")


def as_text(*, source: BinaryIO, archive: zipfile.ZipFile, memory: int) -> IO[bytes]:
    """This will return the one sheet that has cells as UTF-8, cells divided by tabs; refuses what is unsafe.

    What the archive really unpacks to is measured first, whatever it says of itself.
    """
    _measure(archive)
    source.seek(0)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(source)
        rows = _only_rows(workbook)
    except python_calamine.CalamineError as error:
        raise base.refuse_file("spreadsheet_damaged", detail=str(error).split("'")[0][:80]) from error
    text = tempfile.SpooledTemporaryFile(max_size=memory)  # noqa: SIM115 - the reader closes it
    for line in rows:
        text.write(line)
    text.seek(0)
    return cast(IO[bytes], text)


def _measure(archive: zipfile.ZipFile) -> None:
    size = 0
    for info in archive.infolist():
        with archive.open(info) as member:
            while chunk := member.read(_CHUNK):
                size += len(chunk)
                if size > UNPACKED_BYTES:
                    raise base.refuse_file("spreadsheet_large", limit=UNPACKED_BYTES)


def _only_rows(workbook: Any) -> Iterator[bytes]:
    if len(workbook.sheet_names) > MOST_SHEETS:
        raise base.refuse_file("spreadsheet_sheets", count=len(workbook.sheet_names))
    filled = []
    for place in range(len(workbook.sheet_names)):
        sheet = workbook.get_sheet_by_index(place)
        if sheet.height and sheet.width:
            filled.append(sheet)
    if len(filled) > 1:
        raise base.refuse_file("spreadsheet_sheets", count=len(filled))
    if not filled:
        raise base.refuse_file("empty_file")
    return _lines(filled[0])


def _lines(sheet: Any) -> Iterator[bytes]:
    """The rows under their numbers in the workbook: empty ones above the first cell are kept."""
    above = sheet.start[0] if sheet.start else 0
    for _ in range(above):
        yield b"\n"
    for row in sheet.iter_rows():
        yield ("\t".join(_cells(row)) + "\n").encode()


def _cells(row: Sequence[Any]) -> list[str]:
    found = [_text(cell) for cell in row]
    while found and not found[-1]:
        found.pop()
    return found


def _text(cell: Any) -> str:
    """The cell as a table of text would have it: numbers without exponents, dates and times with the year first."""
    for kind, written in _WRITTEN:
        if isinstance(cell, kind):
            return written(cell)
    return str(cell).translate(_BLANKS).strip()


def _number(cell: float) -> str:
    return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else format(Decimal(repr(cell)), "f")


def _duration(cell: dt.timedelta) -> str:
    minutes = round(cell.total_seconds() / 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _rounded(moment: dt.datetime) -> dt.datetime:
    """A workbook keeps times as parts of a day, which are a little off; meters do not measure shorter than a second."""
    return (moment + dt.timedelta(milliseconds=500)).replace(microsecond=0)


_WRITTEN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, str),
    (float, _number),
    (dt.datetime, lambda cell: _rounded(cell).isoformat(" ")),
    (dt.date, dt.date.isoformat),
    (dt.time, lambda cell: cell.isoformat("minutes")),
    (dt.timedelta, _duration),
)
