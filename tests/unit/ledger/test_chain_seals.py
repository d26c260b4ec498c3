"""The seal of a batch: a fixed text, hashed with the seal before it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

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
        assert ROW.canonical() == TEXT.encode()

    def test_does_not_depend_on_how_many_zeros_the_database_keeps(self) -> None:
        assert ROW._replace(amount=Decimal("113")).canonical() == TEXT.encode()

    def test_keeps_zeros_before_the_point(self) -> None:
        assert ROW._replace(amount=Decimal("-100")).canonical().endswith(b',"-100"]')

    @pytest.mark.parametrize("reference", ["", 'a"b\\c', "\b\f\n\r\t\x01\x1f\x7f", "户号 — é\u2028😀", "</script>"])
    def test_is_written_as_the_standard_library_writes_json(self, reference: str) -> None:
        row = ROW._replace(reference=reference, reverses_id=2**53, account_id=None)

        written = row.canonical()

        values = json.loads(written)
        assert written.decode() == json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        assert values[5] == reference


class TestSeal:
    def test_hashes_the_seal_before_and_the_rows(self) -> None:
        expected = hashlib.sha256(f"{chain.GENESIS}\n{TEXT}\n".encode()).hexdigest()

        assert chain.seal(previous=chain.GENESIS, rows=[ROW]) == expected

    def test_changes_with_the_order_of_rows(self) -> None:
        other = ROW._replace(posting_id=20, amount=Decimal("-113"))

        assert chain.seal(previous=chain.GENESIS, rows=[ROW, other]) != chain.seal(
            previous=chain.GENESIS, rows=[other, ROW]
        )
