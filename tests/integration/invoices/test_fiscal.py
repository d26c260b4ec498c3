"""Fiscal invoices: handed to the tax bureau once, answered once, taken back by red letters."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from billing.invoices import fiscal_queries, models, operations
from billing.invoices.fiscal_files import UnreadableResult
from harness import billing_cast as cast
from tenants.customers.models import Customer

DAY = cast.ISSUED
NUMBER = "26320000000000000001"


def issue(retailer: Any, number: str, *lines: Any) -> models.Invoice:
    account, point = cast.make_account(number, name="=cmd|' /C calc'!A0")
    draft = cast.make_draft(account, point, lines=lines)
    [key] = operations.store_drafts(drafts=[draft], created_at=cast.AT)
    issued = operations.issue_drafts(draft_ids=[key], terms=cast.terms_of(retailer))
    return models.Invoice.objects.get(pk=issued[key])


def energy(amount: str = "113.00", quantity: str = "200", code: str = "energy", **more: Any) -> dict[str, Any]:
    price = str(Decimal(amount) / Decimal(quantity))
    return cast.line(code, amount, cells=[cast.cell(quantity, price, amount)], **more)


def export() -> operations.fiscal.Exported:
    return operations.export_fiscal(first=DAY, last=DAY, at=cast.AT)


def sheets(batch: models.FiscalBatch) -> dict[str, list[tuple[Any, ...]]]:
    _batch, content = fiscal_queries.batch_file(batch_id=batch.pk)
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: list(sheet.values) for sheet in book}


def answer(*rows: tuple[str, ...]) -> bytes:
    lines = [("发票流水号", "发票号码", "开票日期", "价税合计", "失败原因"), *rows]
    return "\n".join(",".join(row) for row in lines).encode("gb18030")


class TestExport:
    def test_writes_every_field_and_no_formula(self, in_alder):
        invoice = issue(in_alder, "1", energy(), energy("-11.30", "-20", code="bonus"))

        batch = export().batch

        found = sheets(batch)
        head, row = found["1-发票基本信息"]
        basic = dict(zip(head, row, strict=True))
        line = dict(zip(*found["2-发票明细信息"], strict=True))
        assert basic["购买方名称"] == "=cmd|' /C calc'!A0"
        assert (basic["发票流水号"], basic["合计金额"], basic["合计税额"]) == (invoice.number, "90.00", "11.70")
        assert basic["价税合计"] == "101.70"
        assert (line["项目名称"], line["单位"], line["数量"]) == ("*供电*energy", "千瓦时", "200")
        assert (line["单价"], line["金额"], line["折扣金额"], line["税率"]) == ("0.5", "100.00", "10.00", "0.13")

    def test_of_the_same_days_again_finds_nothing(self, in_alder):
        issue(in_alder, "1", energy())
        export()

        with pytest.raises(operations.NothingToExport):
            export()

        assert models.FiscalBatch.objects.count() == 1

    def test_leaves_out_what_is_no_supply_and_what_was_credited(self, in_alder):
        issue(in_alder, "1", energy("-50.00", "100", code="feed", payee="customer"))
        credited = issue(in_alder, "2", energy())
        operations.credit(invoice_id=credited.pk, terms=cast.terms_of(in_alder))
        good = issue(in_alder, "3", energy())

        exported = export()

        assert [row.invoice_id for row in exported.batch.items.all()] == [good.pk]
        assert [refusal.code for refusal in exported.left_out] == ["invoice_not_fiscal"]

    def test_of_a_company_needs_its_tax_number(self, in_alder):
        invoice = issue(in_alder, "1", energy())
        account, point = cast.make_account("2")
        Customer.objects.filter(pk=account.customer_id).update(kind="business")
        [key] = operations.store_drafts(drafts=[cast.make_draft(account, point, lines=[energy()])], created_at=cast.AT)
        operations.issue_drafts(draft_ids=[key], terms=cast.terms_of(in_alder))

        exported = export()

        assert [row.invoice_id for row in exported.batch.items.all()] == [invoice.pk]
        assert len(exported.left_out) == 1

    def test_is_not_for_a_market_without_it(self, in_birch):
        with pytest.raises(operations.NoFiscalInvoices):
            export()

    @pytest.mark.parametrize("count", [1, 7, 60])
    def test_tax_of_the_lines_is_near_the_tax_of_the_bill(self, in_alder, count):
        lines = [energy(f"{n}.{n * 7 % 100:02}", str(n + 3), code=f"c{n}") for n in range(1, count + 1)]
        invoice = issue(in_alder, "1", *lines)

        row = export().batch.items.get()

        gross = sum(Decimal(line["posted"]) for line in lines)
        net = (gross / Decimal("1.13")).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
        computed = sum(
            (Decimal(line["net"]) * Decimal(line["rate"])).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
            for line in row.fields["lines"]
        )
        assert (
            (Decimal(row.fields["net"]), Decimal(row.fields["gross"])) == (net, gross) == (invoice.net, invoice.gross)
        )
        assert abs(computed - invoice.tax) <= Decimal("0.06")
        assert all(len(line["price"].partition(".")[2]) <= 13 for line in row.fields["lines"])


class TestAnswers:
    @pytest.fixture
    def exported(self, in_alder: Any) -> models.Invoice:
        invoice = issue(in_alder, "1", energy())
        export()
        return invoice

    def test_keep_number_and_day_and_change_nothing_the_second_time(self, exported):
        content = answer((exported.number, NUMBER, "2026-04-03", "113.00", ""))

        first = operations.import_fiscal_results(content=content)
        second = operations.import_fiscal_results(content=content)

        row = models.FiscalDocument.objects.get()
        assert (row.state, row.number, row.issued_on) == ("issued", NUMBER, dt.date(2026, 4, 3))
        assert (first.issued, first.known, second.issued, second.known) == (1, 0, 0, 1)

    def test_of_refusal_let_it_be_handed_over_again(self, exported):
        operations.import_fiscal_results(content=answer((exported.number, "", "", "", "税号有误")))

        again = export().batch

        assert again.items.get().invoice_id == exported.pk
        assert models.FiscalDocument.objects.get().state == "exported"

    @pytest.mark.parametrize(
        ("row", "refusal"),
        [
            (("NONE", NUMBER, "2026-04-03", "", ""), operations.ResultRefused),
            (("{n}", "123", "2026-04-03", "", ""), UnreadableResult),
            (("{n}", NUMBER, "2026-13-03", "", ""), UnreadableResult),
            (("{n}", "25320000000000000001", "2026-04-03", "", ""), UnreadableResult),
            (("{n}", NUMBER, "2026-04-03", "113.01", ""), operations.ResultRefused),
            (("{n}", NUMBER, "2026-04-03", "NaN", ""), UnreadableResult),
            (("{n}", "", "", "", ""), UnreadableResult),
            (("", NUMBER, "2026-04-03", "", ""), UnreadableResult),
        ],
    )
    def test_that_do_not_fit_are_refused_whole(self, in_alder, exported, row, refusal):
        other = issue(in_alder, "2", energy())
        export()
        good = (other.number, "26320000000000000009", "2026-04-03", "", "")
        wrong = tuple(value.format(n=exported.number) for value in row)

        with pytest.raises(refusal):
            operations.import_fiscal_results(content=answer(good, wrong))

        assert not models.FiscalDocument.objects.filter(state="issued").exists()

    def test_with_one_number_twice_are_refused(self, in_alder, exported):
        other = issue(in_alder, "2", energy())
        export()

        with pytest.raises(operations.ResultRefused):
            operations.import_fiscal_results(
                content=answer(
                    (exported.number, NUMBER, "2026-04-03", "", ""), (other.number, NUMBER, "2026-04-03", "", "")
                )
            )

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xff\xfe\x00", b"a,b\n1,2"])
    def test_that_are_no_answer_are_refused(self, exported, content):
        with pytest.raises(UnreadableResult):
            operations.import_fiscal_results(content=content)


class TestRedLetters:
    def test_wait_for_their_confirmation_then_go_into_the_next_file(self, in_alder):
        invoice = issue(in_alder, "1", energy())
        export()
        note = models.Invoice.objects.get(
            pk=operations.credit_part(
                invoice_id=invoice.pk, amounts={1: Decimal("56.50")}, terms=cast.terms_of(in_alder), reason="Half"
            )
        )
        before = operations.find_red_letters(at=cast.AT)
        operations.import_fiscal_results(content=answer((invoice.number, NUMBER, "2026-04-03", "", "")))
        after = operations.find_red_letters(at=cast.AT)
        operations.confirm_red_letter(invoice_id=note.pk, confirmation="3200 0001", on=DAY)

        batch = export().batch

        head, row = sheets(batch)["红字信息确认单"]
        red = dict(zip(head, row, strict=True))
        assert (before, after, operations.find_red_letters(at=cast.AT)) == (0, 1, 0)
        assert (red["蓝字发票号码"], red["红字发票信息确认单编号"]) == (NUMBER, "3200 0001")
        assert (red["金额"], red["税额"], red["价税合计"], red["红冲原因"]) == ("-50.00", "-6.50", "-56.50", "销售折让")

    def test_are_confirmed_once(self, in_alder):
        invoice = issue(in_alder, "1", energy())
        export()

        with pytest.raises(operations.NotConfirming):
            operations.confirm_red_letter(invoice_id=invoice.pk, confirmation="1", on=DAY)


class TestNumbersInSheets:
    def test_a_number_that_the_sheet_has_rounded_is_refused_and_never_stored(self, in_alder):
        """Twenty digits typed as a number keep fifteen: the last five of such an invoice's number are lost."""
        invoice = issue(in_alder, "1", energy())
        export()
        book = openpyxl.Workbook()
        book.active.append(["发票流水号", "发票号码", "开票日期", "价税合计", "失败原因"])
        book.active.append([invoice.number, int(NUMBER), "2026-04-03", "113.00", ""])
        made = io.BytesIO()
        book.save(made)

        with pytest.raises(UnreadableResult, match="20 digits"):
            operations.import_fiscal_results(content=made.getvalue())

        assert models.FiscalDocument.objects.get().number == ""
