"""Adds a charge once, however often it is asked to, and takes one back while no bill carries it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
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


@transaction.atomic
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

    Added again with the same source and reference it returns the first row; with another content it raises
    ChargeDiffers. Title, payee and tax are the kind's unless given; the amount is as tariffs state prices. Raises
    UnknownKind, NotFound, NothingToCharge, CurrencyDiffers, TaxUnknown or PayeeUnknown.
    """
    known = kinds.kind(code=kind)
    new = AccountCharge(
        account_id=account_id,
        kind=kind,
        source=source,
        reference=reference,
        titles=dict(titles or known.titles),
        amount=amount.amount,
        currency=amount.currency,
        payee=payee or known.payee,
        tax=tax or known.tax,
        on=on,
        supply_point_id=supply_point_id,
        period=None if period is None else date_ranges.of_period(period),
        quantity=quantity,
        price=price,
        added_at=at,
    )
    _check(new)
    AccountCharge.objects.bulk_create([new], ignore_conflicts=True)
    stored = AccountCharge.objects.get(source=source, reference=reference)
    _require_same(stored, new)
    return stored


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


def _check(new: AccountCharge) -> None:
    if not new.amount:
        raise NothingToCharge(where="amount")
    if new.tax not in kinds.TAXES:
        raise TaxUnknown(where="tax", known=", ".join(kinds.TAXES))
    if new.payee not in kinds.PAYEES:
        raise PayeeUnknown(where="payee", known=", ".join(kinds.PAYEES))
    require_currency(account_id=new.account_id, currency=new.currency)


def require_currency(*, account_id: int, currency: str) -> None:
    """This will raise NotFound without such an account, CurrencyDiffers when it is billed in another currency."""
    account = customer_queries.account_by_id(account_id=account_id)
    if account.currency != currency:
        raise CurrencyDiffers(where="amount", account=account.number, currency=account.currency, given=currency)


def _require_same(stored: AccountCharge, new: AccountCharge) -> None:
    different = [name for name in CONTENT if _plain(getattr(stored, name)) != _plain(getattr(new, name))]
    if different:
        raise ChargeDiffers(source=new.source, reference=new.reference, fields=", ".join(different))


def _plain(value: Any) -> Any:
    return value.normalize() if isinstance(value, Decimal) else value
