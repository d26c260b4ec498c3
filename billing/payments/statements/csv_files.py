"""CSV of banks and agents, read by a saved profile that tells what stands in which column.

A profile is plain data:

    encoding   "utf-8", "gb18030" (GBK) ...; left out: UTF-8 when it is, else GB 18030
    delimiter  "," ";" or a tab; left out: found from the head
    dates      formats of strptime, tried in turn; left out: DAYS
    decimal    "." or ","
    columns    booked_on, value_on, amount | credit and debit | amount and direction, balance, party_name,
               party_account, reference, end_to_end, text (one or several), currency, account (an agent's customer)
    credit_words, debit_words   what ``direction`` says of money in and out
    reverse_sign                amounts in the file are the other way round

The head is the first row that holds all columns named, so lines above it (the bank's address) are skipped.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.payments.statements.shapes import MOST_BYTES, MOST_ROWS, FileRefused, RowFault, Statement, StatementLine
from kernel.errors import gettext_noop

FORMAT = "csv"
DAYS = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y年%m月%d日", "%d.%m.%Y", "%d/%m/%Y")
FIELDS = {
    "booked_on", "value_on", "amount", "credit", "debit", "direction", "balance", "party_name", "party_account",
    "reference", "end_to_end", "structured", "text", "currency", "account",
}  # fmt: skip
CREDIT_WORDS, DEBIT_WORDS = ("C", "CR", "CRDT", "贷", "收入", "收"), ("D", "DR", "DBIT", "借", "支出", "支")
NOTHING = {"", "-", "--", "—"}
LONGEST_HEAD = 60
HEAD_CHARACTERS = 4000
FOOT_WORDS = ("合计", "总计", "小计", "total", "sum", "summe", "totals")
"""A row that begins with one of them sums the rows above; its sums must be theirs."""
SIGNS = {"booked_on": 64, "party_name": 200, "party_account": 64, "reference": 64, "end_to_end": 64, "structured": 64}
_CURRENCY_SIGNS = re.compile(r"[¥￥$€£\s元]")
_NUMBER = re.compile(r"[+-]?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,6})?")
"""Thousands may be set apart, in threes: 1,250 is a number and 12,50 is none, for it is another country's 12.50."""
Row = tuple[int, Mapping[str, str]]


def check_profile(settings: Mapping[str, Any]) -> None:
    """This will refuse a profile that could not be read by. Raises FileRefused."""
    columns = settings.get("columns")
    if not isinstance(columns, Mapping) or not columns or set(columns) - FIELDS:
        raise FileRefused(
            reason=gettext_noop("the profile names other columns than: {known}."), known=", ".join(sorted(FIELDS))
        )
    if "booked_on" not in columns or not ({"amount", "credit", "debit"} & set(columns)):
        raise FileRefused(reason=gettext_noop("the profile must name the columns of the date and of the amount."))


def read(content: bytes, *, settings: Mapping[str, Any], currency: str) -> Statement:
    """This will read a bank's CSV into a statement in ``currency``. Raises FileRefused with a fault for each row."""
    lines: list[StatementLine] = []
    faults = []
    for number, row in rows(content, settings=settings):
        try:
            if row.get("booked_on", "").casefold().startswith(FOOT_WORDS):
                _check_foot(row, lines, settings)
            else:
                lines.append(_line(number, row, settings, currency))
        except Wrong as wrong:
            faults.append(wrong.fault(number))
    if faults:
        raise FileRefused(reason=gettext_noop("some rows are wrong."), faults=faults)
    days = [line.booked_on for line in lines]
    if (days and days[0] > days[-1]) or _runs_backwards(lines):
        lines.reverse()
    first, last = (lines[0], lines[-1]) if lines else (None, None)
    return Statement(
        format=FORMAT,
        account_number="",
        currency=currency,
        lines=lines,
        opening=first.balance - first.amount if first and first.balance is not None else None,
        closing=last.balance if last else None,
    )


