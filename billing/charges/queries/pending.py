"""Reads of charges. One is pending until an invoice in force carries it; a credited invoice gives it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.charges import kinds
from billing.charges.models import AccountCharge, AddOn
from billing.invoices import queries as invoice_queries
from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges

CHARGE = gettext_noop("charge")
STATES = ("pending", "billed", "cancelled")


def charges(
    *, account_ids: Collection[int] | None = None, kind: str = "", state: str = "", search: str = ""
) -> QuerySet[AccountCharge]:
    """This will list charges, the latest first, with account, customer, invoice and ``billed``.

    ``search`` meets the start of account numbers and references.
    """
    found = (
        AccountCharge.objects.select_related("account__customer", "invoice", "supply_point")
        .annotate(billed=in_force())
        .order_by("-on", "-pk")
    )
    if account_ids is not None:
        found = found.filter(account_id__in=account_ids)
    if kind:
        found = found.filter(kind=kind)
    if search.strip():
        words = search.strip()
        found = found.filter(Q(account__number__istartswith=words) | Q(reference__istartswith=words))
    return _in_state(found, state)


def charge(*, charge_id: int) -> AccountCharge:
    """This will return one charge; raises NotFound."""
    found = charges().filter(pk=charge_id).first()
    if found is None:
        raise NotFound(what=CHARGE, name=str(charge_id))
    return found


def in_force() -> Any:
    """This will say of a charge whether an invoice that is not credited carries it."""
    return Q(invoice__isnull=False) & ~Exists(invoice_queries.credit_notes_of(OuterRef("invoice_id")))


def is_billed(*, charge_id: int) -> bool:
    """This will say whether an invoice in force carries the charge."""
    return AccountCharge.objects.filter(in_force(), pk=charge_id).exists()


def pending(*, account_ids: Collection[int], until: dt.date, lock: bool = False) -> dict[int, list[AccountCharge]]:
    """This will return what waits for the next bill: charges dated before ``until``, oldest first, by account.

    One query, whatever the number of accounts. ``lock`` keeps the rows until the transaction ends.
    """
    found = AccountCharge.objects.filter(
        ~in_force(), account_id__in=account_ids, on__lt=until, cancelled_at__isnull=True
    ).order_by("account_id", "on", "pk")
    if lock:
        found = found.select_for_update(of=("self",))
    by_account: dict[int, list[AccountCharge]] = {}
    for each in found:
        by_account.setdefault(each.account_id, []).append(each)
    return by_account


def accounts_with_charges(*, period: Period) -> set[int]:
    """This will return the accounts that have something to bill beside energy: pending before its end, or an add-on."""
    waiting = AccountCharge.objects.filter(~in_force(), on__lt=period.end, cancelled_at__isnull=True)
    agreed = AddOn.objects.filter(period__overlap=date_ranges.of_period(period))
    return set(waiting.values_list("account_id", flat=True)) | set(agreed.values_list("account_id", flat=True))


def of_invoices(*, invoice_ids: Collection[int]) -> dict[int, list[AccountCharge]]:
    """This will return the charges that invoices carry, by invoice."""
    found: dict[int, list[AccountCharge]] = {}
    for each in AccountCharge.objects.filter(invoice_id__in=invoice_ids).order_by("on", "pk"):
        found.setdefault(each.invoice_id or 0, []).append(each)
    return found


def by_ids(*, charge_ids: Collection[int]) -> list[AccountCharge]:
    """This will return charges in the order in which bills carry them; without any it asks nothing."""
    if not charge_ids:
        return []
    return list(AccountCharge.objects.filter(pk__in=charge_ids).order_by("account_id", "on", "pk"))


def lines(*, charges: Sequence[AccountCharge]) -> list[Mapping[str, Any]]:
    """This will write charges as the lines of a draft's part, each explained by one cell that names its source."""
    known = kinds.kinds()
    return [_line(each, known.get(each.kind)) for each in charges]


def _in_state(found: QuerySet[AccountCharge], state: str) -> QuerySet[AccountCharge]:
    if state == "cancelled":
        return found.filter(cancelled_at__isnull=False)
    if state == "billed":
        return found.filter(in_force())
    return found.filter(~in_force(), cancelled_at__isnull=True) if state == "pending" else found


def _line(charge: AccountCharge, kind: kinds.Kind | None) -> dict[str, Any]:
    quantity = charge.quantity if charge.quantity is not None and charge.price is not None else None
    exact = quantity is not None and charge.price is not None and quantity * charge.price == charge.amount
    cell = {
        "slice": None,
        "label": None,
        "band": None,
        "quantity": _text(charge.quantity) if exact else "1",
        "unit": "",
        "price": _text(charge.price) if exact else _text(charge.amount),
        "flat": "0",
        "amount": _text(charge.amount),
        "how": f"{charge.source} {charge.reference}",
        "how_much": _days(charge),
    }
    return {
        "code": charge.kind,
        "title": charge.titles,
        "payee": charge.payee,
        "post": True,
        "posted": _text(charge.amount),
        "amount": _text(charge.amount),
        "tax": charge.tax,
        "ledger": kind.ledger if kind else "",
        "charge": charge.pk,
        "cells": [cell],
    }


def _days(charge: AccountCharge) -> str:
    if charge.period is None:
        return charge.on.isoformat()
    return f"{charge.period.lower.isoformat()}/{(charge.period.upper - dt.timedelta(days=1)).isoformat()}"


def _text(value: Any) -> str:
    return format(value.normalize(), "f") if value is not None else ""
