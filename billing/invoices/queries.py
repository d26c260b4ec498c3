"""Reads of drafts, invoices, and what is owed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, DateField, Exists, F, Func, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing.invoices import costs, label_titles, lines
from billing.invoices.lines import Line
from billing.invoices.models import (
    BilledPeriod,
    BillingArrangement,
    Draft,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    IssuedDraft,
    LegalEntity,
)
from billing.ledger import queries as ledger_queries
from kernel.errors import NotFound, gettext_noop
from kernel.money import EXACT, Money
from kernel.periods import Period
from tenants.customers import date_ranges

INVOICE, DRAFT = gettext_noop("invoice"), gettext_noop("draft")
ENTITY = gettext_noop("legal entity")


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """An invoice with its lines in order, what it reverses or was reversed by, and the parts that were credited."""

    invoice: Invoice
    lines: list[InvoiceLine]
    reverses: Invoice | None
    reversed_by: Invoice | None
    parts: list[Invoice]

    @property
    def left(self) -> Decimal:
        """What the invoice amounts to after the parts that were credited."""
        return self.invoice.gross + sum((part.gross for part in self.parts), Decimal(0))


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


def reversed_by(*, invoice_ids: Sequence[int]) -> dict[int, int]:
    """This will return, for the credit notes among the documents, the invoice that each takes back."""
    found = Invoice.objects.filter(pk__in=invoice_ids, reverses__isnull=False)
    return dict(found.values_list("pk", "reverses_id"))


def credited_in_part(*, invoice_ids: Sequence[int]) -> dict[int, Decimal]:
    """This will return how much credit notes on parts took back of each invoice, as a positive amount."""
    notes = Invoice.objects.filter(reverses__in=invoice_ids, partial=True).values_list("reverses_id")
    return {invoice_id: -total for invoice_id, total in notes.annotate(total=Sum("gross"))}


def gross_of_lines(*, invoice_ids: Collection[int], code: str) -> dict[int, Decimal]:
    """This will sum the gross of the lines called ``code``, by invoice; those without such a line are left out."""
    rows = InvoiceLine.objects.filter(invoice_id__in=invoice_ids, code=code).values_list("invoice_id")
    return dict(rows.annotate(gross=Sum("gross")).order_by())


def whole_credits(*, invoice_ids: Collection[int]) -> dict[int, int]:
    """This will return the credit note that takes each of the invoices back whole; those without are left out."""
    notes = Invoice.objects.filter(reverses__in=invoice_ids, partial=False).values_list("reverses_id", "pk")
    return {invoice_id: note for invoice_id, note in notes if invoice_id is not None}


def corrected_since(*, since: dt.date) -> list[int]:
    """This will list the invoices that a credit note of this day or later takes back, whole or in part."""
    notes = Invoice.objects.filter(reverses__isnull=False, issued_on__gte=since)
    return sorted(set(notes.values_list("reverses_id", flat=True)))


def issue_days(*, invoice_ids: Sequence[int]) -> dict[int, dt.date]:
    """This will return the day on which each document was issued."""
    return dict(Invoice.objects.filter(pk__in=invoice_ids).values_list("pk", "issued_on"))


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
        ~Exists(Invoice.objects.filter(reverses=OuterRef("invoice_id"), partial=False)),
        Q(invoice__kind=InvoiceKind.INVOICE) | _is_part_of_what_stands(),
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


def billed_until(*, supply_point_ids: Collection[int]) -> dict[int, dt.date]:
    """This will return the first day after the last one that an invoice in force covers, by supply point."""
    found = BilledPeriod.objects.filter(supply_point_id__in=supply_point_ids).values_list("supply_point_id")
    return dict(found.annotate(last=Max(Func("period", function="upper", output_field=DateField()))).order_by())


def daily_amounts(*, account_ids: Collection[int]) -> dict[int, Decimal]:
    """This will return what a day cost on the last invoice in force of each account, with tax and unrounded."""
    rows = (
        Invoice.objects.filter(~_is_credited(), account__in=account_ids, kind=InvoiceKind.INVOICE)
        .order_by("account_id", "-issued_on", "-id")
        .distinct("account_id")
        .values_list("account_id", "supply_period", "gross")
    )
    return {
        account_id: EXACT.divide(gross, Decimal((supplied.upper - supplied.lower).days))
        for account_id, supplied, gross in rows
    }


def invoice_ids_since(*, day: dt.date) -> list[int]:
    """This will list the keys of invoices and credit notes issued on ``day`` or later, oldest first."""
    return list(Invoice.objects.filter(issued_on__gte=day).order_by("pk").values_list("pk", flat=True))


def entities() -> QuerySet[LegalEntity]:
    """This will list the company's legal entities with their number series."""
    return LegalEntity.objects.prefetch_related("series").order_by("code")


