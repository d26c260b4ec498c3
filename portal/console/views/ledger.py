"""The books: what stands on which account, every entry, and the proof that nothing was changed."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.ledger import queries
from billing.ledger.kinds import LedgerAccountKind
from identity.capabilities import Capability
from kernel.money import Money
from portal.console import csv_files, pages
from portal.console.forms import closings as closing_forms
from portal.console.forms import runs as forms
from portal.shared import tables

COLUMNS = [
    tables.Column("title", _("Account"), primary=True),
    tables.Column("code", _("Code")),
    tables.Column("kind", _("Kind")),
    tables.Column("debit", _("Debit"), kind="money"),
    tables.Column("credit", _("Credit"), kind="money"),
    tables.Column("balance", _("Balance"), kind="money"),
]
ENTRY_COLUMNS = [
    tables.Column("id", _("Entry"), kind="number", primary=True),
    tables.Column("day", _("Business date"), kind="day"),
    tables.Column("kind", _("What")),
    tables.Column("reference", _("Document")),
    tables.Column("amount", _("Amount"), kind="money"),
    tables.Column("posted", _("Posted at"), kind="day"),
]
POSTING_COLUMNS = [
    tables.Column("account", _("Account"), primary=True),
    tables.Column("code", _("Code")),
    tables.Column("debit", _("Debit"), kind="money"),
    tables.Column("credit", _("Credit"), kind="money"),
]


@pages.page(Capability.SEE_LEDGER)
def trial_balance(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.LedgerFilter)
    rows = queries.trial_balance(on=wanted["on"] or None)
    page = {
        "form": form,
        "table": tables.Table(columns=COLUMNS, rows=rows),
        "kinds": dict(LedgerAccountKind.choices),
        "sums": _sums(rows),
        "head": queries.head(),
        "on": wanted["on"],
    }
    return render(request, "console/ledger.html", page)


@pages.page(Capability.SEE_LEDGER)
def export(request: HttpRequest) -> HttpResponse:
    _form, wanted = pages.filters(request, forms.LedgerFilter)
    rows = [
        [
            row.code,
            row.kind,
            row.currency,
            *(Money.rounded(m, row.currency) for m in (row.debit, row.credit, row.balance)),
        ]
        for row in queries.trial_balance(on=wanted["on"] or None)
    ]
    heads = ["code", "kind", "currency", "debit", "credit", "balance"]
    return csv_files.response(name="trial-balance", heads=heads, rows=rows)


@pages.page(Capability.SEE_LEDGER)
def entries(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.EntryFilter)
    found = queries.entries()
    if wanted["q"].strip():
        found = found.filter(reference__istartswith=wanted["q"].strip())
    table = tables.paged(request, found, ENTRY_COLUMNS)
    for entry in table.rows:
        entry.sums = _debits(entry)
    return render(request, "console/entries.html", {"form": form, "table": table})


@pages.page(Capability.SEE_LEDGER)
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    found = queries.entries().select_related("seal", "reverses").filter(pk=entry_id).first()
    if found is None:
        raise Http404
    postings: list[Any] = list(found.postings.select_related("ledger_account__account").order_by("-amount", "id"))
    for posting in postings:
        posting.credit = -posting.amount
    page = {
        "entry": found,
        "table": tables.Table(columns=POSTING_COLUMNS, rows=postings),
        "titles": {row.code: row.titles for row in queries.trial_balance()},
        "crumbs": [(gettext("Entries"), reverse("console:entries")), (str(found.pk), "")],
    }
    return render(request, "console/entry.html", page)


@pages.form_page(Capability.SEE_LEDGER)
def verify(request: HttpRequest) -> HttpResponse:
    """Compute every seal again; a page of its own, since the whole ledger is read."""
    form = closing_forms.CheckForm(request.POST or request.GET or None, request.FILES or None)
    kept = form.cleaned_data if form.is_bound and form.is_valid() else {"noted": None, "exported": []}
    page = {
        "form": form,
        "report": queries.verify_chain(noted=kept["noted"], exported=kept["exported"]),
        "crumbs": [(gettext("Trial balance"), reverse("console:ledger")), (gettext("Seals"), "")],
    }
    return render(request, "console/seals.html", page, status=422 if form.errors else 200)


def _sums(rows: list[queries.TrialRow]) -> list[tuple[str, Decimal, Decimal]]:
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in rows:
        sums[row.currency][0] += row.debit
        sums[row.currency][1] += row.credit
    return [(currency, debit, credit) for currency, (debit, credit) in sorted(sums.items())]


def _debits(entry: Any) -> list[tuple[Decimal, str]]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for posting in entry.postings.all():
        if posting.amount > 0:
            sums[posting.currency] += posting.amount
    return [(amount, currency) for currency, amount in sorted(sums.items())]
