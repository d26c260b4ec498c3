"""Invoices taken back and billed anew in one go: no moment in which the days are billed twice, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from billing.invoices import issuers, numbers
from billing.invoices.models import Draft, Invoice, InvoiceKind
from billing.invoices.operations import crediting, issuing
from billing.invoices.terms import IssueTerms


@dataclass(frozen=True, slots=True)
class Replaced:
    """The credit note of each invoice, and the new invoice of each draft."""

    credit_notes: Mapping[int, int]
    invoices: Mapping[int, int]


@transaction.atomic
def replace(
    *,
    invoice_ids: Sequence[int],
    draft_ids: Sequence[int],
    terms: IssueTerms,
    credit_reasons: Mapping[int, str],
    draft_reasons: Mapping[int, str],
) -> Replaced:
    """This will credit the invoices whole and issue the drafts, whose days they billed.

    Reasons are printed: of the credit notes by invoice, of the new invoices by draft. All series are locked before the
    head of the ledger is, as everywhere. Raises what ``credit`` and ``issue_drafts`` raise; nothing is changed then.
    """
    _hold_series(invoice_ids, draft_ids, terms)
    notes = {
        invoice_id: crediting.credit(invoice_id=invoice_id, terms=terms, reason=credit_reasons.get(invoice_id, ""))
        for invoice_id in sorted(set(invoice_ids))
    }
    issued = issuing.issue_drafts(draft_ids=draft_ids, terms=terms, reasons=draft_reasons) if draft_ids else {}
    return Replaced(notes, issued)


def _hold_series(invoice_ids: Sequence[int], draft_ids: Sequence[int], terms: IssueTerms) -> None:
    credited = Invoice.objects.filter(pk__in=invoice_ids).select_related("series")
    notes = [issuers.of_series(series=row.series, seller=row.seller, terms=terms) for row in credited]
    accounts = set(Draft.objects.filter(pk__in=draft_ids).values_list("account_id", flat=True))
    arranged = issuers.arranged(account_ids=accounts, terms=terms)
    for kind, found in (
        (InvoiceKind.CREDIT_NOTE, notes),
        (InvoiceKind.INVOICE, [each.issuer for each in arranged.values()]),
    ):
        unique = {(each.legal_entity, each.series): each for each in found}
        for key in sorted(unique):
            numbers.hold(kind=kind, issuer=unique[key], issued_on=terms.issued_on)
