"""Writing invoices: lines first, then the invoices that close them, then the periods they bill, the ledger last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing.invoices import numbers, taxes
from billing.invoices.issuers import Issuer
from billing.invoices.lines import Line
from billing.invoices.models import BilledPeriod, Invoice, InvoiceKind, InvoiceLine, IssuedDraft
from billing.invoices.operations.drafting import as_text
from billing.invoices.taxes import Taxed
from billing.invoices.terms import IssueTerms
from billing.ledger import chart, copying
from billing.ledger import entries as ledger_entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.ledger.entries import NewEntry, NewPosting
from kernel.errors import GridhallError, gettext_noop
from kernel.money import Money
from kernel.periods import Period

_INVOICE_FIELDS = (
    *("id", "kind", "series", "sequence", "number", "account", "draft", "reverses", "entry", "supply_period"),
    *(
        "issued_on",
        "due_on",
        "currency",
        "net",
        "tax",
        "gross",
        "prices_include_tax",
        "taxes",
        "buyer",
        "seller",
        "usage",
    ),
    *("partial", "final", "reason"),
)
_LINE_FIELDS = (
    *("invoice", "position", "code", "titles", "supply_point", "identifier", "supply_period", "product_version_id"),
    *("quantity", "unit", "price", "payee", "ledger", "amount", "net", "tax", "gross", "tax_rate", "cells", "credits"),
)


class PeriodAlreadyBilled(GridhallError):
    """Days of a supply point would be billed twice."""

    code = "period_already_billed"
    template = gettext_noop("Part of this period was already billed; credit that invoice first.")


class LinesDiffer(GridhallError):
    """An invoice without lines, or with lines that do not sum to its totals."""

    code = "invoice_lines_differ"
    template = gettext_noop("An invoice needs lines that sum to its totals; nothing was issued.")


class NumberTaken(GridhallError):
    """Two series write the same number."""

    code = "invoice_number_taken"
    template = gettext_noop("Another series has a document of this number already; give each series its own prefix.")


class CreditsTooMuch(GridhallError):
    """More would be taken back than was billed."""

    code = "credits_too_much"
    template = gettext_noop("Credits may not exceed what the invoice or any of its lines still holds.")


REFUSALS: dict[str, GridhallError] = {
    "invoices_number_text_once": NumberTaken(),
    "invoices_credits_within": CreditsTooMuch(),
    "invoices_period_billed_once": PeriodAlreadyBilled(),
    "invoices_lines_sum": LinesDiffer(),
}


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note about to be written, all lines taxed.

    ``drafts`` are those of a collective invoice, each with the account it is of. ``reversed_entry_id`` is the entry
    to mirror where the whole invoice is taken back at once.
    """

    kind: InvoiceKind
    account_id: int
    currency: str
    period: Period
    lines: Sequence[Line]
    taxes: Sequence[Mapping[str, Any]]
    buyer: Mapping[str, Any]
    usage: Mapping[str, Any]
    issuer: Issuer
    inclusive: bool
    bills: Sequence[tuple[int, Period]] = ()
    draft_id: int | None = None
    drafts: Sequence[tuple[int, int]] = ()
    reverses_id: int | None = None
    reversed_entry_id: int | None = None
    partial: bool = False
    final: bool = False
    reason: str = ""

    @property
    def taxed(self) -> list[Taxed]:
        return [line.taxed for line in self.lines if line.taxed is not None]

    @property
    def has_entry(self) -> bool:
        """Lines that cancel each other out for everybody leave nothing to post."""
        return self.reversed_entry_id is not None or bool(_postings(self))


def write(*, documents: Sequence[Document], terms: IssueTerms) -> list[int]:
    """This will number, write and post the documents (all of one kind), and return their keys in order.

    Runs inside the caller's transaction. Locks the number series, and the head of the ledger last. The lines name no
    number and are written before: from the series on, documents of one entity are written one transaction at a time.
    """
    keys = copying.reserve_ids(model=Invoice, count=len(documents))
    reserved = iter(ledger_operations.reserve_entry_ids(count=sum(document.has_entry for document in documents)))
    entry_ids = [next(reserved) if document.has_entry else None for document in documents]
    copying.copy_rows(model=InvoiceLine, fields=_LINE_FIELDS, rows=_line_rows(keys, documents))
    taken = _take_numbers(documents, terms)
    copying.copy_rows(
        model=Invoice,
        fields=_INVOICE_FIELDS,
        rows=(
            _invoice_row(key, number, entry_id, document, terms)
            for key, number, entry_id, document in zip(keys, taken, entry_ids, documents, strict=True)
        ),
    )
    periods = [(key, *bill) for key, document in zip(keys, documents, strict=True) for bill in document.bills]
    copying.copy_rows(
        model=BilledPeriod,
        fields=("invoice", "supply_point", "period"),
        rows=((key, supply_point_id, as_range(period)) for key, supply_point_id, period in periods),
    )
    copying.copy_rows(
        model=IssuedDraft,
        fields=("draft", "invoice", "account"),
        rows=(
            (draft_id, key, account_id)
            for key, document in zip(keys, documents, strict=True)
            for draft_id, account_id in document.drafts
        ),
    )
    day = ledger_queries.booking_day(on=terms.issued_on)
    new_entries = [
        _entry(entry_id, number, document, day)
        for (_, _, number), entry_id, document in zip(taken, entry_ids, documents, strict=True)
        if entry_id is not None
    ]
    ledger_operations.post(entries=new_entries, posted_at=terms.posted_at)
    return keys


