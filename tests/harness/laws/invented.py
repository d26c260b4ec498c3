"""Tariffs nobody thought of, billed through the whole chain: lines = total = postings, and the books sum to zero."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.charges import operations as charge_operations
from billing.invoices.models import Draft, Invoice, InvoiceLine
from billing.ledger import chart, copying
from billing.ledger import operations as ledger_operations
from billing.ledger.models import Entry, LedgerAccount, Posting, Seal
from billing.runs import operations, queries
from harness import bill_cast, correction_law, supply
from harness.bill_cast import AT, JANUARY, MARCH
from harness.laws import owner_changes
from tenants.customers.models import SupplyPoint

LABELS = ("tip", "peak", "flat", "valley")
CALENDAR = "cn/hubei-2024"
PAYEES = ("retailer", "grid", "state", "customer")
PRICES = st.decimals("-0.5", "2", places=4).map(str)
PLACES = st.sampled_from((None, 1, 2, 3))
PLAIN = st.builds(
    lambda quantity, price: {"quantity": quantity, "price": price},
    st.sampled_from(("sum(consumption)", "1", "peak(demand)", "days / period_days", "sum(consumption) / 3")),
    PRICES,
)
BY_LABEL = st.builds(
    lambda prices: {
        "by": list(LABELS),
        "quantity": "sum(consumption)",
        "price": "{" + ", ".join(f"{label}: {price}" for label, price in zip(LABELS, prices, strict=True)) + "}[label]",
    },
    st.lists(PRICES, min_size=len(LABELS), max_size=len(LABELS)),
)
TIERS = st.builds(
    lambda edges, prices: {
        "quantity": "sum(consumption)",
        "tiers": {
            "mode": "graduated",
            "bands": [
                *({"to": str(edge), "price": price} for edge, price in zip(sorted(edges), prices, strict=False)),
                {"price": prices[-1]},
            ],
        },
    },
    st.lists(st.integers(1, 900), min_size=1, max_size=3, unique=True),
    st.lists(PRICES, min_size=4, max_size=4),
)
CHARGES = st.lists(
    st.tuples(st.one_of(PLAIN, BY_LABEL, TIERS), st.sampled_from(PAYEES), PLACES, PLACES), min_size=1, max_size=8
)


@dataclass(slots=True)
class Invented:
    """How many tariffs were billed, with how many lines; a law that broke is an AssertionError instead."""

    tariffs: int = 0
    lines: int = 0
    postings: int = 0


def billed(*, tariffs: int, derandomize: bool = True) -> Invented:
    """Bill so many invented tariffs for the present company, each an account with readings and sometimes a charge."""
    told = Invented()

    @settings(
        max_examples=tariffs,
        deadline=None,
        derandomize=derandomize,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(charges=CHARGES, extra=st.decimals("-40", "40", places=2), each=st.integers(0, 4000))
    def law(charges: Any, extra: Decimal, each: int) -> None:
        _bill(told, charges, extra, each)

    law()
    return told


def _bill(told: Invented, charges: Any, extra: Decimal, each: int) -> None:
    number = f"I{told.tariffs:05}"
    told.tariffs += 1
    product = supply.product(document=document(f"t{number.lower()}", charges), valid_from=JANUARY)
    account = supply.supply(number=number, product=product, start=JANUARY)
    channel = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
    supply.read(channel=channel, period=MARCH, each=each)
    if extra:
        money = bill_cast.cny(str(extra))
        charge_operations.add(
            account_id=account.pk,
            kind="adjustment",
            source="law",
            reference=number,
            amount=money,
            on=MARCH.start,
            at=AT,
        )
    run = bill_cast.reviewed(account_ids=[account.pk])
    item = queries.items(run=run).get()
    _release(item)
    run = bill_cast.issued(run)
    item = queries.items(run=run).get()
    assert run.state == "done", (item.state, item.reason, item.reason_params)
    _compare(told, item)


def _release(item: Any) -> None:
    """Let an implausible bill go as people do: one releases it, another agrees where it is large."""
    first, second = correction_law.people_of_company()
    if item.state == "parked":
        item = operations.release(item_id=item.pk, at=AT, by=first)
    if item.state == "released":
        operations.approve(item_id=item.pk, at=AT, by=second)


def _compare(told: Invented, item: Any) -> None:
    """Draft, lines, invoice, postings and the open item say the same amount."""
    draft, invoice = Draft.objects.get(pk=item.draft_id), Invoice.objects.get(pk=item.invoice_id)
    rated = sum(
        Decimal(line["posted"]) for part in draft.parts for line in part["bill"]["lines"] if line.get("post", True)
    )
    lines = list(InvoiceLine.objects.filter(invoice=invoice))
    amounts = list(Posting.objects.filter(entry=invoice.entry_id).values_list("ledger_account__code", "amount"))
    owed = sum((amount for code, amount in amounts if code == chart.RECEIVABLE), Decimal(0))
    earned = sum((amount for code, amount in amounts if code != chart.RECEIVABLE), Decimal(0))
    assert sum(line.amount for line in lines) == item.total == rated
    assert sum(line.gross for line in lines) == invoice.gross == owed == -earned
    assert _open_item(invoice) == invoice.gross
    told.lines += len(lines)
    told.postings += len(amounts)


def _open_item(invoice: Invoice) -> Decimal:
    from billing.payments.models import OpenItem

    return sum(OpenItem.objects.filter(invoice=invoice).values_list("amount", flat=True), Decimal(0))


def document(code: str, charges: Sequence[Any]) -> Mapping[str, Any]:
    """A tariff document of invented charges."""
    lines = []
    for n, (what, payee, line_places, cell_places) in enumerate(charges):
        one = {"code": f"c{n}", "title": {"en": f"C{n}", "zh-hans": f"费{n}"}, "payee": payee, **what}
        places = {"line": line_places, "cell": cell_places}
        rounding = {name: count for name, count in places.items() if count}
        lines.append(one | ({"round": rounding} if rounding else {}))
    found = {"tariff": 1, "code": code, "title": {"en": code, "zh-hans": code}, "currency": "CNY", "charges": lines}
    return json.loads(json.dumps(found | {"calendar": CALENDAR}))


@dataclass(slots=True)
class Statements:
    """How many statements wrote postings, how many of them were refused; after each the books summed to zero."""

    made: int = 0
    refused: int = 0


def statements(*, count: int, seed: int = 20261122) -> Statements:
    """Write postings, balanced and not, by INSERT and by COPY; look at the sum of all accounts after each statement.

    What was written is rolled back in the end: its entries are under no seal.
    """
    told, chance = Statements(), random.Random(seed)
    with transaction.atomic():
        owner_changes.post_batches()
        accounts = list(LedgerAccount.objects.values_list("pk", flat=True))
        for _ in range(count):
            told.made += 1
            try:
                with transaction.atomic():
                    _write(chance, accounts)
            except IntegrityError:
                told.refused += 1
            _require_zero()
        transaction.set_rollback(True)
    return told


def _write(chance: random.Random, accounts: Sequence[int]) -> None:
    """One statement of postings for an entry of its own: one in two balances, in one or two currencies."""
    [seal] = copying.reserve_ids(model=Seal, count=1)
    [entry] = ledger_operations.reserve_entry_ids(count=1)
    at = owner_changes.AT
    row = (entry, at, dt.date(2026, 4, 1), "adjustment", f"law {entry}", None, seal)
    fields = ("id", "posted_at", "business_date", "kind", "reference", "reverses", "seal")
    copying.copy_rows(model=Entry, fields=fields, rows=[row])
    sides = [(chance.choice(("CNY", "AUD")), Decimal(chance.randint(1, 99_999)) / 100) for _ in range(3)]
    rows = [(entry, chance.choice(accounts), amount, currency) for currency, amount in sides]
    rows += [(entry, chance.choice(accounts), -amount, currency) for currency, amount in sides]
    if chance.random() < 0.5:
        key, account, amount, currency = rows.pop()
        wrong = chance.choice((None, (amount - Decimal("0.01"), currency), (amount, "USD")))
        rows += [(key, account, *wrong)] if wrong else []
    if chance.random() < 0.5:
        copying.copy_rows(model=Posting, fields=("entry", "ledger_account", "amount", "currency"), rows=rows)
    else:
        Posting.objects.bulk_create(
            Posting(entry_id=key, ledger_account_id=account, amount=amount, currency=currency)
            for key, account, amount, currency in rows
        )


def _require_zero() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT currency, sum(amount) FROM ledger_posting GROUP BY 1 HAVING sum(amount) <> 0")
        assert cursor.fetchall() == []
