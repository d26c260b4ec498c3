"""Bulk files of the tax bureau: written as XLSX, its answers read from XLSX or CSV, column by column as named."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import openpyxl
import python_calamine
from openpyxl.cell import WriteOnlyCell

from kernel.errors import Invalid, gettext_noop

MOST_ROWS = 100_000
TEXT = "s"
EXACT_BELOW = 10**15
"""Numbers in a sheet keep fifteen digits; what is longer has lost its last ones."""
_ZIP = b"PK\x03\x04"
_DAY = re.compile(r"(\d{4})[-/年.]?(\d{1,2})[-/月.]?(\d{1,2})")


class UnreadableResult(Invalid):
    """A file that is no answer of the bureau, with the row and column at fault."""

    code = "fiscal_result_unreadable"
    template = gettext_noop("Row {row}, column “{column}”: {reason}")


@dataclass(frozen=True, slots=True)
class Result:
    """What the bureau says of one invoice: a number and a day, or why it refused."""

    row: int
    serial: str
    number: str
    day: dt.date | None
    gross: Decimal | None
    refusal: str


def write(
    *, documents: Sequence[Mapping[str, Any]], reds: Sequence[Mapping[str, Any]], rules: Mapping[str, Any]
) -> bytes:
    """This will return the bulk file: a row for each invoice, one for each of its lines, one for each red letter."""
    book = openpyxl.Workbook(write_only=True)
    lines = [{**line, "serial": document["serial"]} for document in documents for line in document["lines"]]
    for name, rows in (("basic", documents), ("lines", lines), ("red", reds)):
        sheet = book.create_sheet(rules["sheets"][name]["title"])
        columns = rules["sheets"][name]["columns"]
        sheet.append([_cell(sheet, title) for title in columns.values()])
        for row in rows:
            sheet.append([_cell(sheet, str(row.get(key, ""))) for key in columns])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def read(*, content: bytes, rules: Mapping[str, Any]) -> list[Result]:
    """This will read the bureau's answer; raises UnreadableResult with row and column, and takes no row then."""
    rows = _sheet(content) if content.startswith(_ZIP) else _csv(content)
    heads = next(rows, [])
    names = {key: title for key, title in rules["result"].items()}
    places = {key: heads.index(title) for key, title in names.items() if title in heads}
    for key in ("serial", "number", "day"):
        if key not in places:
            raise UnreadableResult(row=1, column=names[key], reason=gettext_noop("This column is missing."))
    found = []
    for number, row in enumerate(rows, start=2):
        if number > MOST_ROWS:
            raise UnreadableResult(row=number, column="", reason=gettext_noop("The file has too many rows."))
        values = {key: row[place].strip() if place < len(row) else "" for key, place in places.items()}
        if any(values.values()):
            found.append(_result(number, values, names, rules))
    return found


def _result(row: int, values: Mapping[str, str], names: Mapping[str, str], rules: Mapping[str, Any]) -> Result:
    if not values["serial"]:
        raise UnreadableResult(row=row, column=names["serial"], reason=gettext_noop("A value is needed here."))
    number, day = values["number"], None
    if number:
        digits = int(rules["number_digits"])
        if not re.fullmatch(rf"[0-9]{{{digits}}}", number):
            raise UnreadableResult(
                row=row, column=names["number"], reason=gettext_noop("The number has to have {digits} digits."),
                digits=digits,
            )  # fmt: skip
        day = _day(row, values["day"], names["day"])
        if number[:2] != f"{day:%y}":
            raise UnreadableResult(
                row=row, column=names["number"],
                reason=gettext_noop("The number begins with another year than the day of issue."),
            )  # fmt: skip
    elif not values.get("refusal"):
        raise UnreadableResult(
            row=row, column=names["number"], reason=gettext_noop("There is neither a number nor a refusal.")
        )
    return Result(
        row, values["serial"], number, day, _amount(row, values.get("gross", ""), names), values.get("refusal", "")
    )


def _day(row: int, text: str, column: str) -> dt.date:
    found = _DAY.match(text)
    try:
        if found is None:
            raise ValueError(text)
        return dt.date(*(int(part) for part in found.groups()))
    except ValueError as error:
        raise UnreadableResult(row=row, column=column, reason=gettext_noop("This is not a day.")) from error


def _amount(row: int, text: str, names: Mapping[str, str]) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise UnreadableResult(row=row, column=names["gross"], reason=gettext_noop("This is not an amount.")) from error
    if not value.is_finite():
        raise UnreadableResult(row=row, column=names["gross"], reason=gettext_noop("This is not an amount."))
    return value


def _sheet(content: bytes) -> Iterator[list[str]]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except Exception as error:  # the reader raises many kinds for a broken file
        raise UnreadableResult(row=1, column="", reason=gettext_noop("This is not a readable sheet.")) from error
    for row in rows:
        yield [_plain(value) for value in row]


def _csv(content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        yield from ([value.strip() for value in row] for row in csv.reader(io.StringIO(text)))
        return
    raise UnreadableResult(row=1, column="", reason=gettext_noop("This is not a readable sheet."))


def _plain(value: Any) -> str:
    """A number as text; one of more digits than a sheet keeps is shown as such, and is refused as a number."""
    if isinstance(value, int | float) and abs(value) >= EXACT_BELOW:
        return f"{value:e}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _cell(sheet: Any, text: str) -> WriteOnlyCell:
    """A cell of text, whatever it begins with: a name is never a formula."""
    cell = WriteOnlyCell(sheet, value=openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = TEXT
    return cell
