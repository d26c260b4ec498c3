"""CAMT.053, the bank-to-customer statement of ISO 20022, versions 02 to 08.

An entry becomes a line; an entry that names its single transactions (a batch booking) becomes a line for each, when
these sum to the entry. Only booked entries count. The direction (CdtDbtInd) already tells what a reversal does to the
balance; RvslInd and a return reason (RtrInf) mark the line as a return.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from billing.payments.statements.shapes import MOST_ROWS, FileRefused, Statement, StatementLine
from kernel.errors import gettext_noop

FORMAT = "camt.053"
_NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(\d\d)\}Document")
LONGEST_NAME = 200
FIRST_VERSION, LAST_VERSION = 2, 13
_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,5})?")
OPENING, CLOSING = ("OPBD", "PRCD", "ITBD"), ("CLBD", "ITBD")


def read(content: bytes) -> list[Statement]:
    """This will read the statements of a file, in its order. Raises FileRefused."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FileRefused(reason=gettext_noop("it is not well-formed XML.")) from error
    found = _NAMESPACE.fullmatch(root.tag)
    if found is None or not FIRST_VERSION <= int(found[1]) <= LAST_VERSION:
        raise FileRefused(reason=gettext_noop("it is not a CAMT.053 statement (camt.053.001.02 to 08)."))
    statements = [_statement(node, f"{FORMAT}.001.{found[1]}") for node in root.findall("{*}BkToCstmrStmt/{*}Stmt")]
    if not statements:
        raise FileRefused(reason=gettext_noop("it holds no statement."))
    return statements


def _statement(node: Element, version: str) -> Statement:
    account = node.find("{*}Acct")
    if account is None:
        raise FileRefused(reason=gettext_noop("a statement names no account."))
    number = _text(account, "Id/IBAN") or _text(account, "Id/Othr/Id")
    entries = node.findall("{*}Ntry")
    if len(entries) > MOST_ROWS:
        raise FileRefused(reason=gettext_noop("it has more than {most} rows."), most=MOST_ROWS)
    opening, closing = _balance(node, OPENING, first=True), _balance(node, CLOSING, first=False)
    currencies = {_currency(entry) for entry in entries} | {_text(account, "Ccy")} | {_balance_currency(node)}
    currencies.discard("")
    if len(currencies) != 1:
        raise FileRefused(
            reason=gettext_noop("a statement is in one currency, this one names {named}."),
            named=", ".join(sorted(currencies)),
        )
    lines = [line for row, entry in enumerate(entries, start=1) for line in _lines(entry, row)]
    return Statement(
        format=version,
        account_number=re.sub(r"\s", "", number),
        currency=currencies.pop(),
        lines=lines,
        identification=_text(node, "Id")[:64],
        opening=opening,
        closing=closing,
    )


def _lines(entry: Element, row: int) -> Iterator[StatementLine]:
    if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) not in ("BOOK", ""):
        return
    details = entry.findall("{*}NtryDtls/{*}TxDtls")
    whole = _signed(entry, _amount(entry, row), row)
    singles = [_detail_amount(entry, detail, row) for detail in details]
    if len(details) > 1 and None not in singles and sum(one for one in singles if one is not None) == whole:
        for detail, amount in zip(details, singles, strict=True):
            if amount:
                yield _line(entry, detail, amount, row)
    elif whole:
        yield _line(entry, details[0] if len(details) == 1 else None, whole, row)


