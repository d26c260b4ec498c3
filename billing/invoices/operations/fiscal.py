"""Fiscal invoices: each invoice is handed to the tax bureau once, and what it answers is kept.

A credit note of an invoice that the bureau issued waits for the confirmation of the red letter; one of an invoice that
was never handed over takes both out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

import markets.packs
from billing.invoices import fiscal_fields, fiscal_files, fiscal_queries, queries
from billing.invoices.fiscal_fields import NotFiscal
from billing.invoices.models import FiscalBatch, FiscalDocument, FiscalState, Invoice, InvoiceKind
from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop
from tenancy import context
from tenants.notices import attachments

State = FiscalState
FOLDER = "invoices/fiscal"
LONGEST_REFUSAL = 400
MOST = 1000
"""So many invoices are one bulk file at most."""


class NoFiscalInvoices(Conflict):
    """The market has no such documents."""

    code = "no_fiscal_invoices"
    template = gettext_noop("This market has no fiscal invoices.")


class NothingToExport(Conflict):
    """No invoice of the period waits to be handed over."""

    code = "nothing_to_export"
    template = gettext_noop("No invoice of these days waits for the tax bureau.")


class NotConfirming(Conflict):
    """A red-letter confirmation for something that awaits none."""

    code = "not_confirming"
    template = gettext_noop("This document does not wait for a red-letter confirmation.")


class ResultRefused(Invalid):
    """A row of the bureau's answer that does not fit what was handed over."""

    code = "fiscal_result_refused"
    template = gettext_noop("Row {row}: {reason}")


@dataclass(frozen=True, slots=True)
class Exported:
    """A batch, and the invoices that could not be part of it, each with the reason."""

    batch: FiscalBatch
    left_out: Sequence[GridhallError]


@dataclass(frozen=True, slots=True)
class Answered:
    """How many documents the bureau issued and refused; ``known`` were answered before."""

    issued: int
    refused: int
    known: int


def export_fiscal(*, first: dt.date, last: dt.date, at: dt.datetime) -> Exported:
    """This will write the bulk file of invoices issued from ``first`` to ``last``, each of them once ever.

    What the bureau refused and confirmed red letters go along. Raises NoFiscalInvoices or NothingToExport.
    """
    rules = rules_here()
    required = _pack().policies["invoice"]["tax_number_required"]
    with transaction.atomic():
        _one_at_a_time()
        again = list(
            fiscal_queries.documents_to_hand_over()
            .select_for_update(of=("self",))
            .select_related("invoice")
            .order_by("pk")[:MOST]
        )
        made, left_out = _new(first, last, rules, required, MOST - len(again))
        documents = again + made
        if not documents:
            raise left_out[0] if left_out else NothingToExport()
        reds = [row.fields for row in documents if row.invoice.kind == InvoiceKind.CREDIT_NOTE]
        blues = [row.fields for row in documents if row.invoice.kind == InvoiceKind.INVOICE]
        content = fiscal_files.write(documents=blues, reds=reds, rules=rules)
        batch = FiscalBatch.objects.create(
            created_at=at,
            file=attachments.store(content=content, folder=FOLDER, ending=".xlsx"),
            documents=len(documents),
            amount=sum((Decimal(row.fields["gross"]) for row in documents), Decimal(0)),
        )
        for row in documents:
            row.state, row.batch, row.refusal = State.EXPORTED, batch, ""
        FiscalDocument.objects.bulk_create([row for row in documents if row.pk is None])
        FiscalDocument.objects.bulk_update([*again], ["state", "batch", "refusal"])
    return Exported(batch, left_out)


def find_red_letters(*, at: dt.datetime) -> int:
    """This will list credit notes whose invoice the bureau issued as awaiting their confirmation; returns how many."""
    rules = rules_here()
    found = fiscal_queries.credit_notes_to_confirm()
    made = []
    for note in found:
        fields = _fields_of_note(note, rules)
        if fields is not None:
            made.append(FiscalDocument(invoice=note, state=State.CONFIRMING, fields=fields))
    return len(FiscalDocument.objects.bulk_create(made, ignore_conflicts=True))


def confirm_red_letter(*, invoice_id: int, confirmation: str, on: dt.date) -> FiscalDocument:
    """This will note the bureau's confirmation of a red letter; it goes into the next file. Raises NotConfirming."""
    if not confirmation.strip():
        raise Invalid(reason=gettext_noop("A value is needed here."), where="confirmation")
    with transaction.atomic():
        row = FiscalDocument.objects.select_for_update().filter(invoice=invoice_id).first()
        if row is None:
            raise NotFound(what=queries.INVOICE, name=invoice_id)
        if row.state != State.CONFIRMING:
            raise NotConfirming()
        row.state, row.confirmation, row.confirmed_on = State.WAITING, confirmation.strip(), on
        row.fields = {**row.fields, "confirmation": row.confirmation}
        row.save(update_fields=["state", "confirmation", "confirmed_on", "fields"])
    return row


