"""Tables as workbooks (XLSX): text is text, so that no cell is ever a formula and no long number loses a digit."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl
from django.http import HttpResponse
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from kernel import personal

KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575
"""A sheet has a row more, for the heads."""


def response(*, name: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return the table as ``name``.xlsx, cut at what a sheet can hold."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    sheet.append([_cell(sheet, str(head)) for head in heads])
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            break
        sheet.append([_cell(sheet, value) for value in row])
    content = io.BytesIO()
    book.save(content)
    answer = HttpResponse(content.getvalue(), content_type=KIND)
    answer["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer


def _cell(sheet: Any, value: Any) -> Any:
    value = personal.shown(value)
    if value is None or isinstance(value, (int, dt.date)):
        return value
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", str(value)))
    cell.data_type = "s"
    return cell
