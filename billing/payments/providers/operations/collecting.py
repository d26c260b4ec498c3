"""Collecting by standing authority: bills on their due date, top-ups when a balance is low. Each occasion once.

An occasion is the name of what is collected ("bill 17, first try"): unique in the database, so that two workers, two
sweeps or a crash between never ask twice. Days come from the market's policy ``payments.automatic``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from billing.invoices import queries as invoice_queries
from billing.ledger import queries as ledger_queries
from billing.payments import locks
from billing.payments import queries as payment_queries
from billing.payments.models import Attempt, Authority
from billing.payments.providers import choosing, queries
from billing.payments.providers.base import Asked, Person
from billing.payments.providers.operations import following, paying
from kernel.money import Money
from markets import packs
from tenancy import context

UNSETTLED = (Attempt.State.ASKED, Attempt.State.WAITING)


@dataclass(frozen=True, slots=True)
class DueBill:
    """A bill to be collected now: what is open of it, under which authority, and the try that it is."""

    authority_id: int
    invoice_id: int
    money: Money
    occasion: str


@dataclass(frozen=True, slots=True)
class Terms:
    """``days_before_due`` and the days after the first try on which a failed collection is tried again."""

    days_before_due: int
    retry_days: tuple[int, ...]


def terms() -> Terms:
    """This will return the terms of the present company's market."""
    policy: Mapping[str, Any] = packs.pack(context.current_retailer().market).policies.get("payments", {})
    automatic = policy.get("automatic", {})
    return Terms(automatic.get("days_before_due", 0), tuple(automatic.get("retry_days", ())))


def due_bills(*, on: dt.date) -> list[DueBill]:
    """This will list the bills whose collection is due on a day and was not asked for yet."""
    authorities = Authority.objects.filter(purpose=Authority.Purpose.BILLS, revoked_at__isnull=True)
    of_account = {authority.account_id: authority.pk for authority in authorities}
    debits = payment_queries.outstanding(account_ids=list(of_account)) if of_account else []
    tries = _tries([debit.invoice_id for debit in debits if debit.invoice_id])
    rule, found = terms(), []
    for debit in debits:
        number = _next_try(tries.get(debit.invoice_id or 0, []), debit.due_on, on, rule)
        if number is not None and debit.invoice_id is not None:
            occasion = f"bill:{debit.invoice_id}:{number}"
            found.append(DueBill(of_account[debit.account_id], debit.invoice_id, debit.open, occasion))
    return found


def collect_bill(*, due: DueBill, at: dt.datetime) -> Attempt | None:
    """This will collect a due bill; None when somebody else does so already or it was paid meanwhile."""
    authority = _standing(due.authority_id)
    if authority is None:
        return None
    with transaction.atomic():
        locks.hold_accounts([authority.account_id])
        left = [
            debit.open
            for debit in payment_queries.outstanding(account_ids=[authority.account_id])
            if debit.invoice_id == due.invoice_id
        ]
        if not left or _is_being_paid(due.invoice_id, authority.account_id):
            return None
        attempt = _claim(authority, left[0], due.occasion, at, [due.invoice_id])
    number = invoice_queries.invoice_by_id(invoice_id=due.invoice_id).invoice.number
    return _charge(attempt, authority, left[0], number, at) if attempt else None


def low_balances(*, account_ids: Sequence[int] | None = None) -> list[Authority]:
    """This will list the top-up authorities whose account has less in credit than agreed."""
    found = Authority.objects.filter(purpose=Authority.Purpose.TOP_UP, revoked_at__isnull=True)
    if account_ids is not None:
        found = found.filter(account__in=account_ids)
    standing = list(found.select_related("account"))
    balances = ledger_queries.balances(account_ids=[authority.account_id for authority in standing])
    return [each for each in standing if _credit(each, balances) < (each.threshold or Decimal(0))]


def top_up(*, authority_id: int, on: dt.date, at: dt.datetime) -> Attempt | None:
    """This will collect the agreed top-up, at most once a day; None when it was asked for already or is not needed.

    The prepayment room calls it for an account whose estimated balance is low; the sweep for the booked balance.
    """
    authority = _standing(authority_id)
    if authority is None or authority.amount is None:
        return None
    money = Money.rounded(authority.amount, authority.account.currency)
    with transaction.atomic():
        locks.hold_accounts([authority.account_id])
        unsettled = Attempt.objects.filter(authority=authority, state__in=UNSETTLED).exists()
        attempt = (
            None
            if unsettled
            else _claim(authority, money, queries.top_up_occasion(authority_id=authority.pk, on=on), at, [])
        )
    return _charge(attempt, authority, money, authority.account.number, at) if attempt else None


def _credit(authority: Authority, balances: Mapping[tuple[int, str], Money]) -> Decimal:
    owed = balances.get((authority.account_id, authority.account.currency))
    return -owed.amount if owed else Decimal(0)


def _standing(authority_id: int) -> Authority | None:
    found = Authority.objects.select_related("method__payer", "account__customer")
    return found.filter(pk=authority_id, revoked_at__isnull=True, method__removed_at__isnull=True).first()


def _claim(
    authority: Authority, money: Money, occasion: str, at: dt.datetime, invoices: Sequence[int]
) -> Attempt | None:
    try:
        with transaction.atomic():
            return paying.write(
                provider=authority.method.payer.provider, account=authority.account, kind=Attempt.Kind.AUTOMATIC,
                money=money, at=at, invoices=invoices, occasion=occasion, authority=authority,
            )  # fmt: skip
    except IntegrityError:
        return None


def _charge(attempt: Attempt, authority: Authority, money: Money, title: str, at: dt.datetime) -> Attempt:
    """Ask outside of any transaction of ours: what is not answered is asked about by the sweep."""
    payer, customer = authority.method.payer, authority.account.customer
    found = choosing.by_name(payer.provider).charge(
        Asked(
            key=paying.key_of(attempt), token=str(attempt.token), title=title, money=money,
            person=Person(payer.reference, customer.name, customer.email, authority.language),
            saved=authority.method.reference, methods=(authority.method.kind,),
        )
    )  # fmt: skip
    return following.follow(attempt=attempt, found=found, at=at)


def _tries(invoice_ids: Sequence[int]) -> dict[int, list[Attempt]]:
    occasions: dict[int, list[Attempt]] = {}
    wanted = set(invoice_ids)
    account_ids = invoice_queries.invoices().filter(pk__in=wanted).values("account")
    automatic = Attempt.objects.filter(
        kind=Attempt.Kind.AUTOMATIC, account__in=account_ids, occasion__startswith="bill:"
    )
    for attempt in automatic.order_by("asked_at"):
        for invoice_id in wanted.intersection(attempt.invoices):
            occasions.setdefault(invoice_id, []).append(attempt)
    return occasions


def _next_try(tries: Sequence[Attempt], due_on: dt.date, on: dt.date, rule: Terms) -> int | None:
    if any(attempt.state in UNSETTLED for attempt in tries):
        return None
    first = due_on - dt.timedelta(days=rule.days_before_due)
    if not tries:
        return 1 if on >= first else None
    if len(tries) > len(rule.retry_days):
        return None
    begun = tries[0].asked_at.date()
    again = begun + dt.timedelta(days=rule.retry_days[len(tries) - 1])
    return len(tries) + 1 if on >= again else None


def _is_being_paid(invoice_id: int, account_id: int) -> bool:
    waiting = Attempt.objects.filter(account=account_id, kind=Attempt.Kind.AUTOMATIC, state__in=UNSETTLED)
    return any(invoice_id in attempt.invoices for attempt in waiting)