def _check_foot(row: Mapping[str, str], lines: Sequence[StatementLine], settings: Mapping[str, Any]) -> None:
    """The sums a file states must be those of its rows: else a row is missing or was changed."""
    amounts = [-line.amount if settings.get("reverse_sign") else line.amount for line in lines]
    sums = {
        "credit": sum((amount for amount in amounts if amount > 0), Decimal(0)),
        "debit": -sum((amount for amount in amounts if amount < 0), Decimal(0)),
    }
    if "direction" not in settings["columns"]:
        sums["amount"] = sum(amounts, Decimal(0))
    for name, expected in sums.items():
        stated = amount_of(row, name, settings) if _is_amount(row, name, settings) else None
        if stated is not None and abs(stated) != abs(expected):
            raise Wrong(name, gettext_noop("the sum is stated as “{value}”; the rows above make another."), str(stated))


def _is_amount(row: Mapping[str, str], name: str, settings: Mapping[str, Any]) -> bool:
    try:
        return amount_of(row, name, settings) is not None
    except Wrong:
        return False


def rows(content: bytes, *, settings: Mapping[str, Any]) -> Iterator[Row]:
    """This will return the rows below the head, each by the names of the profile, with its line number."""
    check_profile(settings)
    if len(content) > MOST_BYTES:
        raise FileRefused(reason=gettext_noop("it is larger than {most} bytes."), most=MOST_BYTES)
    text = _decoded(content, str(settings.get("encoding") or ""))
    delimiter = str(settings.get("delimiter") or "") or _delimiter(text)
    table = enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1)
    columns = {
        name: [str(t) for t in (titles if isinstance(titles, list) else [titles])]
        for name, titles in settings["columns"].items()
    }
    places = _head(_readable(table), columns)
    for count, (number, cells) in enumerate(_readable(table)):
        if count >= MOST_ROWS:
            raise FileRefused(reason=gettext_noop("it has more than {most} rows."), most=MOST_ROWS)
        values = {name: " ".join(filter(None, (_clean(cells, i) for i in at))) for name, at in places.items()}
        if any(values.values()):
            yield number, values


def _readable(table: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """The rows as long as they can be taken apart."""
    try:
        yield from table
    except csv.Error as error:
        raise FileRefused(reason=gettext_noop("it is no table: {fault}."), fault=str(error)) from error


class Wrong(Exception):
    """A cell that cannot be read: its column, why, and what stands there."""

    def __init__(self, column: str, reason: str, value: str) -> None:
        super().__init__(column)
        self.column, self.reason, self.value = column, reason, value[:40]

    def fault(self, row: int) -> RowFault:
        return RowFault(row, self.column, self.reason, {"value": self.value})


def day_of(row: Mapping[str, str], name: str, settings: Mapping[str, Any]) -> dt.date:
    """This will read a date in the profile's formats; a time behind it is left out."""
    text = row.get(name, "")
    for pattern in settings.get("dates") or DAYS:
        for candidate in (text, re.split("[ T]", text)[0], text[:8] if text.isdecimal() else text):
            try:
                return dt.datetime.strptime(candidate, pattern).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
    raise Wrong(name, gettext_noop("“{value}” is no date."), text)


def amount_of(row: Mapping[str, str], name: str, settings: Mapping[str, Any]) -> Decimal | None:
    """This will read an amount, or None where the cell says nothing."""
    text = _CURRENCY_SIGNS.sub("", row.get(name, ""))
    if text in NOTHING:
        return None
    decimal = str(settings.get("decimal") or ".")
    plain = text.translate(str.maketrans(".,", ",.")) if decimal == "," else text
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]
    if not _NUMBER.fullmatch(plain):
        raise Wrong(name, gettext_noop("“{value}” is no amount."), text)
    return Decimal(plain.replace(",", ""))