def _line(entry: Element, detail: Element | None, amount: Decimal, row: int) -> StatementLine:
    node = entry if detail is None else detail
    returned = _text(entry, "RvslInd") in ("true", "1") or node.find("{*}RtrInf") is not None
    booked_on = _day(entry, "BookgDt", row) or _day(entry, "ValDt", row)
    if booked_on is None:
        raise FileRefused(reason=gettext_noop("entry {row} has no booking date."), row=row)
    party = "Dbtr" if (amount > 0) != returned else "Cdtr"
    texts = [part.text or "" for part in node.findall("{*}RmtInf/{*}Ustrd")]
    texts += [_text(node, "RtrInf/AddtlInf"), _text(node, "AddtlTxInf")] if detail is not None else []
    text = " ".join(part.strip() for part in texts if part.strip()) or _text(entry, "AddtlNtryInf")
    end_to_end = _text(node, "Refs/EndToEndId")
    return StatementLine(
        row=row,
        booked_on=booked_on,
        value_on=_day(entry, "ValDt", row) or booked_on,
        amount=amount,
        currency=_currency(entry),
        party_name=_party(node, party)[:LONGEST_NAME],
        party_account=_party_account(node, party),
        end_to_end="" if end_to_end == "NOTPROVIDED" else end_to_end[:64],
        bank_reference=(_text(node, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef"))[:64],
        structured=_text(node, "RmtInf/Strd/CdtrRefInf/Ref")[:64],
        text=text,
        is_return=returned,
    )


def _party(node: Element, role: str) -> str:
    names = [f"RltdPties/{prefix}{role}/{path}" for prefix in ("", "Ultmt") for path in ("Nm", "Pty/Nm")]
    return next((name for name in (_text(node, path) for path in names) if name), "")


def _party_account(node: Element, role: str) -> str:
    path = f"RltdPties/{role}Acct/Id/"
    return re.sub(r"\s", "", _text(node, path + "IBAN") or _text(node, path + "Othr/Id"))[:64]


def _detail_amount(entry: Element, detail: Element, row: int) -> Decimal | None:
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        node = detail.find(_path(path))
        if node is not None:
            if node.get("Ccy") != _currency(entry):
                return None
            direction = detail if detail.find("{*}CdtDbtInd") is not None else entry
            return _signed(direction, _number(node.text, row), row)
    return None


def _balance(node: Element, codes: tuple[str, ...], *, first: bool) -> Decimal | None:
    balances = [(_text(one, "Tp/CdOrPrtry/Cd"), one) for one in node.findall("{*}Bal")]
    for code in codes:
        found = [one for kind, one in balances if kind == code]
        if found:
            chosen = found[0] if first else found[-1]
            return _signed(chosen, _number(_text(chosen, "Amt"), 0), 0)
    return None


def _balance_currency(node: Element) -> str:
    amount = node.find("{*}Bal/{*}Amt")
    return "" if amount is None else amount.get("Ccy", "")


def _amount(entry: Element, row: int) -> Decimal:
    return _number(_text(entry, "Amt"), row)


def _currency(entry: Element) -> str:
    amount = entry.find("{*}Amt")
    return "" if amount is None else amount.get("Ccy", "")


def _signed(node: Element, amount: Decimal, row: int) -> Decimal:
    direction = _text(node, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise FileRefused(reason=gettext_noop("entry {row} tells neither CRDT nor DBIT."), row=row)
    return amount if direction == "CRDT" else -amount


def _number(text: str | None, row: int) -> Decimal:
    try:
        if not _AMOUNT.fullmatch((text or "").strip()):
            raise InvalidOperation
        return Decimal((text or "").strip())
    except InvalidOperation as error:
        raise FileRefused(
            reason=gettext_noop("entry {row}: “{value}” is no amount."), row=row, value=(text or "")[:40]
        ) from error


def _day(entry: Element, name: str, row: int) -> dt.date | None:
    text = _text(entry, f"{name}/Dt") or _text(entry, f"{name}/DtTm").partition("T")[0]
    try:
        return dt.date.fromisoformat(text[:10]) if text else None
    except ValueError as error:
        raise FileRefused(
            reason=gettext_noop("entry {row}: “{value}” is no date."), row=row, value=text[:40]
        ) from error


def _text(node: Element, path: str) -> str:
    return (node.findtext(_path(path)) or "").strip()


def _path(path: str) -> str:
    return "/".join("{*}" + part for part in path.split("/"))
