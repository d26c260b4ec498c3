"""Files of customers that wait for a person's word: kept in the company's own folder under a random name."""

from __future__ import annotations

import csv
import io
import uuid
import zipfile
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from kernel.errors import GridhallError, Invalid, NotFound, gettext_noop
from tenants.metering.formats import spreadsheets

LARGEST = 20 * 2**20
_FOLDER = "customer-imports"
_ENCODINGS = ("utf-8-sig", "gb18030")
_ARCHIVE = b"PK\x03\x04"

Row = dict[str, str | None]


class NotReadable(Invalid):
    """The file is no table that can be read."""

    code = "customer_file_unreadable"


class NotText(NotReadable):
    template = gettext_noop("The file is not text. Save the table as CSV (UTF-8) first.")


class NotAWorkbook(NotReadable):
    template = gettext_noop(
        "The workbook cannot be read: keep the table alone on one sheet, or save it as CSV (UTF-8)."
    )


class TooLarge(NotReadable):
    template = gettext_noop("The file is larger than 20 MB. Split it.")


class NoRows(NotReadable):
    template = gettext_noop("The file has no rows below its heading.")


class CellsLeftOver(NotReadable):
    template = gettext_noop("Row {row} has {found} cells; the heading has {expected}. Check its quotation marks.")


class HeadTwice(NotReadable):
    template = gettext_noop("Two columns are named “{name}”.")


def keep(*, file: BinaryIO) -> uuid.UUID:
    """This will keep the file until somebody decides, once it can be read as a table; raises NotReadable."""
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise TooLarge(where="file")
    read_rows(content=content)
    token = uuid.uuid4()
    default_storage.save(_name(token), ContentFile(content))
    return token


def rows_of(*, token: uuid.UUID) -> list[Row]:
    """This will return the rows of a kept file; raises NotFound."""
    if not default_storage.exists(_name(token)):
        raise NotFound(what=gettext_noop("file"), name=str(token))
    with default_storage.open(_name(token)) as stored:
        return read_rows(content=stored.read())


def forget(*, token: uuid.UUID) -> None:
    """This will delete a kept file."""
    default_storage.delete(_name(token))


def read_rows(*, content: bytes) -> list[Row]:
    """This will return the rows below the heading by column name; raises NotReadable."""
    lines = _lines(content)
    if len(lines) < 2:
        raise NoRows(where="file")
    heads = [head.strip() for head in lines[0]]
    twice = next((head for head in heads if heads.count(head) > 1), None)
    if twice is not None:
        raise HeadTwice(name=twice, where="file")
    return [_row(heads, cells, number) for number, cells in enumerate(lines[1:], start=2)]


def _row(heads: list[str], cells: list[str], number: int) -> Row:
    if len(cells) > len(heads):
        raise CellsLeftOver(row=number, found=len(cells), expected=len(heads), where="file")
    return dict(zip(heads, [*cells, *[""] * (len(heads) - len(cells))], strict=True))


def _lines(content: bytes) -> list[list[str]]:
    if content.startswith(_ARCHIVE):
        lines = _workbook(content)
    else:
        text = _text(content)
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        try:
            lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error as error:
            raise NotText(where="file") from error
    while lines and not any(cell.strip() for cell in lines[-1]):
        lines.pop()
    return lines


def _workbook(content: bytes) -> list[list[str]]:
    source = io.BytesIO(content)
    try:
        with (
            zipfile.ZipFile(source) as archive,
            spreadsheets.as_text(source=source, archive=archive, memory=LARGEST) as text,
        ):
            return [line.decode().rstrip("\n").split("\t") for line in text]
    except (GridhallError, zipfile.BadZipFile) as error:
        raise NotAWorkbook(where="file") from error


def _text(content: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NotText(where="file")


def _name(token: uuid.UUID) -> str:
    return f"{_FOLDER}/{token.hex}.csv"
