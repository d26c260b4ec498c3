"""Orders to the bank: refunds as a pain.001.001.09 file (ISO 20022) or as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, tostring

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
LONGEST_NAME = 140
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


@dataclass(frozen=True, slots=True)
class Order:
    """One transfer."""

    reference: str
    amount: Decimal
    currency: str
    name: str
    account: str
    bic: str
    text: str


@dataclass(frozen=True, slots=True)
class Debtor:
    """The company's account that pays."""

    name: str
    account: str
    bic: str


def is_iban(number: str) -> bool:
    """Whether a number is an IBAN with the right check digits (ISO 13616, modulo 97)."""
    plain = re.sub(r"\s", "", number).upper()
    if not _IBAN.fullmatch(plain):
        return False
    digits = "".join(str(int(sign, DIGITS_AND_LETTERS)) for sign in plain[4:] + plain[:4])
    return int(digits) % IBAN_MODULUS == 1


IBAN_MODULUS = 97
DIGITS_AND_LETTERS = 36


def pain_001(*, batch: str, orders: Sequence[Order], debtor: Debtor, at: dt.datetime, on: dt.date) -> bytes:
    """This will return the transfers as one payment of a pain.001.001.09 message, to be carried out ``on``."""
    document = Element("Document", xmlns=NAMESPACE)
    initiation = SubElement(document, "CstmrCdtTrfInitn")
    total = str(sum((order.amount for order in orders), Decimal(0)))
    head = SubElement(initiation, "GrpHdr")
    _texts(head, MsgId=batch, CreDtTm=at.strftime("%Y-%m-%dT%H:%M:%SZ"), NbOfTxs=str(len(orders)), CtrlSum=total)
    _texts(SubElement(head, "InitgPty"), Nm=debtor.name[:LONGEST_NAME])
    payment = SubElement(initiation, "PmtInf")
    _texts(payment, PmtInfId=batch, PmtMtd="TRF", NbOfTxs=str(len(orders)), CtrlSum=total)
    _texts(SubElement(payment, "ReqdExctnDt"), Dt=on.isoformat())
    _texts(SubElement(payment, "Dbtr"), Nm=debtor.name[:LONGEST_NAME])
    _account(SubElement(payment, "DbtrAcct"), debtor.account)
    _agent(SubElement(payment, "DbtrAgt"), debtor.bic)
    for order in orders:
        _transfer(SubElement(payment, "CdtTrfTxInf"), order)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(document, encoding="utf-8")


def csv_orders(*, orders: Sequence[Order]) -> bytes:
    """This will return the transfers as CSV in UTF-8 with a mark, as spreadsheets and banks read it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["reference", "name", "account", "bic", "amount", "currency", "text"])
    for order in orders:
        cells = (order.reference, order.name, order.account, order.bic, str(order.amount), order.currency, order.text)
        writer.writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _transfer(node: Element, order: Order) -> None:
    _texts(SubElement(node, "PmtId"), EndToEndId=order.reference)
    amount = SubElement(SubElement(node, "Amt"), "InstdAmt", Ccy=order.currency)
    amount.text = str(order.amount)
    if order.bic:
        _agent(SubElement(node, "CdtrAgt"), order.bic)
    _texts(SubElement(node, "Cdtr"), Nm=order.name[:LONGEST_NAME])
    _account(SubElement(node, "CdtrAcct"), order.account)
    _texts(SubElement(node, "RmtInf"), Ustrd=order.text[:LONGEST_NAME])


def _account(node: Element, number: str) -> None:
    plain = re.sub(r"\s", "", number)
    held = SubElement(node, "Id")
    if is_iban(plain):
        _texts(held, IBAN=plain.upper())
    else:
        _texts(SubElement(held, "Othr"), Id=plain[:34])


def _agent(node: Element, bic: str) -> None:
    institution = SubElement(node, "FinInstnId")
    if bic:
        _texts(institution, BICFI=bic)
    else:
        _texts(SubElement(institution, "Othr"), Id="NOTPROVIDED")


def _texts(node: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(node, name).text = text


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is marked as text."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t") else cell
