"""Issue: drafts become invoices, numbered, frozen, posted, all in the chunk's one transaction.

Note "collective": the drafts of accounts that a collective account pays for are issued on one document, site by site,
when they come in one call and share supply period and currency.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from billing.invoices import issuers, label_titles, lines, taxes, usage
from billing.invoices.issuers import Arranged
from billing.invoices.models import Draft, InvoiceKind
from billing.invoices.operations import freezing
from billing.invoices.operations.freezing import Document
from billing.invoices.queries import invoices_of_drafts
from billing.invoices.terms import IssueTerms
from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import queries as customer_queries
from tenants.customers import refusals

DRAFT = gettext_noop("draft")


def issue_drafts(
    *, draft_ids: Sequence[int], terms: IssueTerms, reasons: Mapping[int, str] | None = None
) -> dict[int, int]:
    """This will issue the drafts together and return the invoice of each, by draft.

    ``reasons`` are printed on the invoices, by draft: why a bill takes the place of another.

    A draft that was issued before keeps its invoice, so a chunk can be issued twice. Locks drafts, number series
    and the head of the ledger, in this order. Raises NotFound, PeriodAlreadyBilled, NumberTaken or LinesDiffer; then
    nothing was issued and no number is lost.
    """
    with transaction.atomic(), refusals.named(freezing.REFUSALS):
        drafts = _locked(draft_ids)
        _require_all(draft_ids, drafts)
        issued = invoices_of_drafts(draft_ids=draft_ids)
        new = [draft for draft in drafts if draft.pk not in issued]
        if new:
            groups, documents = _documents(new, terms, reasons or {})
            keys = freezing.write(documents=documents, terms=terms)
            issued |= {draft.pk: key for group, key in zip(groups, keys, strict=True) for draft in group}
    return issued


def _locked(draft_ids: Sequence[int]) -> list[Draft]:
    """The drafts with their accounts; their parts are read as text, which is parsed in a third of the time."""
    rows = Draft.objects.select_for_update(of=("self",)).filter(pk__in=draft_ids).select_related("account__customer")
    found: list[Draft] = []
    for draft in rows.defer("parts", "versions").annotate(parts_text=Cast("parts", TextField())).order_by("pk"):
        draft.parts = orjson.loads(draft.parts_text)
        found.append(draft)
    return found


def _documents(
    drafts: Sequence[Draft], terms: IssueTerms, reasons: Mapping[int, str]
) -> tuple[list[list[Draft]], list[Document]]:
    """The documents to write, each with the drafts it bills, in the order of the first draft of each."""
    arranged = issuers.arranged(account_ids={draft.account_id for draft in drafts}, terms=terms)
    collectives = {a.bill_to_id for draft in drafts if (a := arranged[draft.account_id]).bill_to_id != draft.account_id}
    accounts = customer_queries.accounts().in_bulk(collectives) if collectives else {}
    final = _leaving(drafts)
    groups: dict[tuple[Any, ...], list[Draft]] = {}
    for draft in drafts:
        target = arranged[draft.account_id].bill_to_id
        alone = draft.pk if target == draft.account_id else None
        period = (draft.supply_period.lower, draft.supply_period.upper)
        groups.setdefault((target, alone, period, draft.currency), []).append(draft)
    documents = [
        _document(group, accounts.get(key[0], group[0].account), arranged[group[0].account_id], final, terms)
        for key, group in groups.items()
    ]
    if reasons:
        documents = [
            replace(document, reason=next((reasons[draft.pk] for draft in group if draft.pk in reasons), ""))
            for group, document in zip(groups.values(), documents, strict=True)
        ]
    return list(groups.values()), documents


def _document(
    drafts: Sequence[Draft], account: Any, arranged: Arranged, final: frozenset[int], terms: IssueTerms
) -> Document:
    first = drafts[0]
    parts = [label_titles.named(part) for draft in drafts for part in draft.parts]
    untaxed = lines.lines_of_parts(parts)
    taxable = [
        taxes.Taxable(line.amount, line.payee, line.code, (line.identifier, line.period), line.untaxed, line.tax_class)
        for line in untaxed
    ]
    taxed = taxes.tax_amounts(lines=taxable, policy=terms.tax, currency=first.currency)
    collective = account.pk != first.account_id
    return Document(
        kind=InvoiceKind.INVOICE,
        account_id=account.pk,
        currency=first.currency,
        period=Period(first.supply_period.lower, first.supply_period.upper),
        lines=[line._replace(taxed=tax) for line, tax in zip(untaxed, taxed, strict=True)],
        taxes=taxes.summary(taxed, terms.tax),
        buyer=_buyer(account, drafts, arranged),
        usage=usage.combined([part.get("usage") or {} for part in parts]),
        issuer=arranged.issuer,
        inclusive=terms.tax.inclusive,
        bills=[(part["supply_point_id"], lines.period_of(part)) for part in parts if part["supply_point_id"]],
        draft_id=None if collective else first.pk,
        drafts=[(draft.pk, draft.account_id) for draft in drafts] if collective else (),
        final=all(draft.account_id in final for draft in drafts),
    )


def _buyer(account: Any, drafts: Sequence[Draft], arranged: Arranged) -> dict[str, Any]:
    customer = account.customer
    return {
        "name": customer.name,
        "kind": customer.kind,
        "customer_number": customer.number,
        "account_number": account.number,
        "billing_address": account.billing_address,
        "language": customer.language,
        "email": customer.email,
        "tax_number": arranged.tax_number,
        "order_reference": arranged.order_reference,
        "collective": account.pk != drafts[0].account_id,
        "supply": [_supply(part, draft.account) for draft in drafts for part in draft.parts],
    }


def _supply(part: Mapping[str, Any], account: Any) -> dict[str, Any]:
    copied = {name: part[name] for name in ("identifier", "address", "product_titles", "from", "to")}
    return copied | {"account": account.number, "estimated_days": part.get("estimated_days", 0)}


def _leaving(drafts: Sequence[Draft]) -> frozenset[int]:
    """The accounts whose draft is their last: everything they held ends with the period, or ended before."""
    until = {draft.account_id: draft.supply_period.upper for draft in drafts}
    first = min(draft.supply_period.lower for draft in drafts)
    window = Period(first, max(until.values()) + dt.timedelta(days=1))
    going: dict[int, bool] = {}
    for account_id, end in customer_queries.occupancy_ends(period=window, account_ids=until):
        ends = end is not None and end <= until[account_id]
        going[account_id] = going.get(account_id, True) and ends
    return frozenset(account_id for account_id, ends in going.items() if ends)


def _require_all(draft_ids: Sequence[int], drafts: Sequence[Draft]) -> None:
    missing = sorted(set(draft_ids) - {draft.pk for draft in drafts})
    if missing:
        raise NotFound(what=DRAFT, name=missing[0])
