"""What a document shows, as plain texts: made from the frozen invoice alone, in the language asked for."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.invoices import capital_amounts, collective, explanations
from billing.invoices.models import Invoice, InvoiceKind, InvoiceLine
from billing.invoices.wording import Wording
from kernel.periods import Period
from kernel.texts import pick

_CHINESE = "zh"
_TICKS = 2
_NICE = (10, 12, 16, 20, 30, 40, 60, 80, 100)
_MOST_DAYS = 100
_TAX_INVOICE = "gst"
"""Where goods and services tax is due the document must call itself a tax invoice (GST Act 1999, s 29-70)."""


def content(
    *, invoice: Invoice, lines: Sequence[InvoiceLine], language: str, logo: Mapping[str, Any] | None
) -> dict[str, Any]:
    """This will return everything the layout draws; call it with ``language`` active.

    Every value is a text, a list of texts or a share of the chart's height: nothing is left to compute or to trust.
    """
    words = Wording(language, invoice.currency)
    name = pick(invoice.seller["names"], language)
    heading = _heading(invoice)
    return {
        "lang": language.split("-", maxsplit=1)[0],
        "region": "CN" if _is_chinese(language) else "AU",
        "title": f"{heading} {invoice.number}",
        "heading": heading,
        "number": invoice.number,
        "logo": logo,
        "colors": {"primary": invoice.seller["primary_color"], "accent": invoice.seller["accent_color"]},
        "seller": {"name": name, "footer": _seller_lines(invoice.seller, name, language)},
        "buyer": {"name": invoice.buyer["name"], "address": invoice.buyer["billing_address"].splitlines()},
        "facts": _facts(invoice, words),
        "summary": _summary(invoice, words),
        "chart": _chart(invoice.usage, words),
        "columns": [_("What"), _("Quantity"), _("Price"), _("Amount")],
        "groups": _groups(invoice, lines, words),
        "sites": collective.sites(invoice=invoice, lines=lines, words=words),
        "notes": _notes(invoice, lines, words),
        "totals": _totals(invoice, words),
        "total": {"name": _("Total"), "value": words.money(invoice.gross)},
        "words": {"page": _("Page {page} of {pages}")},
    }


def _heading(invoice: Invoice) -> str:
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        return _("Credit note for a part") if invoice.partial else _("Credit note")
    if invoice.final:
        return _("Final bill")
    if invoice.buyer.get("collective"):
        return _("Collective invoice")
    return _("Tax invoice") if any(row["code"] == _TAX_INVOICE for row in invoice.taxes) else _("Electricity bill")


def _seller_lines(seller: Mapping[str, Any], name: str, language: str) -> list[str]:
    legal = seller["legal_name"]
    tax_number = f"{pick(seller['tax_number_title'], language)} {seller['tax_number']}" if seller["tax_number"] else ""
    address = pick(seller["address"] or "", language)
    lines = [
        _joined(legal if legal != name else name, tax_number),
        address.replace("\n", ", "),
        _joined(seller.get("bank_name", ""), seller.get("bank_account", ""), seller.get("bank_code", "")),
        _joined(seller["support_phone"], seller["support_email"]),
    ]
    return [line for line in lines if line]


def _facts(invoice: Invoice, words: Wording) -> list[dict[str, str]]:
    facts = [
        (_("Account number"), invoice.buyer["account_number"]),
        (_("Supply period"), words.period(_period(invoice.supply_period))),
        (_("Issued on"), words.day(invoice.issued_on)),
    ]
    facts += [
        (name, value)
        for name, value in (
            (_("Tax number of the customer"), invoice.buyer.get("tax_number")),
            (_("Your order"), invoice.buyer.get("order_reference")),
        )
        if value
    ]
    if invoice.reverses is not None:
        facts.append((_("Credits bill"), invoice.reverses.number))
        facts += [(_("Reason"), invoice.reason)] if invoice.reason else []
    elif invoice.gross > 0:
        facts.append((_("Due on"), words.day(invoice.due_on)))
    if invoice.reverses is None and invoice.reason:
        facts.append((_("Why this bill"), invoice.reason))
    return [{"name": name, "value": value} for name, value in facts]


def _summary(invoice: Invoice, words: Wording) -> dict[str, str]:
    lead, tail = _sentence(invoice, words)
    amount = abs(invoice.gross)
    capitals = ""
    if _is_chinese(words.language) and invoice.currency == "CNY":
        capitals = capital_amounts.in_capitals(amount)
    return {"lead": lead, "amount": words.money(amount), "tail": tail, "capitals": capitals}


def _sentence(invoice: Invoice, words: Wording) -> tuple[str, str]:
    if invoice.reverses is not None and invoice.gross < 0:
        return _("We credit you"), _("for bill {number}.").format(number=invoice.reverses.number)
    if invoice.gross < 0:
        return _("We owe you"), _("It is set off against your next bill.")
    if invoice.gross == 0:
        return _("Nothing to pay"), _("This bill is settled.")
    return _("You owe"), _("Please pay by {day}.").format(day=words.long_day(invoice.due_on))


def _chart(usage: Mapping[str, Any], words: Wording) -> dict[str, Any] | None:
    days = usage.get("days") or []
    peak = max((sum(day) for day in days), default=0)
    if not peak or len(days) > _MOST_DAYS:
        return None
    top = _nice_top(peak)
    first = dt.date.fromisoformat(usage["first"])
    return {
        "title": _("Your use by day, {total} kWh in all").format(total=words.kwh(sum(map(sum, days)))),
        "labels": [pick(title, words.language) for title in usage["titles"]],
        "days": [[max(value, 0) / top for value in day] for day in days],
        "ticks": [[n / _TICKS, f"{words.kwh(top * n // _TICKS)} kWh"] for n in range(1, _TICKS + 1)],
        "first": words.day(first),
        "last": words.day(first + dt.timedelta(days=len(days) - 1)),
    }


def _nice_top(peak: int) -> int:
    """The next round number of Wh that is not below ``peak``."""
    scale = 10 ** max(len(str(peak)) - 2, 0)
    return next(step * scale for step in _NICE if step * scale >= peak)


def _groups(invoice: Invoice, lines: Sequence[InvoiceLine], words: Wording) -> list[dict[str, Any]]:
    supply = {(part["identifier"], part["from"]): part for part in invoice.buyer["supply"]}
    groups = itertools.groupby(lines, key=lambda line: (line.identifier, line.supply_period))
    return [
        _group(supply.get((identifier, period.lower.isoformat()), {}), period, list(rows), invoice, words)
        for (identifier, period), rows in groups
    ]


def _group(
    part: Mapping[str, Any], period: Any, lines: Sequence[InvoiceLine], invoice: Invoice, words: Wording
) -> dict[str, Any]:
    title = pick(invoice.seller["identifier_title"], words.language)
    identifier = f"{title} {lines[0].identifier}" if lines[0].identifier else ""
    return {
        "title": pick(part.get("product_titles") or "", words.language) or identifier,
        "subtitle": _joined(
            _account_of(invoice, part),
            identifier,
            part.get("address", ""),
            words.period(_period(period)),
            _estimated(part),
        ),
        "rows": [_row(line, words) for line in lines],
    }


def _account_of(invoice: Invoice, part: Mapping[str, Any]) -> str:
    """The account of a site, where several stand on one document."""
    if not invoice.buyer.get("collective") or not part.get("account"):
        return ""
    return _("Account {number}").format(number=part["account"])


def _estimated(part: Mapping[str, Any]) -> str:
    """Say plainly that a part rests on estimates."""
    days = int(part.get("estimated_days") or 0)
    return ngettext("{days} day estimated", "{days} days estimated", days).format(days=days) if days else ""


def _row(line: InvoiceLine, words: Wording) -> dict[str, Any]:
    cells = explanations.cells_of(line=line, currency=words.currency, language=words.language)
    dated = len({cell.days for cell in cells}) > 1
    return {
        "title": pick(line.titles, words.language),
        "quantity": _quantity(line.quantity, line.unit, words),
        "price": "" if line.price is None else words.price(line.price),
        "amount": words.money(line.amount),
        "cells": [_cell_row(cell, dated, words) for cell in cells] if len(cells) > 1 else [],
    }


def _cell_row(cell: explanations.ExplainedCell, dated: bool, words: Wording) -> dict[str, str]:
    days = words.period(cell.days) if dated and cell.days is not None else ""
    return {
        "title": _joined(days, cell.title),
        "quantity": _quantity(cell.quantity, cell.unit, words),
        "price": words.price(cell.price),
        "amount": words.money(cell.amount),
    }


def _quantity(quantity: Decimal | None, unit: str, words: Wording) -> str:
    if quantity is None or not unit:
        return ""
    if unit == words.currency:
        return words.money(quantity)
    return f"{words.number(quantity, most=3)} {unit}"


def _totals(invoice: Invoice, words: Wording) -> list[dict[str, str]]:
    rows = [(_("Without tax"), words.money(invoice.net))]
    for row in invoice.taxes:
        rate, tax = Decimal(row["rate"]), Decimal(row["tax"])
        if rate or tax:
            title = pick(row["titles"], words.language)
            rows.append((f"{title} {words.percent(rate)}" if rate else title, words.money(tax)))
    return [{"name": name, "value": value} for name, value in rows]


def _notes(invoice: Invoice, lines: Sequence[InvoiceLine], words: Wording) -> list[str]:
    tax = next((pick(row["titles"], words.language) for row in invoice.taxes), "")
    notes = [
        (_("Prices include {tax}.") if invoice.prices_include_tax else _("Prices are without {tax}.")).format(tax=tax)
    ]
    for payee, sentence in (
        ("grid", _("{amount} of this is collected for the grid.")),
        ("state", _("{amount} of this is collected for the state.")),
    ):
        collected = sum((line.amount for line in lines if line.payee == payee and line.net), Decimal(0))
        if collected:
            notes.append(sentence.format(amount=words.money(collected)))
    return notes


def _period(value: Any) -> Period:
    return Period(value.lower, value.upper)


def _joined(*texts: str) -> str:
    return " · ".join(text for text in texts if text)


def _is_chinese(language: str) -> bool:
    return language.split("-", maxsplit=1)[0] == _CHINESE
