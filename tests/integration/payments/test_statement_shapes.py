"""Statements as banks really send them, and files nobody should send."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.ledger import queries as ledger_queries
from billing.payments import operations
from billing.payments.models import BankLine, BankStatement
from billing.payments.statements import camt as camt_files
from billing.payments.statements.shapes import FileRefused
from harness.bank_files import camt, entry

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 5, 5, 4, 0, tzinfo=dt.UTC)
HEAD = "交易日期,收入金额,支出金额,余额,对方户名,对方账号,流水号,摘要,附言"


def load(content, account=None):
    return operations.import_statement(
        content=content, file_name="s", imported_by="t", at=AT, bank_account_id=account.pk if account else None
    )


def bank():
    return sum((row.balance for row in ledger_queries.trial_balance() if row.code == "bank"), Decimal(0))


def without(content, code):
    text = content.decode()
    place = text.index(f"<Bal><Tp><CdOrPrtry><Cd>{code}")
    return (text[:place] + text[text.index("</Bal>", place) + len("</Bal>") :]).encode()


class TestCamt:
    def test_a_statement_that_names_its_closing_balance_alone_brings_what_was_there_before(self, bank_account):
        load(without(camt([entry("50.00", reference="A")], opening="200.00", closing="250.00"), "OPBD"))

        load(camt([entry("10.00", reference="B", day="2026-05-05")], opening="250.00", closing="260.00", name="S2"))

        assert bank() == Decimal("260.00")

    def test_balances_of_the_day_before_and_of_a_page_are_known(self, bank_account):
        content = camt([entry("50.00")], opening="200.00", closing="250.00").replace(b"OPBD", b"PRCD")

        load(content)

        assert bank() == Decimal("250.00")

    def test_entries_without_details_references_or_value_date_are_lines(self, bank_account):
        bare = (
            "<Ntry><Amt Ccy='CNY'>7.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>"
            "<BookgDt><DtTm>2026-05-04T10:00:00+08:00</DtTm></BookgDt><AddtlNtryInf>Kontof\u00fchrung</AddtlNtryInf></Ntry>"
        )

        load(camt([bare], opening="10.00", closing="3.00", version="02"))

        line = BankLine.objects.get()
        assert (line.amount, line.value_on, line.text) == (Decimal(-7), dt.date(2026, 5, 4), "Kontof\u00fchrung")

    @pytest.mark.parametrize("mark", ["true", "1"])
    def test_a_reversal_is_a_return_by_either_word(self, mark):
        content = camt([entry("5.00", side="DBIT", reversal=True)], opening="5.00", closing="0.00")

        [read] = camt_files.read(content.replace(b"<RvslInd>true", f"<RvslInd>{mark}".encode()))

        assert read.lines[0].is_return

    def test_a_batch_whose_parts_do_not_sum_to_it_stays_one_line(self, bank_account):
        parts = "".join(
            f"<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy='CNY'>{n}0.00</Amt></TxAmt>"
            f"</AmtDtls></TxDtls>"
            for n in (1, 2)
        )
        charged = entry("29.50", details=f"<NtryDtls>{parts}</NtryDtls>")

        load(camt([charged], opening="0.00", closing="29.50"))

        assert [line.amount for line in BankLine.objects.all()] == [Decimal("29.50")]

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_days_that_cannot_be_are_refused_with_their_row(self, bank_account, day):
        with pytest.raises(FileRefused) as refusal:
            load(camt([entry("5.00", day=day)], opening="0.00", closing="5.00"))

        assert (refusal.value.faults[0].row, refusal.value.faults[0].column) == (1, "booked_on")
        assert BankStatement.objects.count() == 0


class TestHostileFiles:
    @pytest.mark.parametrize(
        "content",
        [
            b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            b"<!DOCTYPE a [<!ENTITY x 'lol'><!ENTITY y '&x;&x;&x;&x;'>]><a>&y;</a>",
            b"<a><b></a>",
            b"<?xml version='1.0' encoding='UTF-16'?><Document/>",
            b"<?xml version='1.0' encoding='nonsense'?><Document/>",
            b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.09'/>",
            b"<" * 100_000,
            b"<a>" * 50_000,
        ],
    )
    def test_are_refused_and_leave_nothing(self, bank_account, content):
        with pytest.raises(FileRefused):
            load(content)

        assert BankStatement.objects.count() == 0

    def test_more_than_any_statement_is_refused_before_it_is_read(self, bank_account):
        with pytest.raises(FileRefused, match="larger than"):
            load(b"<" + b" " * 100_000_000)


class TestCsv:
    @pytest.fixture
    def house(self, bank_account, chinese_profile):
        bank_account.profile = chinese_profile
        bank_account.save()
        return bank_account

    def table(self, *rows, encoding="gbk"):
        return "\r\n".join([HEAD, *rows]).encode(encoding)

    ROWS = (
        '2026-05-04,"1,234.56",,"1,334.56",张三,6222,1,转账,电费',
        '2026-05-04,,"1,000.00",334.56,李四,6223,2,转账,',
    )

    @pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig", "gb18030"])
    def test_thousands_are_read_in_any_coding(self, house, encoding):
        load(self.table(*self.ROWS, encoding=encoding), house)

        assert [line.amount for line in BankLine.objects.order_by("row")] == [Decimal("1234.56"), Decimal(-1000)]
        assert bank() == Decimal("334.56")

    def test_a_foot_with_the_right_sums_is_left_out(self, house):
        load(self.table(*self.ROWS, '合计,"1,234.56","1,000.00",,,,,共2笔,'), house)

        assert BankLine.objects.count() == 2

    def test_a_foot_with_other_sums_refuses_the_file(self, house):
        with pytest.raises(FileRefused) as refusal:
            load(self.table(*self.ROWS, '合计,"1,234.57","1,000.00",,,,,,'), house)

        assert [(fault.row, fault.column) for fault in refusal.value.faults] == [(4, "credit")]
        assert BankLine.objects.count() == 0

    def test_a_cell_beyond_all_measure_is_refused(self, house):
        with pytest.raises(FileRefused, match="no table"):
            load(self.table("2026-05-04,1,,1," + "x" * 200_000 + ",,,,"), house)

    def test_two_equal_rows_are_two_and_stay_two(self, house):
        rows = ["2026-05-04,5.00,,5.00,张三,6222,,转账,", "2026-05-04,5.00,,10.00,张三,6222,,转账,"]

        for _again in range(2):
            load(self.table(*rows), house)

        assert (BankLine.objects.count(), bank()) == (2, Decimal("10.00"))
