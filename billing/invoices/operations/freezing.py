"""Writing invoices: lines first, then the invoices that close them, then the periods they bill, the ledger last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.invoices import numbers, taxes
from billing.invoices.issuers import Issuer
from billing.invoices.lines import Line
from billing.invoices.models import BilledPeriod, Invoice, InvoiceKind, InvoiceLine, IssuedDraft
from billing.invoices.stored_json import as_text
from billing.invoices.taxes import Taxed
from billing.invoices.terms import IssueTerms
from billing.ledger import chart, copying
from billing.ledger import entries as ledger_entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.ledger.entries import LedgerAccountKey, NewEntry, NewPosting
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


_NOTHING = Decimal(0)

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


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document with all that needs no number: its key, its totals, what it posts, its texts as JSON.

    Lines that cancel each other out for everybody leave nothing to post, and the document has no entry.
    """

    key: int
    entry_id: int | None
    document: Document
    totals: tuple[Decimal, Decimal, Decimal]
    postings: Sequence[NewPosting]
    texts: tuple[str, str, str, str]


def write(*, documents: Sequence[Document], terms: IssueTerms) -> list[int]:
    """This will number, write and post the documents (all of one kind), and return their keys in order.

    Runs inside the caller's transaction. Locks the number series, and the head of the ledger last. What needs no
    number is done before: from the series on, documents of one entity are written one transaction at a time.
    """
    ready = _made_ready(documents)
    copying.copy_rows(model=InvoiceLine, fields=_LINE_FIELDS, rows=_line_rows(ready))
    taken = _take_numbers(documents, terms)
    rows = (_invoice_row(each, number, terms) for each, number in zip(ready, taken, strict=True))
    copying.copy_rows(model=Invoice, fields=_INVOICE_FIELDS, rows=rows)
    copying.copy_rows(
        model=BilledPeriod,
        fields=("invoice", "supply_point", "period"),
        rows=((each.key, point, as_range(period)) for each in ready for point, period in each.document.bills),
    )
    copying.copy_rows(
        model=IssuedDraft,
        fields=("draft", "invoice", "account"),
        rows=((draft, each.key, account) for each in ready for draft, account in each.document.drafts),
    )
    day = ledger_queries.booking_day(on=terms.issued_on)
    new_entries = [
        _entry(each, each.entry_id, number, day)
        for each, (_, _, number) in zip(ready, taken, strict=True)
        if each.entry_id is not None
    ]
    ledger_operations.post(entries=new_entries, posted_at=terms.posted_at)
    return [each.key for each in ready]


def _made_ready(documents: Sequence[Document]) -> list[_Ready]:
    keys = copying.reserve_ids(model=Invoice, count=len(documents))
    totals = [taxes.total(document.taxed) for document in documents]
    postings = [_postings(document, total) for document, total in zip(documents, totals, strict=True)]
    has_entry = [
        bool(sides) or document.reversed_entry_id is not None
        for sides, document in zip(postings, documents, strict=True)
    ]
    reserved = iter(ledger_operations.reserve_entry_ids(count=sum(has_entry)))
    entry_ids = [next(reserved) if has else None for has in has_entry]
    sellers = {id(document.issuer): as_text(document.issuer.seller) for document in documents}
    return [
        _Ready(
            *(key, entry_id, document, total, sides),
            (as_text(document.taxes), as_text(document.buyer), sellers[id(document.issuer)], as_text(document.usage)),
        )
        for key, entry_id, document, total, sides in zip(keys, entry_ids, documents, totals, postings, strict=True)
    ]


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


def _invoice_row(each: _Ready, taken: tuple[int, int, str], terms: IssueTerms) -> tuple[object, ...]:
    document = each.document
    due_on = terms.due_on if document.kind == InvoiceKind.INVOICE else terms.issued_on
    return (
        *(each.key, str(document.kind), *taken, document.account_id, document.draft_id, document.reverses_id),
        *(each.entry_id, as_range(document.period), terms.issued_on, due_on, document.currency, *each.totals),
        *(document.inclusive, *each.texts, document.partial, document.final, document.reason),
    )


def _line_rows(ready: Sequence[_Ready]) -> Iterator[tuple[object, ...]]:
    for each in ready:
        ranges: dict[Period, str] = {}
        lines, all_taxed = each.document.lines, each.document.taxed
        for position, (line, taxed) in enumerate(zip(lines, all_taxed, strict=True), start=1):
            period = ranges.get(line.period) or ranges.setdefault(line.period, as_range(line.period))
            yield (
                *(each.key, position, line.code, as_text(line.titles), line.supply_point_id, line.identifier),
                *(period, line.product_version_id, line.quantity, line.unit, line.price, line.payee),
                *(line.ledger, line.amount, taxed.net, taxed.tax, taxed.gross, taxed.rate, as_text(line.cells)),
                line.credits,
            )


def _entry(each: _Ready, entry_id: int, number: str, day: dt.date) -> NewEntry:
    """The entry of a document, on its day of issue or, where that is closed, on the first open one."""
    document = each.document
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
    return NewEntry(day, kind, number, each.postings, entry_id)


def _postings(document: Document, totals: tuple[Decimal, Decimal, Decimal]) -> list[NewPosting]:
    """The customer owes the gross; each payee earns the net of its lines; the tax is owed to the state."""
    _, tax, gross = totals
    earned: dict[str, Decimal] = {}
    for line, taxed in zip(document.lines, document.taxed, strict=True):
        code = line.ledger or chart.account_earned_by(line.payee)
        earned[code] = earned.get(code, _NOTHING) + taxed.net
    sides = [
        (chart.RECEIVABLE, document.account_id, gross),
        *((code, None, -net) for code, net in sorted(earned.items())),
        (chart.TAX_COLLECTED, None, -tax),
    ]
    return [
        NewPosting(LedgerAccountKey(code, account_id), Money(amount, document.currency))
        for code, account_id, amount in sides
        if amount
    ]
