"""Reading the books: balances, statements, entries, the trial balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, DecimalField, F, QuerySet, Sum, Value, When, Window
from django.db.models.functions import Coalesce

from billing.ledger import chart
from billing.ledger.models import Entry, Posting
from kernel.money import Money

_ZERO = Value(Decimal(0), output_field=DecimalField(max_digits=24, decimal_places=4))


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One ledger account (all its sub-accounts together) in one currency; ``balance`` = debit − credit."""

    code: str
    kind: str
    titles: Mapping[str, str]
    currency: str
    debit: Decimal
    credit: Decimal

    @property
    def balance(self) -> Decimal:
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class StatementRow:
    """What changed the balance of a billing account, and the balance after it."""

    entry_id: int
    posted_at: dt.datetime
    business_date: dt.date
    kind: str
    reference: str
    money: Money
    balance: Money


def balance(*, account_id: int, currency: str, on: dt.date | None = None) -> Money:
    """This will return what a billing account owes (negative: has in credit), up to the end of day ``on``."""
    return balances(account_ids=[account_id], on=on).get((account_id, currency), Money.zero(currency))


def balances(*, account_ids: Sequence[int], on: dt.date | None = None) -> dict[tuple[int, str], Money]:
    """This will return what each billing account owes, by (account, currency); those without postings are left out."""
    postings = _up_to(Posting.objects.filter(ledger_account__code=chart.RECEIVABLE), on)
    rows = (
        postings.filter(ledger_account__account__in=account_ids)
        .values_list("ledger_account__account_id", "currency")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    return {(account, currency): Money.rounded(total, currency) for account, currency, total in rows}


def trial_balance(*, on: dt.date | None = None) -> list[TrialRow]:
    """This will return debits and credits per ledger account and currency, up to the end of day ``on``, by code."""
    rows = (
        _up_to(Posting.objects.all(), on)
        .values("ledger_account__code", "ledger_account__kind", "currency")
        .annotate(
            debit=Coalesce(Sum(Case(When(amount__gt=0, then="amount"))), _ZERO),
            credit=Coalesce(Sum(Case(When(amount__lt=0, then=-F("amount")))), _ZERO),
        )
        .order_by("ledger_account__code", "currency")
    )
    return [
        TrialRow(
            code=row["ledger_account__code"],
            kind=row["ledger_account__kind"],
            titles=_titles(row["ledger_account__code"]),
            currency=row["currency"],
            debit=row["debit"],
            credit=row["credit"],
        )
        for row in rows
    ]


def unbalanced_currencies() -> int:
    """This will count the currencies in which all postings together are not zero: none, unless the books are broken."""
    sums = Posting.objects.values("currency").annotate(total=Sum("amount"))
    return sums.exclude(total=0).order_by().count()


def statement(*, account_id: int, currency: str) -> list[StatementRow]:
    """This will return every change of a billing account's balance, oldest first, with the balance after each."""
    rows = (
        Posting.objects.filter(
            ledger_account__code=chart.RECEIVABLE, ledger_account__account=account_id, currency=currency
        )
        .annotate(running=Window(Sum("amount"), order_by=[F("entry__business_date"), F("entry_id"), F("id")]))
        .select_related("entry")
        .order_by("entry__business_date", "entry_id", "id")
    )
    return [_statement_row(row, row.running) for row in rows]


def entries() -> QuerySet[Entry]:
    """This will list entries, the latest first, with their postings."""
    return Entry.objects.prefetch_related("postings__ledger_account").order_by("-id")


def entries_of(*, reference: str) -> QuerySet[Entry]:
    """This will return the entries posted for a document, oldest first, with their postings."""
    return Entry.objects.filter(reference=reference).prefetch_related("postings__ledger_account").order_by("id")


def _statement_row(posting: Posting, running: Decimal) -> StatementRow:
    return StatementRow(
        entry_id=posting.entry_id,
        posted_at=posting.entry.posted_at,
        business_date=posting.entry.business_date,
        kind=posting.entry.kind,
        reference=posting.entry.reference,
        money=Money.rounded(posting.amount, posting.currency),
        balance=Money.rounded(running, posting.currency),
    )


def _up_to(postings: QuerySet[Posting], on: dt.date | None) -> QuerySet[Posting]:
    return postings if on is None else postings.filter(entry__business_date__lte=on)


def _titles(code: str) -> Mapping[str, str]:
    account = chart.CHART.get(code)
    return account.titles if account else {"en": code}
