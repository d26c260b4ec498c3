"""Statements come in: whole or not at all, each line once, every line into suspense.

The ledger's bank account moves by statement lines alone, so that it always equals what the bank says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from billing.ledger import chart
from billing.ledger import entries as ledger_entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.payments.models import BankAccount, BankLine, BankStatement
from billing.payments.statements import camt, checks, csv_files
from billing.payments.statements.shapes import MOST_BYTES, FileRefused, Statement, StatementLine
from kernel.errors import gettext_noop
from kernel.money import Money

LONGEST_FILE_NAME = 200
KNOWN, NEW = "known", "new"
OPENING_REFERENCE = "opening"


def import_statement(
    *, content: bytes, file_name: str, imported_by: str, at: dt.datetime, bank_account_id: int | None = None
) -> list[BankStatement]:
    """This will import a CAMT.053 file, or a CSV by the profile of its bank account; return its statements.

    Each movement is booked once (bank against suspense), however often and with whatever overlap it is sent.
    Raises FileRefused and books nothing when a row is wrong, balances do not fit, a statement in between is
    missing, or the account is not known.
    """
    if len(content) > MOST_BYTES:
        raise FileRefused(reason=gettext_noop("it is larger than {most} bytes."), most=MOST_BYTES)
    with transaction.atomic():
        made, entries = [], []
        for statement, bank_account in _statements(content, bank_account_id):
            checks.check(statement)
            stored, new_entries = _store(statement, bank_account, file_name, imported_by, at)
            made.append(stored)
            entries += new_entries
        ledger_operations.post(entries=entries, posted_at=at)
    return made


def _statements(content: bytes, bank_account_id: int | None) -> list[tuple[Statement, BankAccount]]:
    accounts = BankAccount.objects.select_for_update(of=("self",)).select_related("profile").order_by("pk")
    if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        held = {(account.number, account.currency): account for account in accounts}
        return [(one, _account_of(one, held, bank_account_id)) for one in camt.read(content)]
    account = accounts.filter(pk=bank_account_id or 0).first()
    if account is None:
        raise FileRefused(reason=gettext_noop("a CSV file needs the bank account it belongs to."))
    if account.profile is None:
        raise FileRefused(reason=gettext_noop("the bank account has no file profile that tells the columns."))
    return [(csv_files.read(content, settings=account.profile.settings, currency=account.currency), account)]


def _account_of(statement: Statement, held: dict[tuple[str, str], BankAccount], chosen: int | None) -> BankAccount:
    found = held.get((statement.account_number, statement.currency))
    if found is None:
        raise FileRefused(
            reason=gettext_noop("there is no bank account {number} in {currency}."),
            number=statement.account_number,
            currency=statement.currency,
        )
    if chosen is not None and found.pk != chosen:
        raise FileRefused(reason=gettext_noop("it belongs to the bank account {name}."), name=found.name)
    return found


def _store(
    statement: Statement, bank_account: BankAccount, file_name: str, imported_by: str, at: dt.datetime
) -> tuple[BankStatement, list[ledger_entries.NewEntry]]:
    marks = checks.fingerprints(list(statement.lines))
    known = set(
        BankLine.objects.filter(bank_account=bank_account, fingerprint__in=marks).values_list("fingerprint", flat=True)
    )
    new = [(mark, line) for mark, line in zip(marks, statement.lines, strict=True) if mark not in known]
    entries = _opening(statement, bank_account)
    _move_on(statement, bank_account, [line for _, line in new])
    stored = BankStatement.objects.create(
        bank_account=bank_account,
        file_name=file_name[:LONGEST_FILE_NAME],
        format=statement.format,
        identification=statement.identification,
        first_on=statement.first_on,
        last_on=statement.last_on,
        opening=statement.opening,
        closing=statement.closing,
        row_count=len(statement.lines),
        new_count=len(new),
        report=[_reported(line, mark in known) for mark, line in zip(marks, statement.lines, strict=True)],
        imported_by=imported_by,
        imported_at=at,
    )
    entry_ids = ledger_operations.reserve_entry_ids(count=len(new))
    rows = [_line(stored, mark, line, entry) for (mark, line), entry in zip(new, entry_ids, strict=True)]
    BankLine.objects.bulk_create(rows, batch_size=1000)
    first_open = ledger_queries.first_open_day()
    return stored, entries + [_entry(row, first_open) for row in rows]


def _opening(statement: Statement, bank_account: BankAccount) -> list[ledger_entries.NewEntry]:
    """The first statement brings the balance the account had before."""
    first_on = statement.first_on
    opening = statement.opening
    if opening is None and statement.closing is not None:
        opening = statement.closing - statement.total
    if bank_account.read_until is not None or first_on is None or not opening:
        return []
    bank_account.position = opening
    money = Money.rounded(opening, bank_account.currency)
    sides = [ledger_entries.debit(chart.BANK, money), ledger_entries.credit(chart.OPENING, money)]
    day = ledger_queries.booking_day(on=first_on)
    return [ledger_entries.NewEntry(day, ledger_entries.EntryKind.ADJUSTMENT, OPENING_REFERENCE, sides)]


def _move_on(statement: Statement, bank_account: BankAccount, new: Sequence[StatementLine]) -> None:
    """The balance after the new rows is the one the bank states, or a statement is missing in between."""
    last_on = statement.last_on
    if not new or last_on is None:
        return
    position = bank_account.position + sum(line.amount for line in new)
    if bank_account.read_until is not None and last_on < bank_account.read_until:
        raise FileRefused(
            reason=gettext_noop("it brings new rows of days before {until}, up to which statements were read."),
            until=bank_account.read_until.isoformat(),
        )
    if statement.closing is not None and position != statement.closing:
        raise FileRefused(
            reason=gettext_noop(
                "with its new rows the account would stand at {position}, the bank says {closing}; "
                "a statement in between is missing."
            ),
            position=Money.rounded(position, bank_account.currency).amount,
            closing=statement.closing,
        )
    bank_account.position, bank_account.read_until = position, last_on
    bank_account.save(update_fields=["position", "read_until"])


def _line(stored: BankStatement, mark: str, line: StatementLine, entry_id: int) -> BankLine:
    return BankLine(
        bank_account_id=stored.bank_account_id,
        statement=stored,
        row=line.row,
        fingerprint=mark,
        booked_on=line.booked_on,
        value_on=line.value_on,
        amount=line.amount,
        currency=line.currency,
        party_name=line.party_name,
        party_account=line.party_account,
        end_to_end=line.end_to_end,
        bank_reference=line.bank_reference,
        structured=line.structured,
        text=line.text,
        is_return=line.is_return,
        entry_id=entry_id,
    )


def _entry(line: BankLine, first_open: dt.date | None) -> ledger_entries.NewEntry:
    money = Money.rounded(line.amount, line.currency)
    sides = [ledger_entries.debit(chart.BANK, money), ledger_entries.credit(chart.SUSPENSE, money)]
    day = line.booked_on if first_open is None else max(first_open, line.booked_on)
    reference = line.bank_reference or line.end_to_end or f"{line.bank_account_id}/{line.booked_on}"
    return ledger_entries.NewEntry(day, ledger_entries.EntryKind.TRANSFER, reference, sides, line.entry_id)


def _reported(line: StatementLine, known: bool) -> dict[str, Any]:
    return {
        "row": line.row,
        "outcome": KNOWN if known else NEW,
        "booked_on": line.booked_on.isoformat(),
        "amount": str(line.amount),
        "reference": line.end_to_end or line.structured or line.bank_reference,
    }
