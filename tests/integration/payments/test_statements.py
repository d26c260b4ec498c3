"""Statements of banks: whole or not at all, each movement once, the bank account as the bank says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from billing.ledger import chart
from billing.ledger import queries as ledger_queries
from billing.payments import operations, queries
from billing.payments.models import BankLine, BankStatement, LineBooking, Payment, Refund
from billing.payments.statements.shapes import FileRefused
from harness import billing_cast
from harness.bank_files import camt, entry
from kernel.money import Money

AT = dt.datetime(2026, 5, 5, 4, 0, tzinfo=dt.UTC)


def held(code: str) -> Decimal:
    return sum((row.balance for row in ledger_queries.trial_balance() if row.code == code), Decimal(0))


def everything_sums_to_zero() -> bool:
    return sum((row.balance for row in ledger_queries.trial_balance()), Decimal(0)) == 0


def load(content: bytes, **more: Any) -> list[BankStatement]:
    return operations.import_statement(content=content, file_name="s.xml", imported_by="ann", at=AT, **more)


class TestCamt:
    @pytest.mark.parametrize("version", ["02", "04", "06", "08"])
    def test_books_every_line_through_suspense(self, bank_account, version):
        status = "<Sts>BOOK</Sts>" if version < "08" else "<Sts><Cd>BOOK</Cd></Sts>"
        lines = [entry("100.00", status=status), entry("30.00", side="DBIT", status=status)]

        [statement] = load(camt(lines, opening="50.00", closing="120.00", version=version))

        assert (statement.row_count, statement.new_count) == (2, 2)
        assert held(chart.BANK) == Decimal("120.00")
        assert held(chart.SUSPENSE) == Decimal("-70.00")
        assert everything_sums_to_zero()

    def test_the_same_and_an_overlapping_statement_book_nothing_twice(self, bank_account):
        first = [entry("10.00", text="a"), entry("10.00", text="a")]
        load(camt(first, opening="0.00", closing="20.00"))

        load(camt(first, opening="0.00", closing="20.00"))
        [longer] = load(camt([*first, entry("10.00", text="a", day="2026-05-05")], opening="0.00", closing="30.00"))

        assert longer.new_count == 1
        assert BankLine.objects.count() == 3
        assert held(chart.BANK) == Decimal("30.00")

    def test_a_batch_becomes_its_single_payments(self, bank_account):
        single = (
            "<TxDtls><Refs><EndToEndId>{0}</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy='CNY'>{1}</Amt></TxAmt>"
            "</AmtDtls></TxDtls>"
        )
        details = f"<NtryDtls><Btch/>{single.format('E1', '60.00')}{single.format('E2', '40.00')}</NtryDtls>"

        load(camt([entry("100.00", details=details)], opening="0.00", closing="100.00"))

        assert list(BankLine.objects.order_by("pk").values_list("end_to_end", "amount")) == [
            ("E1", Decimal(60)),
            ("E2", Decimal(40)),
        ]

    def test_pending_entries_do_not_count(self, bank_account):
        pending = entry("99.00", status="<Sts><Cd>PDNG</Cd></Sts>")

        load(camt([pending, entry("1.00")], opening="0.00", closing="1.00"))

        assert held(chart.BANK) == Decimal("1.00")

    @pytest.mark.parametrize(
        "content",
        [
            b"<a>",
            b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.052.001.08'/>",
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><Document>&b;</Document>",
            camt([entry("1.00")], opening="0.00", closing="2.00"),
            camt([entry("1.001")], opening="0.00", closing="1.001"),
            camt([entry("1.00")], opening="0.00", closing="1.00", number="GB33BUKB20201555555555"),
            camt([entry("1.00"), entry("x")], opening="0.00", closing="1.00"),
            camt([entry("1.00", day="2026-02-30")], opening="0.00", closing="1.00"),
        ],
    )
    def test_a_wrong_file_changes_nothing(self, bank_account, content):
        with pytest.raises(FileRefused):
            load(content)

        assert BankStatement.objects.count() == BankLine.objects.count() == 0
        assert ledger_queries.trial_balance() == []

    def test_a_missing_statement_in_between_is_refused(self, bank_account):
        load(camt([entry("1.00")], opening="0.00", closing="1.00"))

        with pytest.raises(FileRefused, match="in between"):
            load(camt([entry("1.00", day="2026-05-06")], opening="5.00", closing="6.00"))

        assert held(chart.BANK) == Decimal("1.00")


class TestChineseCsv:
    HEAD = "账号：6222000011112222\r\n交易日期,流水号,摘要,附言,收入金额,支出金额,余额,对方户名,对方账号\r\n"
    ROWS = (
        '20260504,\t1001\t,转账,电费 A1,"1,113.00",,"1,213.00",王小明,\t6222333344445555\t\r\n'
        '20260505,\t1002\t,手续费,,,13.00,"1,200.00",,\r\n'
    )

    def load(self, bank_account: Any, profile: Any, text: str, encoding: str = "gbk") -> list[BankStatement]:
        bank_account.profile = profile
        bank_account.save()
        return load(text.encode(encoding), bank_account_id=bank_account.pk)

    @pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig"])
    def test_is_read_by_its_profile(self, bank_account, chinese_profile, encoding):
        [statement] = self.load(bank_account, chinese_profile, self.HEAD + self.ROWS, encoding)

        first = BankLine.objects.order_by("pk")[0]
        assert (statement.opening, statement.closing) == (Decimal("100.00"), Decimal("1200.00"))
        assert (first.party_name, first.party_account, first.bank_reference) == ("王小明", "6222333344445555", "1001")
        assert held(chart.BANK) == Decimal("1200.00")

    def test_newest_first_is_the_same(self, bank_account, chinese_profile):
        rows = self.ROWS.splitlines(keepends=True)

        self.load(bank_account, chinese_profile, self.HEAD + "".join(reversed(rows)))

        assert held(chart.BANK) == Decimal("1200.00")

    def test_names_row_and_column_of_what_is_wrong(self, bank_account, chinese_profile):
        wrong = self.ROWS.replace("20260505", "2026-13-01").replace('"1,113.00"', "viel")

        with pytest.raises(FileRefused) as refusal:
            self.load(bank_account, chinese_profile, self.HEAD + wrong)

        assert [(fault.row, fault.column) for fault in refusal.value.faults] == [(3, "credit"), (4, "booked_on")]
        assert BankLine.objects.count() == 0

    def test_balances_that_do_not_follow_are_refused(self, bank_account, chinese_profile):
        with pytest.raises(FileRefused) as refusal:
            self.load(bank_account, chinese_profile, self.HEAD + self.ROWS.replace("1,200.00", "1,201.00"))

        assert [(fault.row, fault.column) for fault in refusal.value.faults] == [(4, "balance")]


class TestMatching:
    @pytest.fixture
    def owing(self, bank_account, bill):
        account, point = billing_cast.make_account("1001", name="王小明")
        return account, bill(account, point, "113.00")

    def match(self, *lines: str, opening: str = "0.00", closing: str) -> None:
        load(camt(list(lines), opening=opening, closing=closing))
        operations.match_lines(at=AT)

    def test_the_number_of_a_bill_and_its_amount_are_booked_at_once(self, owing):
        account, invoice = owing

        self.match(entry("113.00", text=f"Rechnung {invoice.number} danke", account="X1"), closing="113.00")

        assert queries.outstanding(account_ids=[account.pk]) == []
        assert LineBooking.objects.get().reasons == ["invoice", "amount"]
        assert held(chart.SUSPENSE) == 0
        assert held(chart.BANK) == Decimal("113.00")

    def test_a_known_payer_is_recognised_the_next_time(self, owing, bill):
        account, invoice = owing
        self.match(entry("113.00", text=invoice.number, account="X1"), closing="113.00")
        point = billing_cast.SupplyPoint.objects.get(identifier="SP1001")
        bill(account, point, "50.00", month=4)

        self.match(entry("50.00", account="X1", day="2026-05-06"), opening="113.00", closing="163.00")

        assert queries.outstanding(account_ids=[account.pk]) == []

    def test_amount_and_name_alone_wait_in_the_queue_with_their_reasons(self, owing):
        account, _ = owing

        self.match(entry("113.00", name="王小明"), closing="113.00")

        line = BankLine.objects.get()
        [suggestion] = queries.suggestions(lines=[line])[line.pk]
        assert Payment.objects.count() == 0
        assert (suggestion.account_id, suggestion.reasons, suggestion.score) == (account.pk, ["amount", "name"], 50)

    def test_two_accounts_alike_are_never_guessed(self, owing, bill):
        _, invoice = owing
        other, point = billing_cast.make_account("1002", name="王小明")
        second = bill(other, point, "113.00")

        self.match(entry("113.00", text=f"{invoice.number} {second.number}"), closing="113.00")

        assert Payment.objects.count() == 0

    def test_a_returned_payment_opens_the_bill_again(self, owing):
        account, invoice = owing
        self.match(entry("113.00", text=invoice.number, end_to_end="E77"), closing="113.00")
        back = entry("113.00", side="DBIT", reversal=True, end_to_end="E77", day="2026-05-06")

        self.match(back, opening="113.00", closing="0.00")

        assert [row.open.amount for row in queries.outstanding(account_ids=[account.pk])] == [Decimal("113.00")]
        assert held(chart.SUSPENSE) == held(chart.BANK) == 0

    def test_a_refund_is_paid_when_the_bank_says_so(self, owing):
        account, invoice = owing
        self.match(entry("150.00", text=f"{invoice.number} A1001"), closing="150.00")
        refund = operations.request_refund(
            account_id=account.pk, money=Money(Decimal("37.00"), "CNY"), method="bank_transfer", reason="too much",
            requested_by="ann", at=AT, payee={"name": "王小明", "account": "6222333344445555"},
        )  # fmt: skip
        operations.approve_refund(refund_id=refund.pk, approved_by="ben", at=AT)
        paid = entry("37.00", side="DBIT", end_to_end=refund.reference, day="2026-05-06")

        self.match(paid, opening="150.00", closing="113.00")

        assert Refund.objects.get().state == "paid"
        assert held(chart.CLEARING) == held(chart.SUSPENSE) == 0


class TestTheQueue:
    @pytest.fixture
    def line(self, bank_account):
        load(camt([entry("100.00", name="Somebody", account="X9")], opening="0.00", closing="100.00"))
        return BankLine.objects.get()

    def test_a_line_is_split_and_taken_back(self, line):
        one, two = (billing_cast.make_account(number)[0] for number in "12")
        parts = [operations.Part("payment", Decimal(60), account_id=one.pk)]
        parts += [operations.Part("payment", Decimal(40), account_id=two.pk)]

        made = operations.book_line(line_id=line.pk, parts=parts, booked_by="ann", at=AT)
        operations.undo_booking(booking_id=made[1].pk, undone_by="ann", at=AT)
        operations.undo_booking(booking_id=made[1].pk, undone_by="ann", at=AT)

        line.refresh_from_db()
        assert line.used == Decimal(60)
        assert queries.account_credit() == {one.pk: Money(Decimal("60.00"), "CNY")}
        assert held(chart.SUSPENSE) == Decimal("-40.00")

    def test_more_than_the_line_is_refused(self, line):
        account, _ = billing_cast.make_account("1")

        with pytest.raises(operations.LineRefused):
            operations.book_line(
                line_id=line.pk, parts=[operations.Part("payment", Decimal("100.01"), account_id=account.pk)],
                booked_by="ann", at=AT,
            )  # fmt: skip

        assert Payment.objects.count() == 0

    def test_what_nobody_owns_is_sent_back(self, line):
        [made] = operations.book_line(
            line_id=line.pk, parts=[operations.Part("return", Decimal(100))], booked_by="ann", at=AT
        )

        operations.approve_refund(refund_id=made.refund_id, approved_by="ben", at=AT)
        _, content, count = operations.order_refunds(
            bank_account_id=line.bank_account_id, file_format="pain.001", at=AT
        )

        assert count == 1
        assert b"<Id>X9</Id>" in content
        assert held(chart.SUSPENSE) == 0
        assert held(chart.CLEARING) == Decimal("-100.00")

    def test_a_parked_line_stays_in_suspense(self, line):
        operations.park(line_id=line.pk, reason="asked the sender")

        line.refresh_from_db()
        assert line.parked == "asked the sender"
        assert held(chart.SUSPENSE) == Decimal("-100.00")

    def test_a_transfer_told_before_its_statement_is_not_counted_again(self, bank_account):
        account, _ = billing_cast.make_account("1")
        operations.receive(
            account_id=account.pk, money=Money(Decimal("40.00"), "CNY"), method="bank_transfer", source="api",
            reference="T-778", received_on=AT.date(), at=AT,
        )  # fmt: skip
        load(camt([entry("40.00", text="ref T-778")], opening="0.00", closing="40.00"))

        operations.match_lines(at=AT)

        assert queries.account_credit() == {account.pk: Money(Decimal("40.00"), "CNY")}
        assert (held(chart.BANK), held(chart.CLEARING), held(chart.SUSPENSE)) == (Decimal("40.00"), 0, 0)
