"""A billing account: what it owes and why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.invoices import queries as invoice_queries
from billing.ledger import queries as ledger_queries
from billing.ledger.kinds import EntryKind
from identity.capabilities import Capability
from portal.console import csv_files, pages
from portal.shared import tables
from tenants.customers import queries
from tenants.tariffs import queries as tariff_queries

STATEMENT_COLUMNS = [
    tables.Column("day", _("Day"), kind="day", primary=True),
    tables.Column("kind", _("What")),
    tables.Column("reference", _("Document")),
    tables.Column("amount", _("Amount"), kind="money"),
    tables.Column("balance", _("Balance after"), kind="money"),
    tables.Column("entry", _("Entry"), kind="number"),
]
INVOICE_COLUMNS = [
    tables.Column("number", _("Bill"), primary=True),
    tables.Column("period", _("Supply period")),
    tables.Column("issued", _("Issued on"), kind="day"),
    tables.Column("due", _("Due"), kind="day"),
    tables.Column("total", _("Total"), kind="money"),
]


@pages.page(Capability.SEE_CUSTOMERS)
def account(request: HttpRequest, number: str) -> HttpResponse:
    detail = queries.account_detail(number=number)
    found = detail.account
    sees_bills = request.user.can(Capability.SEE_BILLS)  # type: ignore[union-attr]
    statement = ledger_queries.statement(account_id=found.pk, currency=found.currency) if sees_bills else []
    invoices = invoice_queries.invoices(account_ids=[found.pk]) if sees_bills else []
    today = pages.today(request)
    for each in detail.occupancies:
        each.is_open = each.period.upper is None or each.period.upper > today  # type: ignore[attr-defined]
    page = {
        "account": found,
        "occupancies": detail.occupancies,
        "owed": invoice_queries.owed(accounts=[found])[0],
        "today": today,
        "agreements": tariff_queries.agreements_of_account(account_id=found.pk),
        "statement": tables.Table(columns=STATEMENT_COLUMNS, rows=statement[::-1]),
        "invoices": tables.paged(request, invoices, INVOICE_COLUMNS, size=24),
        "kinds": dict(EntryKind.choices),
        "crumbs": [
            (gettext("Customers"), reverse("console:customers")),
            (found.customer.name, reverse("console:customer", args=[found.customer.number])),
            (found.number, ""),
        ],
    }
    return render(request, "console/account.html", page)


@pages.page(Capability.SEE_BILLS)
def statement(request: HttpRequest, number: str) -> HttpResponse:
    found = queries.account(number=number)
    rows = [
        [row.business_date, row.kind, row.reference, row.money.amount, row.money.currency, row.balance.amount]
        for row in ledger_queries.statement(account_id=found.pk, currency=found.currency)
    ]
    heads = ["business_date", "kind", "reference", "amount", "currency", "balance"]
    return csv_files.response(name=f"statement-{found.pk}", heads=heads, rows=rows)
