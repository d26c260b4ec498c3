"""A receipt of cash as a PDF: drawn from what stands in the books, the same bytes each time."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst
from django.utils import translation
from django.utils.translation import gettext

from billing.invoices import documents
from kernel.money import Money
from kernel.texts import pick
from tenancy import context

_LAYOUT = Path(__file__).parent / "typst" / "receipt.typ"
_UNPRINTABLE = re.compile(r"\\u00(?:[01][0-9a-f]|7f)|[\x7f-\x9f\ufffe\uffff]")


def pdf(*, movement: Any, language: str) -> bytes:
    """This will draw the receipt of a payment at a desk, in ``language``."""
    with translation.override(language):
        data = _content(movement, language)
    return typst.compile(
        _LAYOUT.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": _UNPRINTABLE.sub("", json.dumps(data, ensure_ascii=False))},
        timestamp=movement.moved_at.replace(microsecond=0),
    )


def _content(movement: Any, language: str) -> dict[str, Any]:
    retailer, payment = context.current_retailer(), movement.payment
    money = Money.rounded(movement.amount, payment.currency)
    local = movement.moved_at.astimezone(ZoneInfo(retailer.time_zone))
    rows = [
        (gettext("Receipt"), movement.reference),
        (gettext("Received at"), f"{local:%Y-%m-%d %H:%M}"),
        (gettext("Account"), payment.account.number),
        (gettext("Customer"), payment.account.customer.name),
        (gettext("Paid by"), payment.payer.get("name", "")),
        (gettext("Cashier"), movement.session.cashier),
    ]
    return {
        "title": gettext("Receipt"),
        "seller": retailer.legal_name or pick(retailer.names, language),
        "color": retailer.brand.primary_color,
        "lang": "zh" if language.startswith("zh") else "en",
        "rows": [row for row in rows if row[1]],
        "amount": f"{money.currency} {money.amount}",
        "foot": gettext("Received in cash. Keep this receipt."),
    }


@functools.cache
def _fonts() -> typst.Fonts:
    spec = importlib.util.find_spec(documents.FONT_PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
