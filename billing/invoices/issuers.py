"""Who issues an invoice, in which number series, and on whose account: as arranged, else the company itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from billing.invoices.models import BillingArrangement, LegalEntity, NumberSeries, SeriesRule
from billing.invoices.terms import IssueTerms, NumberRule

USUAL_SERIES = ""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The seller as printed, and the series that numbers count in."""

    legal_entity: str
    series: str
    numbers: NumberRule
    seller: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Arranged:
    """How an account is billed: ``bill_to_id`` is the collective account, or the account itself."""

    issuer: Issuer
    bill_to_id: int
    tax_number: str = ""
    order_reference: str = ""


def arranged(*, account_ids: Collection[int], terms: IssueTerms) -> dict[int, Arranged]:
    """This will say of each account how it is billed, in three queries for all.

    A member of a collective account is billed as the collective account is: by its entity, in its series.
    """
    collective = dict(
        BillingArrangement.objects.filter(account__in=account_ids, collective__isnull=False).values_list(
            "account_id", "collective_id"
        )
    )
    bill_to = {account_id: collective.get(account_id) or account_id for account_id in account_ids}
    rows = BillingArrangement.objects.select_related("entity").filter(account__in=set(bill_to.values()))
    own = {row.account_id: row for row in rows}
    default = LegalEntity.objects.filter(is_default=True).first()
    rules = _rules()
    return {
        account_id: _arranged(own.get(target), target, default, rules, terms) for account_id, target in bill_to.items()
    }


def of_series(*, series: NumberSeries, seller: Mapping[str, Any], terms: IssueTerms) -> Issuer:
    """This will return the issuer of an invoice again, for its credit note: same entity, series and seller."""
    entity = LegalEntity.objects.filter(counts_as=series.legal_entity).first()
    rule = _rules().get((entity.pk, series.series)) if entity else None
    numbers = rule or (own_rule(terms, entity) if entity else terms.numbers)
    return Issuer(series.legal_entity, series.series, numbers, seller)


def seller_of(*, entity: LegalEntity, seller: Mapping[str, Any]) -> dict[str, Any]:
    """This will return what a document prints about the company, with the legal entity's own particulars."""
    own = {
        "entity": entity.code,
        "legal_name": entity.legal_name,
        "tax_number": entity.tax_number or seller["tax_number"],
        "country": entity.country,
        "postcode": entity.postcode,
        "city": entity.city,
        "bank_name": entity.bank_name,
        "bank_account": entity.bank_account,
        "bank_code": entity.bank_code,
    }
    kept = {"address": entity.address, "support_phone": entity.phone, "support_email": entity.email}
    return {**seller, **own, **{name: value for name, value in kept.items() if value}}


def own_rule(terms: IssueTerms, entity: LegalEntity) -> NumberRule:
    """This will return the market's rule for an entity without one; the default entity goes on with its numbers."""
    if entity.is_default:
        return terms.numbers
    mark = f"{entity.code}-"
    return dataclasses.replace(
        terms.numbers, prefix=mark + terms.numbers.prefix, credit_prefix=mark + terms.numbers.credit_prefix
    )


def _arranged(
    row: BillingArrangement | None,
    target: int,
    default: LegalEntity | None,
    rules: Mapping[tuple[int, str], NumberRule],
    terms: IssueTerms,
) -> Arranged:
    entity = (row.entity if row else None) or default
    series = row.series if row else USUAL_SERIES
    if entity is None:
        issuer = Issuer(terms.legal_entity, USUAL_SERIES, terms.numbers, terms.seller)
    else:
        known = rules.get((entity.pk, series))
        chosen = series if known else USUAL_SERIES
        numbers = known or rules.get((entity.pk, USUAL_SERIES)) or own_rule(terms, entity)
        issuer = Issuer(entity.counts_as, chosen, numbers, seller_of(entity=entity, seller=terms.seller))
    if row is None:
        return Arranged(issuer, target)
    return Arranged(issuer, target, row.tax_number, row.order_reference)


def _rules() -> dict[tuple[int, str], NumberRule]:
    return {
        (rule.entity_id, rule.code): NumberRule(rule.prefix, rule.credit_prefix, rule.digits, rule.reset)
        for rule in SeriesRule.objects.all()
    }
