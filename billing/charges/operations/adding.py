"""Adds a charge once, however often it is asked to, and takes one back while no bill carries it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.charges import kinds, queries
from billing.charges.models import AccountCharge
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.money import Money
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.customers import queries as customer_queries

CONTENT = ("account_id", "kind", "titles", "amount", "currency", "payee", "tax", "on", "supply_point_id")


class ChargeDiffers(Conflict):
    """The same source and reference were added before with another content."""

    code = "charge_differs"
    template = gettext_noop("Charge {reference} of {source} exists already, with another {fields}.")


class NothingToCharge(Invalid):
    """An amount of zero says nothing on a bill."""

    code = "charge_amount_zero"
    template = gettext_noop("The amount of a charge is not zero.")


class CurrencyDiffers(Invalid):
    """A charge is in the currency of its account."""

    code = "charge_currency_differs"
    template = gettext_noop("Account {account} is billed in {currency}, not in {given}.")


class TaxUnknown(Invalid):
    """A charge is taxed as everything, or not at all."""

    code = "charge_tax_unknown"
    template = gettext_noop("The tax of a charge is one of: {known}.")


class PayeeUnknown(Invalid):
    """Who earns a charge is one of four."""

    code = "charge_payee_unknown"
    template = gettext_noop("A charge is earned by one of: {known}.")


class AlreadyBilled(Conflict):
    """An invoice in force carries the charge."""

    code = "charge_already_billed"
    template = gettext_noop("The charge stands on invoice {number}; credit that first, or add an opposite charge.")


class OfAnAddOn(Conflict):
    """What an add-on charged is taken back by ending it."""

    code = "charge_of_add_on"
    template = gettext_noop("The charge belongs to an add-on; end that, or add an opposite charge.")


@dataclass(frozen=True, slots=True)
class NewCharge:
    """A charge to add; title, payee and tax are the kind's unless given, the amount is as tariffs state prices."""

    account_id: int
    kind: str
    source: str
    reference: str
    amount: Money
    on: dt.date
    titles: Mapping[str, str] | None = None
    payee: str = ""
    tax: str = ""
    supply_point_id: int | None = None
    period: Period | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None


def add(
    *,
    account_id: int,
    kind: str,
    source: str,
    reference: str,
    amount: Money,
    on: dt.date,
    at: dt.datetime,
    titles: Mapping[str, str] | None = None,
    payee: str = "",
    tax: str = "",
    supply_point_id: int | None = None,
    period: Period | None = None,
    quantity: Decimal | None = None,
    price: Decimal | None = None,
) -> AccountCharge:
    """This will put ``amount`` on the account's next bill whose period ends after ``on``; negative it is a credit.

    See ``add_many``, of which it is one.
    """
    asked = NewCharge(
        *(account_id, kind, source, reference, amount, on),
        titles=titles,
        payee=payee,
        tax=tax,
        supply_point_id=supply_point_id,
        period=period,
        quantity=quantity,
        price=price,
    )
    return add_many(charges=[asked], at=at)[0]


@transaction.atomic
def add_many(*, charges: Sequence[NewCharge], at: dt.datetime) -> list[AccountCharge]:
    """This will add charges in a few statements, all of them or none, and return them in the given order.

    Added again with the same source and reference the first row is returned; with another content it raises
    ChargeDiffers. Raises UnknownKind, NotFound, NothingToCharge, CurrencyDiffers, TaxUnknown or PayeeUnknown.
    """
    if not charges:
        return []
    known = kinds.kinds()
    rows = [_row(each, known.get(each.kind) or kinds.kind(code=each.kind), at) for each in charges]
    for row in rows:
        _check(row)
    _require_currencies({(row.account_id, row.currency) for row in rows})
    AccountCharge.objects.bulk_create(rows, ignore_conflicts=True)
    stored: dict[tuple[str, str], AccountCharge] = {}
    for source in sorted({row.source for row in rows}):
        references = [row.reference for row in rows if row.source == source]
        for found in AccountCharge.objects.filter(source=source, reference__in=references):
            stored[source, found.reference] = found
    for row in rows:
        _require_same(stored[row.source, row.reference], row)
    return [stored[row.source, row.reference] for row in rows]


@transaction.atomic
def cancel(*, charge_id: int, reason: str, at: dt.datetime) -> AccountCharge:
    """This will take a charge back that no invoice in force carries; again it changes nothing.

    Raises NotFound, AlreadyBilled or OfAnAddOn.
    """
    found = AccountCharge.objects.select_for_update().filter(pk=charge_id).first()
    if found is None:
        raise NotFound(what=queries.CHARGE, name=str(charge_id))
    if found.cancelled_at is not None:
        return found
    if found.add_on_id is not None:
        raise OfAnAddOn
    if queries.is_billed(charge_id=charge_id):
        raise AlreadyBilled(number=found.invoice.number if found.invoice else "")
    found.invoice, found.cancelled_at, found.cancel_reason = None, at, reason
    found.save(update_fields=["invoice", "cancelled_at", "cancel_reason"])
    return found


def _row(given: NewCharge, known: kinds.Kind, at: dt.datetime) -> AccountCharge:
    return AccountCharge(
        account_id=given.account_id,
        kind=given.kind,
        source=given.source,
        reference=given.reference,
        titles=dict(given.titles or known.titles),
        amount=given.amount.amount,
        currency=given.amount.currency,
        payee=given.payee or known.payee,
        tax=given.tax or known.tax,
        on=given.on,
        supply_point_id=given.supply_point_id,
        period=None if given.period is None else date_ranges.of_period(given.period),
        quantity=given.quantity,
        price=given.price,
        added_at=at,
    )


def _check(new: AccountCharge) -> None:
    if not new.amount:
        raise NothingToCharge(where="amount")
    if new.tax not in kinds.TAXES:
        raise TaxUnknown(where="tax", known=", ".join(kinds.TAXES))
    if new.payee not in kinds.PAYEES:
        raise PayeeUnknown(where="payee", known=", ".join(kinds.PAYEES))


def require_currency(*, account_id: int, currency: str) -> None:
    """This will raise NotFound without such an account, CurrencyDiffers when it is billed in another currency."""
    _require_currencies({(account_id, currency)})


def _require_currencies(wanted: Collection[tuple[int, str]]) -> None:
    accounts = customer_queries.accounts().filter(pk__in={account_id for account_id, _given in wanted})
    known = {pk: (number, currency) for pk, number, currency in accounts.values_list("pk", "number", "currency")}
    for account_id, given in sorted(wanted):
        if account_id not in known:
            raise NotFound(what=customer_queries.ACCOUNT, name=str(account_id))
        number, currency = known[account_id]
        if currency != given:
            raise CurrencyDiffers(where="amount", account=number, currency=currency, given=given)


def _require_same(stored: AccountCharge, new: AccountCharge) -> None:
    different = [name for name in CONTENT if _plain(getattr(stored, name)) != _plain(getattr(new, name))]
    if different:
        raise ChargeDiffers(source=new.source, reference=new.reference, fields=", ".join(different))


def _plain(value: Any) -> Any:
    return value.normalize() if isinstance(value, Decimal) else value
