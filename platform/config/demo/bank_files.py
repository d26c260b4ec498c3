"""Statements as banks send them: a CSV in GBK for China, CAMT.053 elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

from config.demo.plans import BankPlan

GBK, CAMT = "gbk", "camt"
OPENING = Decimal("250000.00")
GBK_PROFILE = {
    "encoding": "gb18030",
    "delimiter": ",",
    "columns": {
        "booked_on": "交易日期",
        "credit": "贷方发生额",
        "debit": "借方发生额",
        "balance": "账户余额",
        "party_name": "对方户名",
        "party_account": "对方账号",
        "text": "摘要",
        "reference": "交易流水号",
    },
}
_HEAD = "交易日期,借方发生额,贷方发生额,账户余额,对方户名,对方账号,摘要,交易流水号"
_SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@dataclass(frozen=True, slots=True)
class Line:
    """A movement: money that came in is positive."""

    on: dt.date
    amount: Decimal
    reference: str
    text: str
    name: str = ""
    account: str = ""


def written(*, plan: BankPlan, currency: str, opening: Decimal, lines: Sequence[Line]) -> tuple[str, bytes]:
    """Return name and content of a statement of ``lines``, which stand in the order of their days."""
    last = lines[-1].on
    if plan.written == GBK:
        return f"对账单-{last:%Y%m%d}.csv", _gbk(plan, opening, lines)
    return f"camt053-{last:%Y%m%d}.xml", _camt(plan, currency, opening, lines)


def _gbk(plan: BankPlan, opening: Decimal, lines: Sequence[Line]) -> bytes:
    rows, balance = [f"账户明细,{plan.name},{plan.number}", _HEAD], opening
    for line in lines:
        balance += line.amount
        out, came = (f"{-line.amount:.2f}", "") if line.amount < 0 else ("", f"{line.amount:.2f}")
        cells = (f"{line.on:%Y%m%d}", out, came, f"{balance:.2f}", line.name, line.account, line.text, line.reference)
        rows.append(",".join(cells))
    return "\r\n".join([*rows, ""]).encode("gbk")


def _camt(plan: BankPlan, currency: str, opening: Decimal, lines: Sequence[Line]) -> bytes:
    closing = opening + sum(line.amount for line in lines)
    body = "".join(_entry(line, currency) for line in lines)
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><Document xmlns='{_SPACE}'><BkToCstmrStmt>"
        f"<GrpHdr><MsgId>{plan.bic}-{lines[-1].on:%Y%m%d}</MsgId></GrpHdr><Stmt><Id>{lines[-1].on:%Y-%m-%d}</Id>"
        f"<Acct><Id><Othr><Id>{plan.number}</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>"
        f"{_balance('OPBD', opening, currency, lines[0].on)}{_balance('CLBD', closing, currency, lines[-1].on)}"
        f"{body}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _balance(code: str, amount: Decimal, currency: str, on: dt.date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{abs(amount):.2f}</Amt>"
        f"<CdtDbtInd>{'CRDT' if amount >= 0 else 'DBIT'}</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>"
    )


def _entry(line: Line, currency: str) -> str:
    came = line.amount > 0
    role = "Dbtr" if came else "Cdtr"
    who = f"<{role}><Pty><Nm>{escape(line.name)}</Nm></Pty></{role}>" if line.name else ""
    if line.account:
        who += f"<{role}Acct><Id><Othr><Id>{escape(line.account)}</Id></Othr></Id></{role}Acct>"
    parties = f"<RltdPties>{who}</RltdPties>" if who else ""
    return (
        f"<Ntry><Amt Ccy='{currency}'>{abs(line.amount):.2f}</Amt><CdtDbtInd>{'CRDT' if came else 'DBIT'}</CdtDbtInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{line.on}</Dt></BookgDt><ValDt><Dt>{line.on}</Dt></ValDt>"
        f"<AcctSvcrRef>{line.reference}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{parties}"
        f"<RmtInf><Ustrd>{escape(line.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