def import_fiscal_results(*, content: bytes) -> Answered:
    """This will read the bureau's answer and keep numbers and refusals, all of it or nothing.

    Reading the same answer twice changes nothing. Raises UnreadableResult or ResultRefused with the row.
    """
    results = fiscal_files.read(content=content, rules=rules_here())
    _check_once(results)
    with transaction.atomic():
        rows = {
            row.fields["serial"]: row
            for row in FiscalDocument.objects.select_for_update().filter(
                fields__serial__in=[result.serial for result in results]
            )
        }
        answered = [_answer(result, rows.get(result.serial)) for result in results]
        changed = [row for row in answered if row is not None]
        _check_numbers(changed, results)
        FiscalDocument.objects.bulk_update(changed, ["state", "number", "issued_on", "refusal"])
    issued = sum(row.state == State.ISSUED for row in changed)
    return Answered(issued=issued, refused=len(changed) - issued, known=len(results) - len(changed))


def rules_here() -> Mapping[str, Any]:
    """This will return the rules of fiscal invoices where the company is; raises NoFiscalInvoices."""
    rules = _pack().fiscal_rules
    if rules is None:
        raise NoFiscalInvoices()
    return rules


def _new(
    first: dt.date, last: dt.date, rules: Mapping[str, Any], required: str, most: int
) -> tuple[list[FiscalDocument], list[GridhallError]]:
    made: list[FiscalDocument] = []
    left_out: list[GridhallError] = []
    for invoice in fiscal_queries.invoices_to_export(first=first, last=last)[:most]:
        try:
            fields = fiscal_fields.fields_of(
                invoice=invoice, lines=list(invoice.lines.all()), rules=rules, tax_number_required=required
            )
        except NotFiscal as refusal:
            left_out.append(refusal)
        else:
            made.append(FiscalDocument(invoice=invoice, fields=fields))
    return made, left_out


def _fields_of_note(note: Invoice, rules: Mapping[str, Any]) -> dict[str, Any] | None:
    """The red letter of a credit note: its lines read as if they were billed, then turned."""
    blue = note.reverses.fiscal if note.reverses is not None else None
    if blue is None or blue.issued_on is None:
        return None
    lines = list(note.lines.all())
    for line in lines:
        line.net, line.tax, line.amount = -line.net, -line.tax, -line.amount
        line.quantity = None if line.quantity is None else -line.quantity
    try:
        fields = fiscal_fields.fields_of(invoice=note, lines=lines, rules=rules, tax_number_required="")
    except NotFiscal:
        return None
    return fiscal_fields.red_fields(
        note=note, fields=fields, original_number=blue.number, original_day=blue.issued_on, rules=rules
    )


def _check_once(results: Sequence[fiscal_files.Result]) -> None:
    for name in ("serial", "number"):
        seen: set[str] = set()
        for result in results:
            value = getattr(result, name)
            if value and value in seen:
                raise ResultRefused(row=result.row, reason=gettext_noop("“{value}” stands twice."), value=value)
            seen.add(value)


def _answer(result: fiscal_files.Result, row: FiscalDocument | None) -> FiscalDocument | None:
    """The document as answered; None when it was answered alike before."""
    if row is None:
        raise ResultRefused(
            row=result.row, reason=gettext_noop("“{value}” was never handed over."), value=result.serial
        )
    if row.state == State.ISSUED and row.number == result.number:
        return None
    if row.state == State.REFUSED and not result.number and row.refusal == result.refusal[:LONGEST_REFUSAL]:
        return None
    if row.state != State.EXPORTED:
        raise ResultRefused(
            row=result.row, reason=gettext_noop("“{value}” does not wait for an answer."), value=result.serial
        )
    if result.gross is not None and result.gross != Decimal(row.fields["gross"]):
        raise ResultRefused(
            row=result.row, reason=gettext_noop("The amount is {value}, but {expected} was handed over."),
            value=result.gross, expected=row.fields["gross"],
        )  # fmt: skip
    if result.number:
        row.state, row.number, row.issued_on, row.refusal = State.ISSUED, result.number, result.day, ""
    else:
        row.state, row.refusal = State.REFUSED, result.refusal[:LONGEST_REFUSAL]
    return row


def _check_numbers(changed: Sequence[FiscalDocument], results: Sequence[fiscal_files.Result]) -> None:
    numbers = {row.number: row for row in changed if row.number}
    taken = set(FiscalDocument.objects.filter(number__in=numbers).values_list("number", flat=True))
    for result in results:
        if result.number in taken and result.number in numbers:
            raise ResultRefused(
                row=result.row, reason=gettext_noop("The number {value} belongs to another invoice."),
                value=result.number,
            )  # fmt: skip


def _one_at_a_time() -> None:
    """Let nobody else export meanwhile, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{context.required_schema()}.invoices_fiscal"])


def _pack() -> markets.packs.Pack:
    return markets.packs.pack(context.current_retailer().market)
