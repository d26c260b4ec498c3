"""Credit: an issued invoice is never changed; credit notes take it back, whole or in part, line by line."""

from __future__ import annotations

import decimal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.invoices import issuers, lines, queries, taxes
from billing.invoices.lines import Line
from billing.invoices.models import BilledPeriod, Invoice, InvoiceKind, InvoiceLine
from billing.invoices.operations import freezing
from billing.invoices.operations.freezing import CreditsTooMuch, Document
from billing.invoices.taxes import Taxed, TaxPolicy
from billing.invoices.terms import IssueTerms
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.money import EXACT, round_half_up, round_to_minor
from kernel.periods import Period
from tenants.customers import refusals

INVOICE = gettext_noop("invoice")
QUANTITY_PLACES = 10
_NONE = (Decimal(0), Decimal(0))


class AlreadyCredited(Conflict):
    """An invoice is taken back at most once."""

    code = "invoice_already_credited"
    template = gettext_noop("Invoice {number} was already credited.")


class NotCreditable(Conflict):
    """Only an invoice can be credited."""

    code = "invoice_not_creditable"
    template = gettext_noop("{number} is a credit note; only an invoice can be credited.")


class NoSuchLine(Invalid):
    """A line that the invoice does not have."""

    code = "invoice_line_unknown"
    template = gettext_noop("Invoice {number} has no line {position}.")


class CreditAmount(Invalid):
    """An amount that cannot be credited on a line."""

    code = "credit_amount_invalid"
    template = gettext_noop("Line {position} holds {left} still; {amount} cannot be credited there.")


class NothingToCredit(Invalid):
    """A credit note over nothing."""

    code = "credit_empty"
    template = gettext_noop("Choose at least one line and an amount to credit.")


def credit(*, invoice_id: int, terms: IssueTerms, reason: str = "") -> int:
    """This will take back all that an invoice still holds and return the key of the credit note.

    Lines, taxes, seller and the meaning of prices are the original's. Its days can then be billed anew.
    Raises NotFound, NotCreditable or AlreadyCredited; then nothing was changed and no number is lost.
    """
    with transaction.atomic(), refusals.named({**freezing.REFUSALS, **_refused(invoice_id)}):
        invoice = _creditable(invoice_id)
        taken = queries.credited_by_line(invoice_id=invoice_id)
        return _write_whole(invoice, taken, terms, reason)


def credit_part(*, invoice_id: int, amounts: Mapping[int, Decimal], terms: IssueTerms, reason: str) -> int:
    """This will take back parts of lines and return the key of the credit note.

    ``amounts`` gives, by position of the line, how much of the line's amount is credited: with the sign of the line, in
    minor units, as prices are stated (with tax where they include it). The tax follows from the line's own. What takes
    back all that is left is a whole credit, and gives the days back. Raises NotFound, NotCreditable, AlreadyCredited,
    NoSuchLine, CreditAmount, NothingToCredit or CreditsTooMuch; then nothing was changed and no number is lost.
    """
    with transaction.atomic(), refusals.named({**freezing.REFUSALS, **_refused(invoice_id)}):
        invoice = _creditable(invoice_id)
        taken = queries.credited_by_line(invoice_id=invoice_id)
        rows = {row.position: row for row in invoice.lines.order_by("position")}
        chosen = {position: amount for position, amount in sorted(amounts.items()) if amount}
        _check(invoice, rows, chosen, taken)
        if all(row.amount == taken.get(p, _NONE)[0] + chosen.get(p, 0) for p, row in rows.items()):
            return _write_whole(invoice, taken, terms, reason)
        parts = [_part(rows[position], amount, taken, invoice.currency) for position, amount in chosen.items()]
        document = _document(invoice, parts, terms, reason, partial=True)
        _check_total(invoice, document)
        return freezing.write(documents=[document], terms=terms)[0]


def _creditable(invoice_id: int) -> Invoice:
    invoice = Invoice.objects.select_related("series").filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound(what=INVOICE, name=invoice_id)
    if invoice.kind != InvoiceKind.INVOICE:
        raise NotCreditable(number=invoice.number)
    if Invoice.objects.filter(reverses=invoice, partial=False).exists():
        raise AlreadyCredited(number=invoice.number)
    return invoice


def _refused(invoice_id: int) -> dict[str, Conflict]:
    number = Invoice.objects.filter(pk=invoice_id).values_list("number", flat=True).first()
    refusal = AlreadyCredited(number=number)
    return {"invoices_reversed_once": refusal, "ledger_entry_reversed_once": refusal}


def _check(
    invoice: Invoice,
    rows: Mapping[int, InvoiceLine],
    chosen: Mapping[int, Decimal],
    taken: Mapping[int, tuple[Decimal, Decimal]],
) -> None:
    if not chosen:
        raise NothingToCredit()
    for position, amount in chosen.items():
        if position not in rows:
            raise NoSuchLine(number=invoice.number, position=position, where=f"lines/{position}")
        left = rows[position].amount - taken.get(position, _NONE)[0]
        between = 0 < amount <= left or left <= amount < 0
        if not between or amount != round_to_minor(amount, invoice.currency):
            said = {"left": f"{left:f} {invoice.currency}", "amount": f"{amount:f} {invoice.currency}"}
            raise CreditAmount(position=position, where=f"lines/{position}", **said)


