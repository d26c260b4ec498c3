"""Tables as CSV that spreadsheets open rightly: UTF-8 with its mark, and no cell is ever a formula."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpResponse

from kernel import personal
from kernel.money import Money

MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    def write(self, value: str) -> str:
        return value


def response(*, name: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return the table as ``name``.csv, written at once: after the answer nothing works for the company any more."""
    answer = HttpResponse("".join(_lines(heads, rows)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _lines(heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield MARK + writer.writerow([_cell(str(head)) for head in heads])
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: Any) -> str:
    value = personal.shown(value)
    if value is None:
        return ""
    if isinstance(value, Money):
        return format(value.amount, "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (int, dt.date, dt.datetime)):
        return value.isoformat() if isinstance(value, dt.date) else str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