def entity(*, code: str) -> LegalEntity:
    """This will return a legal entity with its series; raises NotFound."""
    found = entities().filter(code=code).first()
    if found is None:
        raise NotFound(what=ENTITY, name=code)
    return found


def arrangement(*, account_id: int) -> BillingArrangement | None:
    """This will return how an account is billed where it is not the usual way."""
    found = BillingArrangement.objects.select_related("entity", "collective")
    return found.filter(account_id=account_id).first()


def members_of_collective(*, account_id: int) -> list[Any]:
    """This will list the accounts that are billed on this one."""
    rows = BillingArrangement.objects.select_related("account").filter(collective_id=account_id)
    return [row.account for row in rows.order_by("account__number")]


def collective_member_ids(*, collective_id: int | None = None) -> QuerySet[Any]:
    """This will return the keys of accounts that are billed on another one, as a part of a query."""
    rows = BillingArrangement.objects.filter(collective__isnull=False)
    rows = rows.filter(collective_id=collective_id) if collective_id is not None else rows
    return rows.values_list("account_id", flat=True)


def collective_groups(*, account_ids: Collection[int]) -> dict[int, int]:
    """This will return the collective account of each account that is billed on one."""
    rows = BillingArrangement.objects.filter(account_id__in=account_ids, collective__isnull=False)
    return {
        account: collective for account, collective in rows.values_list("account_id", "collective_id") if collective
    }


def credited_by_line(*, invoice_id: int) -> dict[int, tuple[Decimal, Decimal]]:
    """This will return what credit notes took back so far by position of line: amount and tax, signed as the line."""
    rows = (
        InvoiceLine.objects.filter(invoice__reverses=invoice_id, credits__isnull=False)
        .values_list("credits")
        .annotate(amount=Sum("amount"), taken=Sum("tax"))
        .order_by()
    )
    return {position: (-amount, -tax) for position, amount, tax in rows if position is not None}


def invoices_of_drafts(*, draft_ids: Sequence[int]) -> dict[int, int]:
    """This will return the invoice of each draft that was issued, alone or in a collective invoice."""
    alone = Invoice.objects.filter(draft__in=draft_ids).values_list("draft_id", "pk")
    together = IssuedDraft.objects.filter(draft__in=draft_ids).values_list("draft_id", "invoice_id")
    return {draft: key for draft, key in (*alone, *together) if draft is not None}


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
    """This will list the credit note that took an invoice back whole, or of an ``OuterRef`` to one in a subquery."""
    return Invoice.objects.filter(reverses_id=invoice_id, partial=False)


def _detail(found: Invoice | None, *, name: object) -> InvoiceDetail:
    if found is None:
        raise NotFound(what=INVOICE, name=name)
    return InvoiceDetail(
        invoice=found,
        lines=list(found.lines.order_by("position")),
        reverses=found.reverses,
        reversed_by=Invoice.objects.filter(reverses=found, partial=False).first(),
        parts=list(Invoice.objects.filter(reverses=found, partial=True).order_by("pk")),
    )


def _is_credited() -> Exists:
    whole = Invoice.objects.filter(reverses=OuterRef("pk"), partial=False)
    return Exists(whole, output_field=BooleanField())


def _is_part_of_what_stands() -> Q:
    """Lines of credit notes that took back a part of an invoice which nobody took back whole."""
    whole = Invoice.objects.filter(reverses=OuterRef("invoice__reverses"), partial=False)
    return Q(~Exists(whole), invoice__partial=True)


def _credited_part() -> Coalesce:
    """What credit notes took back of an invoice so far, negative."""
    parts = Invoice.objects.filter(reverses=OuterRef("pk"), partial=True).values("reverses")
    return Coalesce(Subquery(parts.annotate(taken=Sum("gross")).values("taken")), Value(Decimal(0)))


def _invoices_in_force(account_ids: Sequence[int]) -> dict[int, list[tuple[dt.date, Money]]]:
    found = (
        invoices(account_ids=account_ids, kind=InvoiceKind.INVOICE)
        .exclude(_is_credited())
        .annotate(left=F("gross") + _credited_part())
        .filter(left__gt=Value(0))
        .order_by("account", "-due_on", "-id")
        .values_list("account", "due_on", "left", "currency")
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
