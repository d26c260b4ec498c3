"""Accounts with bills that fell due, payments, and the days of their dunning."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from billing.arrears import operations
from billing.arrears.models import Case, CaseEvent
from billing.invoices import operations as invoice_operations
from billing.invoices.models import Invoice
from billing.payments import operations as payment_operations
from harness import billing_cast
from kernel.money import Money
from kernel.periods import Period
from tenants.customers import operations as customer_operations

OPENED = dt.date(2025, 1, 1)


def at(day: dt.date, hour: int = 2) -> dt.datetime:
    """An instant of a day: ten in the morning in China."""
    return dt.datetime.combine(day, dt.time(hour), dt.UTC)


def account(
    number: str,
    *,
    kind: str = "household",
    currency: str = "CNY",
    zone: str = "Asia/Shanghai",
    region: str = "",
    segment: str = "",
) -> tuple[Any, Any]:
    """Make a customer with an e-mail and a telephone, an account with an address, and a supply point."""
    customer = customer_operations.create_customer(
        number=f"C{number}",
        name=f"Customer {number}",
        kind=kind,
        segment=segment,
        email=f"c{number}@example.test",
        phone="13812345678",
    )
    made = customer_operations.open_account(
        customer=customer, number=f"A{number}", currency=currency, opened_on=OPENED, billing_address="1 Elm Road"
    )
    point = customer_operations.add_supply_point(
        identifier=f"P{number}", address=f"{number} Elm Road", time_zone=zone, region=region
    )
    customer_operations.move_in(account=made, supply_point=point, on=OPENED)
    return made, point


def bill(
    retailer: Any, account: Any, point: Any, amount: str, *, issued_on: dt.date, month: tuple[int, int] | None = None
) -> Invoice:
    """Issue a bill of one line; it falls due as the market's terms say (China: 15 days later)."""
    before = issued_on.replace(day=1) - dt.timedelta(days=1)
    period = Period.of_month(*(month or (before.year, before.month)))
    draft = billing_cast.make_draft(account, point, amount, period=period)
    [draft_id] = invoice_operations.store_drafts(drafts=[draft], created_at=at(issued_on))
    terms = billing_cast.terms_of(retailer, issued_on=issued_on)
    made = invoice_operations.issue_drafts(draft_ids=[draft_id], terms=terms)
    return Invoice.objects.get(pk=made[draft_id])


def pay(account: Any, amount: str, on: dt.date, **more: Any) -> Any:
    """Receive a payment on a day."""
    return payment_operations.receive(
        account_id=account.pk,
        money=Money(Decimal(amount), account.currency),
        method="card",
        source="test",
        reference=more.pop("reference", f"{account.pk} {amount} {on}"),
        received_on=on,
        at=at(on),
        **more,
    )


def settle(account: Any, on: dt.date) -> None:
    """What payments tell the room of arrears."""
    operations.settle_accounts(account_ids=[account.pk], on=on, at=at(on))


def days(first: dt.date, last: dt.date) -> None:
    """Live through the days, each with its dunning."""
    for number in range((last - first).days + 1):
        on = first + dt.timedelta(days=number)
        operations.advance(on=on, at=at(on))


def on_days(*when: str) -> None:
    """Do the dunning of these days alone: those on which something happens."""
    for text in when:
        on = dt.date.fromisoformat(text)
        operations.advance(on=on, at=at(on))


def case_of(account: Any) -> Case:
    """The latest case of an account."""
    return Case.objects.filter(account=account).latest("pk")


def told(account: Any) -> list[tuple[str, dt.date]]:
    """What was done in the account's cases, in order."""
    found = CaseEvent.objects.filter(case__account=account).order_by("pk")
    return [(event.kind, event.on) for event in found]
