"""How old what is owed is: buckets that add up to the ledger's receivable."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from billing.ledger import chart
from billing.ledger import queries as ledger_queries
from billing.payments import queries as payment_queries
from kernel.errors import gettext_noop
from tenants.customers import queries as customer_queries

EDGES = (0, 30, 60, 90, 180)
"""Days overdue at which buckets end, as collections everywhere cut them."""
TITLES = {
    "not_due": gettext_noop("Not yet due"),
    "to_30": gettext_noop("1-30 days"),
    "to_60": gettext_noop("31-60 days"),
    "to_90": gettext_noop("61-90 days"),
    "to_180": gettext_noop("91-180 days"),
    "older": gettext_noop("More than 180 days"),
    "credit": gettext_noop("In credit"),
}
CODES = tuple(TITLES)[:-1]


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is open of one age: how much, on how many accounts."""

    code: str
    title: str
    amount: Decimal
    accounts: int


@dataclass(frozen=True, slots=True)
class Ageing:
    """One currency's open amounts by age and by kind and segment; ``receivable`` is the ledger's own balance."""

    currency: str
    buckets: tuple[Bucket, ...]
    segments: dict[str, tuple[Decimal, ...]]
    overdue: Decimal
    overdue_accounts: int
    total: Decimal
    receivable: Decimal

    @property
    def agrees(self) -> bool:
        """Whether the open items add up to the ledger."""
        return self.total == self.receivable


def ageing(*, on: dt.date) -> list[Ageing]:
    """This will sum up what is open by age on a day, one result a currency.

    Credit stands in a bucket of its own, so that the sum is the balance of the account ``receivable``.
    """
    rows = payment_queries.open_debits()
    credits = payment_queries.account_credit()
    accounts = {row.account_id for row in rows} | set(credits)
    names = _segments(accounts)
    sums = _Sums()
    for row in rows:
        code = _bucket((on - row.due_on).days)
        sums.add(row.currency, code, row.account_id, row.open.amount, names[row.account_id])
    for account_id, money in credits.items():
        sums.add(money.currency, "credit", account_id, -money.amount, names[account_id])
    books = {row.currency: row.balance for row in ledger_queries.trial_balance() if row.code == chart.RECEIVABLE}
    return [sums.result(currency, books.get(currency, Decimal(0))) for currency in sorted({*sums.amounts, *books})]


class _Sums:
    def __init__(self) -> None:
        self.amounts: dict[str, dict[str, Decimal]] = {}
        self.accounts: dict[tuple[str, str], set[int]] = {}
        self.segments: dict[str, dict[str, dict[str, Decimal]]] = {}

    def add(self, currency: str, code: str, account_id: int, amount: Decimal, segment: str) -> None:
        here = self.amounts.setdefault(currency, {})
        here[code] = here.get(code, Decimal(0)) + amount
        self.accounts.setdefault((currency, code), set()).add(account_id)
        row = self.segments.setdefault(currency, {}).setdefault(segment, {})
        row[code] = row.get(code, Decimal(0)) + amount

    def result(self, currency: str, receivable: Decimal) -> Ageing:
        here = self.amounts.get(currency, {})
        late = CODES[1:]
        return Ageing(
            currency=currency,
            buckets=tuple(
                Bucket(code, title, here.get(code, Decimal(0)), len(self.accounts.get((currency, code), ())))
                for code, title in TITLES.items()
            ),
            segments={
                name: tuple(row.get(code, Decimal(0)) for code in TITLES)
                for name, row in sorted(self.segments.get(currency, {}).items())
            },
            overdue=sum((here.get(code, Decimal(0)) for code in late), Decimal(0)),
            overdue_accounts=len(set().union(*(self.accounts.get((currency, code), set()) for code in late))),
            total=sum(here.values(), Decimal(0)),
            receivable=receivable,
        )


def _bucket(days: int) -> str:
    return next((code for code, edge in zip(CODES, EDGES, strict=False) if days <= edge), CODES[-1])


def _segments(account_ids: set[int]) -> dict[int, str]:
    rows = customer_queries.accounts().filter(pk__in=account_ids).order_by()
    found = rows.values_list("pk", "customer__kind", "customer__segment")
    return {pk: f"{kind} · {segment}" if segment else kind for pk, kind, segment in found}
