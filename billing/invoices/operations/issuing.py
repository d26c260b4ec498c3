"""Issue: drafts become invoices, numbered, frozen, posted, all in the chunk's one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from billing.invoices import label_titles, lines, taxes, usage
from billing.invoices.models import Draft, Invoice, InvoiceKind
from billing.invoices.operations import freezing
from billing.invoices.operations.freezing import Document
from billing.invoices.terms import IssueTerms
from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import refusals

DRAFT = gettext_noop("draft")


def issue_drafts(*, draft_ids: Sequence[int], terms: IssueTerms) -> dict[int, int]:
    """This will issue the drafts together and return the invoice of each, by draft.

    A draft that was issued before keeps its invoice, so a chunk can be issued twice. Locks drafts, number series
    and the head of the ledger, in this order. Raises NotFound, PeriodAlreadyBilled or LinesDiffer; then
    nothing was issued and no number is lost.
    """
    with transaction.atomic(), refusals.named(freezing.REFUSALS):
        drafts = list(
            Draft.objects.select_for_update(of=("self",))
            .filter(pk__in=draft_ids)
            .select_related("account__customer")
            .order_by("pk")
        )
        _require_all(draft_ids, drafts)
        issued = dict(Invoice.objects.filter(draft__in=draft_ids).values_list("draft_id", "pk"))
        new = [draft for draft in drafts if draft.pk not in issued]
        if new:
            keys = freezing.write(documents=[_document(draft, terms) for draft in new], terms=terms)
            issued |= {draft.pk: key for draft, key in zip(new, keys, strict=True)}
    return issued


def _document(draft: Draft, terms: IssueTerms) -> Document:
    untaxed = lines.lines_of_parts([label_titles.named(part) for part in draft.parts])
    taxable = [
        taxes.Taxable(line.amount, line.payee, line.code, (line.identifier, line.period), line.untaxed)
        for line in untaxed
    ]
    taxed = taxes.tax_amounts(lines=taxable, policy=terms.tax, currency=draft.currency)
    return Document(
        kind=InvoiceKind.INVOICE,
        account_id=draft.account_id,
        currency=draft.currency,
        period=Period(draft.supply_period.lower, draft.supply_period.upper),
        lines=[replace(line, taxed=tax) for line, tax in zip(untaxed, taxed, strict=True)],
        taxes=taxes.summary(taxed, terms.tax),
        buyer=_buyer(draft),
        usage=usage.combined([part.get("usage") or {} for part in draft.parts]),
        bills=[(part["supply_point_id"], lines.period_of(part)) for part in draft.parts if part["supply_point_id"]],
        draft_id=draft.pk,
    )


def _buyer(draft: Draft) -> dict[str, Any]:
    account, customer = draft.account, draft.account.customer
    return {
        "name": customer.name,
        "kind": customer.kind,
        "customer_number": customer.number,
        "account_number": account.number,
        "billing_address": account.billing_address,
        "language": customer.language,
        "supply": [_supply(part) for part in draft.parts],
    }


def _supply(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in ("identifier", "address", "product_titles", "from", "to")}


def _require_all(draft_ids: Sequence[int], drafts: Sequence[Draft]) -> None:
    missing = sorted(set(draft_ids) - {draft.pk for draft in drafts})
    if missing:
        raise NotFound(what=DRAFT, name=missing[0])
