"""The first page of a collective invoice: what each site comes to, before the sites' own lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.invoices.models import Invoice, InvoiceLine
from billing.invoices.wording import Wording


def sites(*, invoice: Invoice, lines: Sequence[InvoiceLine], words: Wording) -> dict[str, Any] | None:
    """This will return the table of sites, one row a supply point, with a sum; None where there is one account only."""
    if not invoice.buyer.get("collective"):
        return None
    rows: dict[tuple[str, str], list[Decimal]] = {}
    accounts = {part["identifier"]: part for part in invoice.buyer["supply"]}
    for line in lines:
        part = accounts.get(line.identifier, {})
        sums = rows.setdefault((part.get("account", ""), line.identifier), [Decimal(0)] * 3)
        for place, amount in enumerate((line.net, line.tax, line.gross)):
            sums[place] += amount
    return {
        "title": _("All sites"),
        "columns": [_("Account"), _("Site"), _("Without tax"), _("Tax"), _("Total")],
        "rows": [
            [account, _site(accounts.get(identifier, {}), identifier), *(words.money(amount) for amount in sums)]
            for (account, identifier), sums in rows.items()
        ],
        "total": ["", _("Total"), *(words.money(amount) for amount in (invoice.net, invoice.tax, invoice.gross))],
    }


def _site(part: dict[str, Any], identifier: str) -> str:
    return " · ".join(text for text in (identifier, part.get("address", "")) if text)
