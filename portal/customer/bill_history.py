"""A customer's bills: where each one stands, and which earlier ones a bill is compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.invoices import queries as invoice_queries
from kernel.money import Money
from portal.customer import comparing
from portal.customer.bill_charts import Former
from tenants.customers import queries as customer_queries

BILL, NOTE = "invoice", "credit_note"
SAME_SEASON = (dt.timedelta(days=350), dt.timedelta(days=380))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a bill stands, in a word and a tone."""

    label: Any
    tone: str


CREDIT_NOTE = Standing(_("Credit note"), "neutral")
CREDITED = Standing(_("Credited"), "neutral")
SETTLED = Standing(_("Settled"), "success")
IN_CREDIT = Standing(_("In credit"), "success")
OPEN = Standing(_("To pay"), "info")
OVERDUE = Standing(_("Overdue"), "danger")


@dataclass(frozen=True, slots=True)
class AccountState:
    """What an account owes on a day."""

    account: Any
    balance: Money
    due_on: dt.date | None
    open_bills: int
    is_overdue: bool

    @property
    def owes(self) -> bool:
        return Money.zero(self.balance.currency) < self.balance

    @property
    def is_in_credit(self) -> bool:
        return self.balance < Money.zero(self.balance.currency)

    @property
    def credit(self) -> Money:
        """What is in the customer's favour."""
        return -self.balance


def owed_in_all(accounts: Sequence[AccountState]) -> Money | None:
    """Return what the accounts owe together; None when they are in several currencies."""
    currencies = {state.balance.currency for state in accounts}
    if len(currencies) != 1:
        return None
    return sum((state.balance for state in accounts), Money.zero(currencies.pop()))


@dataclass(frozen=True, slots=True)
class Row:
    """A bill in the list of bills."""

    invoice: Any
    standing: Standing

    @property
    def has_due(self) -> bool:
        """Whether there is a day by which it is to be paid."""
        return bool(self.invoice.kind == BILL and self.invoice.gross > 0)


def states(customer: Any, today: dt.date) -> list[AccountState]:
    """Return what each account of the customer owes, in order of number."""
    accounts = list(customer_queries.accounts_of_customer(customer=customer))
    owed = invoice_queries.owed(accounts=accounts)
    return [
        AccountState(account, each.balance, each.due_on, each.open_invoices, each.is_overdue(today))
        for account, each in zip(accounts, owed, strict=True)
    ]


def standing(invoice: Any, state: AccountState | None, today: dt.date) -> Standing:
    """Return where a bill stands; payments count towards the oldest bill first."""
    if invoice.kind == NOTE:
        return CREDIT_NOTE
    if invoice.is_credited:
        return CREDITED
    if invoice.gross <= 0:
        return IN_CREDIT if invoice.gross else SETTLED
    if state is None or state.due_on is None or invoice.due_on < state.due_on:
        return SETTLED
    return OVERDUE if invoice.due_on < today else OPEN


def rows(invoices: Iterable[Any], accounts: Sequence[AccountState], today: dt.date) -> list[Row]:
    """Return the bills of a list with where they stand."""
    state_of = {state.account.pk: state for state in accounts}
    return [Row(invoice, standing(invoice, state_of.get(invoice.account_id), today)) for invoice in invoices]


def former_bills(customer: Any, invoice: Any) -> tuple[Former | None, Former | None]:
    """Return the bill before this one and the one of the same season a year earlier, as far as there are any."""
    bills: Iterable[Any] = invoice_queries.invoices_of_customer(customer=customer)
    mine = [
        each
        for each in bills
        if each.account_id == invoice.account_id
        and each.kind == BILL
        and not each.is_credited
        and each.supply_period.upper <= invoice.supply_period.lower
    ]
    mine.sort(key=lambda each: each.supply_period.lower, reverse=True)
    year_ago = [each for each in mine if _is_year_before(each, invoice)]
    return _former(mine[:1]), _former(year_ago[:1])


def use_of(former: Former) -> Any:
    """Return the kWh of a former bill."""
    return comparing.energy(former.lines)


def _is_year_before(earlier: Any, invoice: Any) -> bool:
    apart = invoice.supply_period.lower - earlier.supply_period.lower
    return SAME_SEASON[0] <= apart <= SAME_SEASON[1]


def _former(found: Sequence[Any]) -> Former | None:
    if not found:
        return None
    detail = invoice_queries.invoice_by_id(invoice_id=found[0].pk)
    return Former(detail.invoice, detail.lines)
