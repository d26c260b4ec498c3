"""Checks every statement must pass, and the fingerprints by which a line is known again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter

from billing.payments.statements.shapes import FileRefused, RowFault, Statement, StatementLine
from kernel.errors import gettext_noop
from kernel.money import round_to_minor

FIRST_DAY, END_OF_DAYS = dt.date(1990, 1, 1), dt.date(2200, 1, 1)
"""Days outside are misread or made up."""


def check(statement: Statement) -> None:
    """This will refuse a statement whose amounts do not fit: opening balance + lines = closing balance."""
    faults = [*_day_faults(statement), *_amount_faults(statement), *_balance_faults(statement)]
    if faults:
        raise FileRefused(reason=gettext_noop("some rows are wrong."), faults=faults)
    if statement.opening is None or statement.closing is None:
        return
    if statement.opening + statement.total != statement.closing:
        raise FileRefused(
            reason=gettext_noop(
                "its opening balance {opening} and its rows {total} do not make its closing balance {closing}."
            ),
            opening=statement.opening,
            total=statement.total,
            closing=statement.closing,
        )


def fingerprints(lines: list[StatementLine]) -> list[str]:
    """This will return a mark for each line by which another file's same line is known.

    It is made of what the bank says of the line; of lines that say the same, the n-th is the n-th, so that two
    equal payments of a day stay two however often and with whatever overlap they are sent.
    """
    seen: Counter[str] = Counter()
    marks = []
    for line in lines:
        said = [line.booked_on.isoformat(), format(line.amount.normalize(), "f"), line.currency, line.end_to_end]
        said += [line.bank_reference] if line.bank_reference else [line.party_account, line.structured, line.text]
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        seen[digest] += 1
        marks.append(f"{digest}:{seen[digest]}")
    return marks


def _day_faults(statement: Statement) -> list[RowFault]:
    return [
        RowFault(line.row, "booked_on", gettext_noop("“{value}” is no day of a statement."), {"value": str(day)})
        for line in statement.lines
        for day in (line.booked_on, line.value_on)
        if not FIRST_DAY <= day < END_OF_DAYS
    ]


def _amount_faults(statement: Statement) -> list[RowFault]:
    return [
        RowFault(
            line.row,
            "amount",
            gettext_noop("“{value}” has more decimals than the currency."),
            {"value": str(line.amount)},
        )
        for line in statement.lines
        if line.amount != round_to_minor(line.amount, line.currency)
    ]


def _balance_faults(statement: Statement) -> list[RowFault]:
    """Where the file states a balance after each row, each must follow from the one before."""
    faults, balance = [], statement.opening
    for line in statement.lines:
        expected = None if balance is None else balance + line.amount
        if line.balance is not None and expected is not None and line.balance != expected:
            params = {"stated": str(line.balance), "expected": str(expected)}
            reason = gettext_noop("the balance is {stated}, but the rows before make {expected}.")
            faults.append(RowFault(line.row, "balance", reason, params))
        balance = line.balance if line.balance is not None else expected
    return faults
