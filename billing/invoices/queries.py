"""Reads of drafts, invoices, and what is owed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Sum, Value

from billing.invoices import costs, label_titles, lines
from billing.invoices.lines import Line
from billing.invoices.models import Draft, Invoice, InvoiceKind, InvoiceLine
from billing.ledger import queries as ledger_queries
from kernel.errors import NotFound, gettext_noop
from kernel.money import Money
from kernel.periods import Period
from tenants.customers import date_ranges

INVOICE, DRAFT = gettext_noop("invoice"), gettext_noop("draft")


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """An invoice with its lines in order, and what it reverses or was reversed by."""

    invoice: Invoice
    lines: list[InvoiceLine]
    reverses: Invoice | None
    reversed_by: Invoice | None


@dataclass(frozen=True, slots=True)
class Owed:
    """What an account owes (negative: has in credit), and by when the oldest open part is due."""

    account_id: int
    balance: Money
    due_on: dt.date | None
    open_invoices: int

    def is_overdue(self, on: dt.date) -> bool:
        """Whether something should have been paid before the day ``on``."""
        return self.due_on is not None and self.due_on < on


@dataclass(frozen=True, slots=True)
class Billed:
    """What invoices in force say of one supply period, as tariffs state it: all of it, and what the retailer earns."""

    amount: Decimal
    income: Decimal


def invoices(*, account_ids: Sequence[int] | None = None, kind: str = "", search: str = "") -> QuerySet[Invoice]:
    """This will list invoices and credit notes, newest first, with account, customer and ``is_credited``.

    ``account_ids`` limits them to these accounts; ``search`` meets the start of numbers of invoices and accounts.
    """
    found = (
        Invoice.objects.select_related("account__customer", "reverses")
        .defer("usage")
        .annotate(is_credited=_is_credited())
    )
    if account_ids is not None:
        found = found.filter(account__in=account_ids)
    if kind:
        found = found.filter(kind=kind)
    if search.strip():
        words = search.strip()
        found = found.filter(number__istartswith=words) | found.filter(account__number__istartswith=words)
    return found.order_by("-issued_on", "-id")


def invoices_of_customer(*, customer: Any) -> QuerySet[Invoice]:
    """This will list what a customer was sent, newest first."""
    return invoices().filter(account__customer=customer)


def invoice(*, number: str, customer: Any = None) -> InvoiceDetail:
    """This will return an invoice with its lines; with ``customer`` only that customer's own, else NotFound."""
    mine = invoices() if customer is None else invoices_of_customer(customer=customer)
    return _detail(mine.filter(number=number).first(), name=number)


def invoice_by_id(*, invoice_id: int) -> InvoiceDetail:
    """This will return an invoice with its lines; raises NotFound."""
    return _detail(invoices().filter(pk=invoice_id).first(), name=invoice_id)


def latest_invoice(*, account_ids: Sequence[int]) -> Invoice | None:
    """This will return the newest invoice in force of the accounts, or None."""
    return invoices(account_ids=account_ids, kind=InvoiceKind.INVOICE).exclude(_is_credited()).first()


def interval_costs(*, invoice: Invoice, identifier: str) -> list[costs.IntervalCosts]:
    """This will return what every interval of a supply point cost, part by part; see ``costs.of_invoice``."""
    return costs.of_invoice(invoice=invoice, identifier=identifier)


def owed(*, accounts: Sequence[Any]) -> list[Owed]:
    """This will return what each account owes, payments counted towards the oldest invoice first."""
    balances = ledger_queries.balances(account_ids=[account.pk for account in accounts])
    open_bills = _invoices_in_force([account.pk for account in accounts])
    return [
        _owed(
            account.pk,
            balances.get((account.pk, account.currency), Money.zero(account.currency)),
            open_bills.get(account.pk, ()),
        )
        for account in accounts
    ]


def billed_in(*, account_ids: Sequence[int], period: Period) -> dict[tuple[int, Period], Billed]:
    """This will sum up the invoices in force inside ``period`` by account and supply period, in one query."""
    lines_in_force = InvoiceLine.objects.filter(
        ~Exists(Invoice.objects.filter(reverses=OuterRef("invoice_id"))),
        invoice__kind=InvoiceKind.INVOICE,
        invoice__account__in=account_ids,
        invoice__supply_period__contained_by=date_ranges.of_period(period),
    )
    rows = lines_in_force.values_list("invoice__account_id", "invoice__supply_period").annotate(
        whole=Sum("amount"), income=Sum("amount", filter=Q(payee=lines.RETAILER), default=Decimal(0))
    )
    return {
        (account_id, date_ranges.to_period(supplied)): Billed(whole, income)
        for account_id, supplied, whole, income in rows.order_by()
    }


def drafts(*, draft_ids: Sequence[int]) -> QuerySet[Draft]:
    """This will list drafts with account and customer, by key."""
    return Draft.objects.filter(pk__in=draft_ids).select_related("account__customer").order_by("pk")


def draft(*, draft_id: int) -> Draft:
    """This will return a draft with account and customer; raises NotFound."""
    found = drafts(draft_ids=[draft_id]).first()
    if found is None:
        raise NotFound(what=DRAFT, name=draft_id)
    return found


def lines_of_draft(*, draft: Draft) -> list[Line]:
    """This will return the lines as they will be frozen, not yet taxed; ``explanations.cells_of`` reads them too."""
    return lines.lines_of_parts([label_titles.named(part) for part in draft.parts])


def versions_of_drafts(*, draft_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """This will return the versions that each draft used, to be checked again before issue."""
    return dict(Draft.objects.filter(pk__in=draft_ids).values_list("pk", "versions"))


def credit_notes_of(invoice_id: Any) -> QuerySet[Invoice]:
    """This will list the credit note of an invoice, or of an ``OuterRef`` to one in a subquery."""
    return Invoice.objects.filter(reverses_id=invoice_id)


def _detail(found: Invoice | None, *, name: object) -> InvoiceDetail:
    if found is None:
        raise NotFound(what=INVOICE, name=name)
    return InvoiceDetail(
        invoice=found,
        lines=list(found.lines.order_by("position")),
        reverses=found.reverses,
        reversed_by=Invoice.objects.filter(reverses=found).first(),
    )


def _is_credited() -> Exists:
    return Exists(Invoice.objects.filter(reverses=OuterRef("pk")), output_field=BooleanField())


def _invoices_in_force(account_ids: Sequence[int]) -> dict[int, list[tuple[dt.date, Money]]]:
    found = (
        invoices(account_ids=account_ids, kind=InvoiceKind.INVOICE)
        .exclude(_is_credited())
        .filter(gross__gt=Value(0))
        .order_by("account", "-due_on", "-id")
        .values_list("account", "due_on", "gross", "currency")
    )
    grouped: dict[int, list[tuple[dt.date, Money]]] = {}
    for account, due_on, gross, currency in found:
        grouped.setdefault(account, []).append((due_on, Money.rounded(gross, currency)))
    return grouped


def _owed(account_id: int, balance: Money, newest_first: Sequence[tuple[dt.date, Money]]) -> Owed:
    due_on, open_invoices, left = None, 0, balance
    for due, gross in newest_first:
        if not Money.zero(left.currency) < left:
            break
        due_on, open_invoices, left = due, open_invoices + 1, left - gross
    return Owed(account_id=account_id, balance=balance, due_on=due_on, open_invoices=open_invoices)
