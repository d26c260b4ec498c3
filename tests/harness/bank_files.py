"""Statements of banks as text."""

from __future__ import annotations

from decimal import Decimal

IBAN = "DE89370400440532013000"


def camt(
    entries: list[str], *, opening: str, closing: str, version: str = "08", number: str = IBAN, name: str = "S1"
) -> bytes:
    def balance(code: str, amount: str) -> str:
        value = Decimal(amount)
        side = "CRDT" if value >= 0 else "DBIT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='CNY'>{abs(value)}</Amt>"
            f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-05-04</Dt></Dt></Bal>"
        )

    body = "".join(entries)
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}'>"
        f"<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>{name}</Id><Acct><Id><IBAN>{number}</IBAN></Id>"
        f"<Ccy>CNY</Ccy></Acct>{balance('OPBD', opening)}{balance('CLBD', closing)}{body}"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def entry(
    amount: str, *, day: str = "2026-05-04", side: str = "CRDT", text: str = "", reference: str = "", name: str = "",
    account: str = "", end_to_end: str = "", status: str = "<Sts><Cd>BOOK</Cd></Sts>", reversal: bool = False,
    details: str | None = None,
) -> str:  # fmt: skip
    role = "Dbtr" if side == "CRDT" else "Cdtr"
    if details is None:
        details = (
            f"<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end or 'NOTPROVIDED'}</EndToEndId></Refs>"
            f"<RltdPties><{role}><Pty><Nm>{name}</Nm></Pty></{role}><{role}Acct><Id><IBAN>{account}</IBAN></Id>"
            f"</{role}Acct></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls>"
        )
    mark = "<RvslInd>true</RvslInd>" if reversal else ""
    return (
        f"<Ntry><Amt Ccy='CNY'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{mark}{status}"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef>{details}</Ntry>"
    )