def _line(number: int, row: Mapping[str, str], settings: Mapping[str, Any], currency: str) -> StatementLine:
    booked_on = day_of(row, "booked_on", settings)
    stated = row.get("currency", "")
    if stated and stated.upper() not in (currency, *settings.get("currency_words", ())) and not _is_word(stated):
        raise Wrong("currency", gettext_noop("“{value}” is another currency than the bank account's."), stated)
    return StatementLine(
        row=number,
        booked_on=booked_on,
        value_on=day_of(row, "value_on", settings) if row.get("value_on") else booked_on,
        amount=_signed_amount(row, settings),
        currency=currency,
        party_name=row.get("party_name", "")[: SIGNS["party_name"]],
        party_account=re.sub(r"\s", "", row.get("party_account", ""))[: SIGNS["party_account"]],
        end_to_end=row.get("end_to_end", "")[: SIGNS["end_to_end"]],
        bank_reference=row.get("reference", "")[: SIGNS["reference"]],
        structured=row.get("structured", "")[: SIGNS["structured"]],
        text=row.get("text", ""),
        balance=amount_of(row, "balance", settings),
    )


def _signed_amount(row: Mapping[str, str], settings: Mapping[str, Any]) -> Decimal:
    credit, debit = amount_of(row, "credit", settings), amount_of(row, "debit", settings)
    amount = amount_of(row, "amount", settings)
    if credit or debit:
        amount = (credit or Decimal(0)) - abs(debit or Decimal(0))
    elif amount is not None and row.get("direction"):
        amount = abs(amount) if _is_credit(row["direction"], settings) else -abs(amount)
    if not amount:
        raise Wrong("amount", gettext_noop("the row has no amount (“{value}”)."), row.get("amount", ""))
    return -amount if settings.get("reverse_sign") else amount


def _is_credit(word: str, settings: Mapping[str, Any]) -> bool:
    if word.upper() in (settings.get("credit_words") or CREDIT_WORDS):
        return True
    if word.upper() in (settings.get("debit_words") or DEBIT_WORDS):
        return False
    raise Wrong("direction", gettext_noop("“{value}” tells neither money in nor money out."), word)


def _is_word(text: str) -> bool:
    """A currency in words (人民币) is taken as the account's own; a code is compared."""
    return not re.fullmatch(r"[A-Za-z]{3}", text)


def _runs_backwards(lines: Sequence[StatementLine]) -> bool:
    """Whether the rows of a single day stand newest first: their balances tell."""
    pairs = list(itertools.pairwise(lines))
    if not pairs or any(a.balance is None or b.balance is None for a, b in pairs):
        return False
    forward = all(b.balance == (a.balance or 0) + b.amount for a, b in pairs)
    return not forward and all(a.balance == (b.balance or 0) + a.amount for a, b in pairs)


def _head(table: Iterator[tuple[int, list[str]]], columns: Mapping[str, list[str]]) -> dict[str, list[int]]:
    wanted = [title for titles in columns.values() for title in titles]
    for number, cells in table:
        titles = [_clean(cells, i) for i in range(len(cells))]
        if all(title in titles for title in wanted):
            return {name: [titles.index(title) for title in found] for name, found in columns.items()}
        if number >= LONGEST_HEAD:
            break
    raise FileRefused(reason=gettext_noop("no row names the columns {wanted}."), wanted=", ".join(wanted))


def _clean(cells: Sequence[str], place: int) -> str:
    """Banks wrap numbers in tabs, quotes and ="…" so that a spreadsheet keeps them as text."""
    text = cells[place].strip().strip("\ufeff").strip("\t'` ") if place < len(cells) else ""
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') else text


def _decoded(content: bytes, encoding: str) -> str:
    if b"\x00" in content:
        raise FileRefused(reason=gettext_noop("it is not a text file."))
    for candidate in [encoding] if encoding else ["utf-8-sig", "gb18030"]:
        try:
            return content.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
    raise FileRefused(reason=gettext_noop("its characters are not in {encoding}."), encoding=encoding or "UTF-8, GBK")


def _delimiter(text: str) -> str:
    return max(",;\t", key=text[:HEAD_CHARACTERS].count)