def _check_total(invoice: Invoice, document: Document) -> None:
    """Say it before the database does: the parts together may not turn the bill's sign."""
    before = sum(Invoice.objects.filter(reverses=invoice).values_list("gross", flat=True), Decimal(0))
    left = invoice.gross + before + taxes.total(document.taxed)[2]
    if left * invoice.gross < 0 or abs(left) > abs(invoice.gross):
        raise CreditsTooMuch()


def _write_whole(invoice: Invoice, taken: Mapping[int, tuple[Decimal, Decimal]], terms: IssueTerms, reason: str) -> int:
    rows = list(invoice.lines.order_by("position"))
    left = [_rest(row, taken.get(row.position, _NONE)) for row in rows]
    parts = [line for line, row in zip(left, rows, strict=True) if line.amount or not row.amount or not taken]
    document = _document(invoice, parts or left, terms, reason, partial=False)
    if not taken:
        document = replace(document, taxes=[_mirrored_tax(row) for row in invoice.taxes])
        document = replace(document, reversed_entry_id=invoice.entry_id)
    [key] = freezing.write(documents=[document], terms=terms)
    BilledPeriod.objects.filter(invoice=invoice).delete()
    return key


def _document(invoice: Invoice, credited: Sequence[Line], terms: IssueTerms, reason: str, *, partial: bool) -> Document:
    mirrored = [lines.mirrored(line) for line in credited]
    return Document(
        kind=InvoiceKind.CREDIT_NOTE,
        account_id=invoice.account_id,
        currency=invoice.currency,
        period=Period(invoice.supply_period.lower, invoice.supply_period.upper),
        lines=mirrored,
        taxes=_summary(invoice, [line.taxed for line in mirrored if line.taxed is not None]),
        buyer=invoice.buyer,
        usage={},
        issuer=issuers.of_series(series=invoice.series, seller=invoice.seller, terms=terms),
        inclusive=invoice.prices_include_tax,
        reverses_id=invoice.pk,
        partial=partial,
        reason=reason,
    )


def _summary(invoice: Invoice, taxed: Sequence[Taxed]) -> list[dict[str, object]]:
    """The tax rows of a credit note, named as the invoice names them."""
    first: dict[str, Any] = invoice.taxes[0] if invoice.taxes else {"code": "", "titles": {}}
    policy = TaxPolicy(first["code"], first["titles"], Decimal(0), invoice.prices_include_tax)
    return taxes.summary(taxed, policy)


def _part(row: InvoiceLine, amount: Decimal, taken: Mapping[int, tuple[Decimal, Decimal]], currency: str) -> Line:
    """A share of a line: its tax is rounded on the running sum of what is credited, so that the last share fits."""
    before, tax_before = taken.get(row.position, _NONE)
    with decimal.localcontext(EXACT):
        share = (before + amount) / row.amount
        tax = round_to_minor(row.tax * share, currency) - tax_before
        quantity = None if row.quantity is None else round_half_up(row.quantity * amount / row.amount, QUANTITY_PLACES)
    whole = row.amount == amount and not before
    net = amount - tax if row.amount == row.gross else amount
    line = _line(row)
    return line._replace(
        quantity=line.quantity if whole else quantity,
        amount=amount,
        cells=line.cells if whole else [],
        taxed=Taxed(net=net, tax=tax, rate=row.tax_rate),
    )


def _rest(row: InvoiceLine, taken: tuple[Decimal, Decimal]) -> Line:
    """What is left of a line after earlier credits."""
    amount, tax = row.amount - taken[0], row.tax - taken[1]
    line = _line(row)
    if taken == _NONE:
        return line
    share = amount / row.amount if row.amount else Decimal(0)
    return line._replace(
        quantity=None if line.quantity is None else round_half_up(line.quantity * share, QUANTITY_PLACES),
        amount=amount,
        cells=[],
        taxed=Taxed(net=amount - tax if row.amount == row.gross else amount, tax=tax, rate=row.tax_rate),
    )


def _line(row: InvoiceLine) -> Line:
    return Line(
        code=row.code,
        titles=row.titles,
        supply_point_id=row.supply_point_id,
        identifier=row.identifier,
        period=Period(row.supply_period.lower, row.supply_period.upper),
        product_version_id=row.product_version_id,
        quantity=row.quantity,
        unit=row.unit,
        price=row.price,
        payee=row.payee,
        ledger=row.ledger,
        amount=row.amount,
        cells=row.cells,
        taxed=Taxed(net=row.net, tax=row.tax, rate=row.tax_rate),
        credits=row.position,
    )


def _mirrored_tax(row: dict[str, str]) -> dict[str, str]:
    return {**row, **{name: lines.negated(row[name]) for name in ("net", "tax", "gross")}}