def _take_numbers(documents: Sequence[Document], terms: IssueTerms) -> list[tuple[int, int, str]]:
    """Number the documents of each series in their order; series are locked in one order by everybody."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, document in enumerate(documents):
        places.setdefault((document.issuer.legal_entity, document.issuer.series), []).append(place)
    taken: dict[int, tuple[int, int, str]] = {}
    for key in sorted(places):
        mine, issuer = places[key], documents[places[key][0]].issuer
        found = numbers.take(kind=documents[0].kind, count=len(mine), issuer=issuer, issued_on=terms.issued_on)
        taken.update(zip(mine, found, strict=True))
    return [taken[place] for place in range(len(documents))]


def as_range(period: Period) -> str:
    """Return a period as COPY reads a date range."""
    return f"[{period.start},{period.end})"


def _invoice_row(
    key: int, taken: tuple[int, int, str], entry_id: int | None, document: Document, terms: IssueTerms
) -> tuple[object, ...]:
    net, tax, gross = taxes.total(document.taxed)
    due_on = terms.due_on if document.kind == InvoiceKind.INVOICE else terms.issued_on
    return (
        *(key, str(document.kind), *taken, document.account_id, document.draft_id, document.reverses_id, entry_id),
        *(as_range(document.period), terms.issued_on, due_on, document.currency, net, tax, gross),
        *(document.inclusive, as_text(document.taxes), as_text(document.buyer), as_text(document.issuer.seller)),
        *(as_text(document.usage), document.partial, document.final, document.reason),
    )


def _line_rows(keys: Sequence[int], documents: Sequence[Document]) -> Iterator[tuple[object, ...]]:
    for key, document in zip(keys, documents, strict=True):
        for position, (line, taxed) in enumerate(zip(document.lines, document.taxed, strict=True), start=1):
            yield (
                *(key, position, line.code, as_text(line.titles), line.supply_point_id, line.identifier),
                *(as_range(line.period), line.product_version_id, line.quantity, line.unit, line.price, line.payee),
                *(line.ledger, line.amount, taxed.net, taxed.tax, taxed.gross, taxed.rate, as_text(line.cells)),
                line.credits,
            )


def _entry(entry_id: int, number: str, document: Document, day: dt.date) -> NewEntry:
    """The entry of a document, on its day of issue or, where that is closed, on the first open one."""
    if document.reversed_entry_id is not None:
        mirror = ledger_operations.mirrored(
            entry_id=document.reversed_entry_id,
            business_date=day,
            reference=number,
            kind=ledger_entries.EntryKind.CREDIT_NOTE,
        )
        return NewEntry(mirror.business_date, mirror.kind, number, mirror.postings, entry_id, mirror.reverses_id)
    kinds = ledger_entries.EntryKind
    kind = kinds.INVOICE if document.kind == InvoiceKind.INVOICE else kinds.CREDIT_NOTE
    return NewEntry(day, kind, number, _postings(document), entry_id)


def _postings(document: Document) -> list[NewPosting]:
    """The customer owes the gross; each payee earns the net of its lines; the tax is owed to the state."""
    _, tax, gross = taxes.total(document.taxed)
    earned: dict[str, list[Taxed]] = {}
    for line, taxed in zip(document.lines, document.taxed, strict=True):
        earned.setdefault(line.ledger or chart.account_earned_by(line.payee), []).append(taxed)
    credits = {code: taxes.total(rows)[0] for code, rows in earned.items()}
    sides = [
        ledger_entries.debit(chart.RECEIVABLE, Money(gross, document.currency), account_id=document.account_id),
        *(ledger_entries.credit(code, Money(net, document.currency)) for code, net in sorted(credits.items())),
        ledger_entries.credit(chart.TAX_COLLECTED, Money(tax, document.currency)),
    ]
    return [side for side in sides if side.money.amount]
