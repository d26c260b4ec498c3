"""The seal of a batch: a fixed text, hashed with the seal before it."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.ledger import chain

ROW = chain.SealedRow(
    entry_id=7,
    posting_id=19,
    posted_at=dt.datetime(2026, 3, 2, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai")),
    business_date=dt.date(2026, 3, 2),
    kind="invoice",
    reference="INV-2026-000001",
    reverses_id=None,
    ledger_account_id=3,
    ledger_account_code="receivable",
    account_id=11,
    currency="CNY",
    amount=Decimal("113.0000"),
)
TEXT = (
    '[7,19,"2026-03-02T04:00:00.000000+00:00","2026-03-02","invoice","INV-2026-000001",'
    'null,3,"receivable",11,"CNY","113"]'
)


class TestCanonical:
    def test_is_one_line_of_json(self) -> None:
        assert ROW.canonical() == TEXT

    def test_does_not_depend_on_how_many_zeros_the_database_keeps(self) -> None:
        assert replace(ROW, amount=Decimal("113")).canonical() == TEXT

    def test_keeps_zeros_before_the_point(self) -> None:
        assert replace(ROW, amount=Decimal("-100")).canonical().endswith(',"-100"]')


class TestSeal:
    def test_hashes_the_seal_before_and_the_rows(self) -> None:
        expected = hashlib.sha256(f"{chain.GENESIS}\n{TEXT}\n".encode()).hexdigest()

        assert chain.seal(previous=chain.GENESIS, rows=[ROW]) == expected

    def test_changes_with_the_order_of_rows(self) -> None:
        other = replace(ROW, posting_id=20, amount=Decimal("-113"))

        assert chain.seal(previous=chain.GENESIS, rows=[ROW, other]) != chain.seal(
            previous=chain.GENESIS, rows=[other, ROW]
        )
