"""Customers and rated bills that the tests of invoices stand on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from billing.invoices import drafts, terms
from kernel.periods import Period
from tenants.customers.models import Account, Customer, Premises, SupplyPoint

AT = dt.datetime(2026, 4, 2, 4, 0, tzinfo=dt.UTC)
ISSUED = dt.date(2026, 4, 2)
MARCH = Period.of_month(2026, 3)


def make_account(
    number: str, *, currency: str = "CNY", name: str = "Ada", zone: str = "Asia/Shanghai"
) -> tuple[Account, SupplyPoint]:
    customer = Customer.objects.create(number=f"C{number}", name=name, language="zh-hans")
    account = Account.objects.create(
        number=f"A{number}", customer=customer, currency=currency, opened_on=dt.date(2026, 1, 1)
    )
    premises = Premises.objects.create(address="1 Elm St", time_zone=zone)
    return account, SupplyPoint.objects.create(identifier=f"SP{number}", premises=premises)


def line(code: str, amount: str, *, payee: str = "retailer", cells: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """A posted line as a rated bill writes it; without ``cells`` one cell of quantity 1."""
    title = {"en": code.title(), "zh-hans": code}
    made = list(cells) or [cell("1", amount, amount, unit="")]
    return {
        "code": code,
        "title": title,
        "payee": payee,
        "post": True,
        "posted": amount,
        "amount": amount,
        "cells": made,
    }


def cell(
    quantity: str, price: str, amount: str, *, label: str | None = None, unit: str = "kWh", band: int | None = None
) -> dict[str, Any]:
    """A cell as a rated bill writes it."""
    numbers = {"quantity": quantity, "price": price, "flat": "0", "amount": amount}
    return numbers | {"slice": None, "label": label, "band": band, "unit": unit, "how": price, "how_much": quantity}


def make_draft(
    account: Account,
    point: SupplyPoint,
    *amounts: str,
    period: Period = MARCH,
    run_item: int | None = None,
    lines: Sequence[dict[str, Any]] | None = None,
    **shown: Any,
) -> drafts.NewDraft:
    bill_lines = lines or [line(f"charge{n}", amount) for n, amount in enumerate(amounts, start=1)]
    part = drafts.DraftPart(
        supply_point_id=point.pk,
        identifier=point.identifier,
        address=point.premises.address,
        period=period,
        product_titles={"en": "Everyday"},
        product_version_id=None,
        bill={"lines": bill_lines},
        **shown,
    )
    total = sum((Decimal(one["posted"]) for one in bill_lines), Decimal(0))
    return drafts.NewDraft(account.pk, period, account.currency, total, [part], {"readings": 1}, run_item)


def terms_of(retailer: Any, *, issued_on: dt.date = ISSUED) -> terms.IssueTerms:
    return terms.of_retailer(retailer=retailer, issued_on=issued_on, posted_at=AT)
