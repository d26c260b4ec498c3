"""The fields of a fiscal invoice as the tax bureau's bulk file wants them: made from the frozen invoice; pure.

Which columns there are and what they are called stands in the market's folder. Note "discounts": the bureau takes no
line below zero; what was taken off stands as discount at the lines of the same rate, in proportion.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.invoices.models import Invoice, InvoiceLine
from kernel.errors import Conflict, gettext_noop
from kernel.money import EXACT, largest_remainder, minor_places, round_half_up, round_to_minor
from kernel.texts import pick

LANGUAGE = "zh-hans"
BUSINESS = "business"
CUSTOMER = "customer"
LONGEST_NAME = 92
FEN = 2


class NotFiscal(Conflict):
    """An invoice of which no fiscal invoice can be made; ``reason`` says why."""

    code = "invoice_not_fiscal"
    template = gettext_noop("{number}: {reason}")


@dataclass(frozen=True, slots=True)
class FiscalLine:
    """A line of the bulk file: amounts without tax, ``net`` before the discount."""

    item: str
    unit: str
    quantity: Decimal | None
    price: Decimal | None
    net: Decimal
    discount: Decimal
    rate: Decimal
    tax: Decimal


def fields_of(
    *, invoice: Invoice, lines: Sequence[InvoiceLine], rules: Mapping[str, Any], tax_number_required: str
) -> dict[str, Any]:
    """This will return the fields by name, ``lines`` among them, amounts as text; raises NotFiscal.

    What the customer earns and what bears no tax is no supply of the seller and stays out.
    """
    taxed = [line for line in lines if line.tax_rate and line.payee != CUSTOMER and (line.net or line.tax)]
    if not taxed or sum(line.net for line in taxed) <= 0:
        raise NotFiscal(number=invoice.number, reason=gettext_noop("It has no supply that bears tax."))
    buyer = invoice.buyer
    number = str(buyer.get("tax_number") or "")
    if tax_number_required == buyer["kind"] == BUSINESS and not number:
        raise NotFiscal(number=invoice.number, reason=gettext_noop("A company needs its tax number on the invoice."))
    made = fiscal_lines(lines=taxed, rules=rules, currency=invoice.currency)
    net = sum((line.net - line.discount for line in made), Decimal(0))
    tax = sum((line.tax for line in taxed), Decimal(0))
    _check_tax(invoice, made, tax, rules)
    return {
        "serial": invoice.number[-int(rules["serial_digits"]) :],
        "type": rules["invoice_types"]["company" if number else "other"],
        "with_tax": rules["with_tax"],
        "buyer": buyer["name"],
        "buyer_number": number,
        "buyer_address": " ".join(buyer["billing_address"].split()),
        "email": buyer.get("email", ""),
        "seller_bank": invoice.seller.get("bank_name", ""),
        "seller_account": invoice.seller.get("bank_account", ""),
        "remark": _remark(invoice, rules),
        "net": _money(net),
        "tax": _money(tax),
        "gross": _money(net + tax),
        "lines": [_as_fields(line, rules) for line in made],
    }


def red_fields(
    *, note: Invoice, fields: Mapping[str, Any], original_number: str, original_day: dt.date, rules: Mapping[str, Any]
) -> dict[str, Any]:
    """This will return the fields of the red-letter confirmation of a credit note, amounts negative.

    ``fields`` are those of the credit note read as an invoice, with positive amounts.
    """
    amounts = {name: _money(-Decimal(fields[name])) for name in ("net", "tax", "gross")}
    reason = rules["red_reasons"]["part" if note.partial else "whole"]
    original = {"original": original_number, "original_day": original_day.isoformat(), "reason": reason}
    return {**fields, **amounts, **original}


def fiscal_lines(*, lines: Sequence[InvoiceLine], rules: Mapping[str, Any], currency: str) -> list[FiscalLine]:
    """This will return the positive lines, with what was taken off as their discount, rate by rate."""
    made: list[FiscalLine] = []
    for rate in sorted({line.tax_rate for line in lines}, reverse=True):
        mine = [line for line in lines if line.tax_rate == rate]
        positive = [line for line in mine if line.net > 0]
        off = -sum((line.net for line in mine if line.net < 0), Decimal(0))
        shares = largest_remainder(off, [line.net for line in positive], places=minor_places(currency))
        made += [_line(line, share, rules) for line, share in zip(positive, shares, strict=True)]
    return made


def _line(line: InvoiceLine, discount: Decimal, rules: Mapping[str, Any]) -> FiscalLine:
    quantity, price = None, None
    if line.quantity and line.quantity > 0:
        quantity = round_half_up(line.quantity, int(rules["quantity_decimals"]))
        with decimal.localcontext(EXACT):
            price = round_half_up(line.net / line.quantity, int(rules["price_decimals"]))
    units, title = rules["units"], pick(line.titles, LANGUAGE) or line.code
    return FiscalLine(
        item=(rules["item_prefix"] + title)[:LONGEST_NAME],
        unit=units.get(line.unit, units[""]) if quantity is not None else "",
        quantity=quantity,
        price=price,
        net=line.net,
        discount=discount,
        rate=line.tax_rate,
        tax=line.tax,
    )


def _check_tax(invoice: Invoice, made: Sequence[FiscalLine], tax: Decimal, rules: Mapping[str, Any]) -> None:
    """The bureau computes the tax of each line anew; the sum may differ by so much and no more."""
    computed = sum(round_to_minor((line.net - line.discount) * line.rate, invoice.currency) for line in made)
    if abs(computed - tax) > Decimal(rules["tax_tolerance"]):
        raise NotFiscal(
            number=invoice.number, reason=gettext_noop("The tax of its lines is too far from the tax of its total.")
        )


def _as_fields(line: FiscalLine, rules: Mapping[str, Any]) -> dict[str, str]:
    return {
        "item": line.item,
        "goods_code": rules["goods_code"],
        "model": "",
        "unit": line.unit,
        "quantity": "" if line.quantity is None else _text(line.quantity),
        "price": "" if line.price is None else _text(line.price),
        "net": _money(line.net),
        "rate": _text(line.rate),
        "discount": _money(line.discount) if line.discount else "",
        "tax": _money(line.tax),
    }


def _remark(invoice: Invoice, rules: Mapping[str, Any]) -> str:
    points = sorted({part["identifier"] for part in invoice.buyer["supply"] if part["identifier"]})
    text = str(rules["remark"]).format(
        points="、".join(points),
        first=invoice.supply_period.lower,
        last=invoice.supply_period.upper - dt.timedelta(days=1),
        number=invoice.number,
    )
    return text[: int(rules["remark_limit"])]


def _money(value: Decimal) -> str:
    return format(round_half_up(value, FEN), "f")


def _text(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
