"""What is supplied and not yet billed: the sum in the books, and each account with what it is made of."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.accruals import queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.console import csv_files, pages
from portal.shared import tables

COLUMNS = [
    tables.Column("account", _("Account"), sort="account__number", primary=True),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("since", _("Since"), kind="day", sort="since"),
    tables.Column("readings", _("Readings until"), kind="day", sort="rated_until"),
    tables.Column("energy", _("Energy"), kind="energy", sort="energy_wh"),
    tables.Column("rated", _("Rated"), kind="money", sort="rated"),
    tables.Column("gross", _("With estimate"), kind="money", sort="gross"),
    tables.Column("note", _("Note")),
]
HEADS = [
    "account", "customer", "state", "since", "rated_until", "until", "currency", "energy_wh", "rated", "net", "gross",
    "income",
]  # fmt: skip


@pages.page(Capability.SEE_LEDGER)
def unbilled(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.unbilled(), COLUMNS, default="-gross")
    for row in table.rows:
        row.sentence = queries.refusal_sentence(row=row)
    return render(request, "console/unbilled.html", {"table": table, "totals": queries.totals()})


@pages.page(Capability.SEE_LEDGER)
def export(request: HttpRequest) -> HttpResponse:
    rows = (
        [
            row.account.number, row.account.customer.name, row.state, row.since, row.rated_until, row.until,
            row.currency, row.energy_wh, *_money(row),
        ]
        for row in queries.unbilled().iterator(chunk_size=2000)
    )  # fmt: skip
    return csv_files.response(name="unbilled", heads=HEADS, rows=rows)


def _money(row: Any) -> list[Money]:
    return [Money.rounded(each, row.currency) for each in (row.rated, row.net, row.gross, row.income)]
