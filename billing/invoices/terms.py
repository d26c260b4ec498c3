"""On what terms an invoice is issued: dates, tax, numbers and the seller as printed, from market and company."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import markets.packs
from billing.invoices.taxes import TaxPolicy

WORKING = "working"
BY_YEAR, BY_MONTH = "year", "month"
BY_LINE = "line"
EXEMPT_PAYEES = frozenset({"customer"})


@dataclass(frozen=True, slots=True)
class NumberRule:
    """How numbers read: ``prefix``, the year (and month) where the series starts anew with it, then the digits."""

    prefix: str
    credit_prefix: str
    digits: int
    reset: str

    def starts(self, day: dt.date) -> tuple[int, int]:
        """Return the year and month in which the series of ``day`` started; 0 where it never starts anew with them."""
        return (
            day.year if self.reset in (BY_YEAR, BY_MONTH) else 0,
            day.month if self.reset == BY_MONTH else 0,
        )

    def text(self, *, prefix: str, year: int, sequence: int, month: int = 0) -> str:
        """Return the number as printed: INV00000042, 20260000000042 by year, 2026040000000042 by month."""
        start = (f"{year}" if year else "") + (f"{month:02d}" if month else "")
        return f"{prefix}{start}{sequence:0{self.digits}d}"


@dataclass(frozen=True, slots=True)
class IssueTerms:
    """Everything that issuing needs besides the drafts; the same for a whole chunk."""

    issued_on: dt.date
    due_on: dt.date
    posted_at: dt.datetime
    tax: TaxPolicy
    numbers: NumberRule
    seller: Mapping[str, Any]

    @property
    def legal_entity(self) -> str:
        """The entity whose number series counts."""
        return str(self.seller["legal_name"])


def of_retailer(
    *, retailer: Any, issued_on: dt.date, posted_at: dt.datetime, due_on: dt.date | None = None
) -> IssueTerms:
    """This will return the terms of a company on a day, due as its market says unless ``due_on`` is given."""
    pack = markets.packs.pack(retailer.market)
    return IssueTerms(
        issued_on=issued_on,
        due_on=due_on or due_date(pack=pack, region=retailer.region or None, issued_on=issued_on),
        posted_at=posted_at,
        tax=tax_policy(policy=pack.policies["tax"]),
        numbers=number_rule(policy=pack.policies["invoice"]["number"]),
        seller=seller_of(retailer=retailer, texts=pack.texts),
    )


def tax_policy(*, policy: Mapping[str, Any]) -> TaxPolicy:
    """This will read a market's ``policies.tax``; without a rate (it differs by place) only tariffs charge the tax."""
    return TaxPolicy(
        code=policy["code"],
        titles=policy["title"],
        rate=Decimal(policy["rate"] or 0),
        inclusive=policy["prices"] == "inclusive",
        exempt_payees=frozenset(policy.get("exempt_payees", EXEMPT_PAYEES)),
        by_line=policy.get("rounding") == BY_LINE,
        rates={name: Decimal(rate or 0) for name, rate in policy.get("classes", {}).items()},
    )


def number_rule(*, policy: Mapping[str, Any]) -> NumberRule:
    """This will read a market's ``policies.invoice.number``; credit notes count in a series of their own, “C…”."""
    prefix = str(policy["prefix"])
    return NumberRule(
        prefix=prefix,
        credit_prefix=str(policy.get("credit_prefix", f"C{prefix}")),
        digits=int(policy["digits"]),
        reset=str(policy["by"]),
    )


def due_date(*, pack: Any, region: str | None, issued_on: dt.date) -> dt.date:
    """This will count the market's ``due_days`` from the day of issue, working days where it says so."""
    rule = pack.policies["invoice"]
    days = int(rule["due_days"])
    if rule.get("due_days_kind") != WORKING:
        return issued_on + dt.timedelta(days=days)
    kinds, day = pack.day_kinds(region), issued_on
    while days:
        day += dt.timedelta(days=1)
        days -= kinds.is_working_day(day)
    return day


def seller_of(*, retailer: Any, texts: Mapping[str, Any]) -> dict[str, Any]:
    """This will return what a document prints about the company; the logo by its digest only."""
    brand = getattr(retailer, "brand", None)
    logo = bytes(getattr(brand, "logo", b"") or b"")
    seller = {
        "names": dict(retailer.names),
        "legal_name": retailer.legal_name or retailer.code,
        "tax_number_title": dict(texts["tax_number"]),
        "market": retailer.market,
        "identifier_title": dict(texts["supply_point_identifier"]),
        "logo_digest": hashlib.sha256(logo).hexdigest() if logo else "",
    }
    copied = ("primary_color", "accent_color", "support_phone", "support_email", "address", "tax_number")
    return seller | {name: getattr(brand, name, "") for name in copied}
