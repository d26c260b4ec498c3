"""Bills: the list, every line explained, the document, the comparison."""

from __future__ import annotations

import datetime as dt

from billing.invoices import operations as invoice_operations
from billing.invoices import terms
from harness import portal_cast, supply
from harness.page_text import links_of, rows_of, text_of
from kernel.periods import Period
from tenancy import context


class TestList:
    def test_shows_period_amount_due_day_and_where_each_stands(self, pages, scene):
        january, february, march = scene.lins

        rows = [row[:4] for row in rows_of(pages.get("/bills/"))]

        assert rows == [
            ["1–31 Mar 2025", march, "¥166.65", "17 Apr 2025"],
            ["1–28 Feb 2025", february, "¥125.43", "17 Mar 2025"],
            ["1–31 Jan 2025", january, "¥138.87", "17 Feb 2025"],
        ]

    def test_takes_the_same_queries_for_any_number(self, pages, scene, alder, count_queries):
        few = count_queries(lambda: pages.get("/bills/"))
        bill_april(alder, scene)

        assert count_queries(lambda: pages.get("/bills/")) == few
        assert len(rows_of(pages.get("/bills/"))) == 4

    def test_forgives_a_page_that_is_not_there(self, pages):
        assert pages.get("/bills/?page=999&sort=-password").status_code == 200


class TestBill:
    def test_explains_every_line_by_its_cells(self, pages, scene):
        page = text_of(pages.get(f"/bills/{scene.lins[-1]}/"))

        # 31 days × 52 quarter hours of 0.12 kWh in the peak, 44 in the valley
        assert "Peak 193.44 kWh × ¥0.5583 ¥108.00" in page
        assert "Valley 163.68 kWh × ¥0.3583 ¥58.65" in page
        assert "Tier 1 357.12 kWh × ¥0.00 ¥0.00" in page
        assert "Total ¥166.65 contains VAT 13%: ¥19.17" in page

    def test_leads_from_a_line_to_its_intervals(self, pages, scene):
        number = scene.lins[-1]

        link = f"/usage/?point=P1&kind=consumption&view=day&bill={number}"

        assert link in links_of(pages.get(f"/bills/{number}/"))
        assert "March 2025" in text_of(pages.get(link))

    def test_says_why_it_is_higher(self, pages, scene):
        page = text_of(pages.get(f"/bills/{scene.lins[-1]}/"))

        # 125.43 × 3 / 28 for three days more; the rest is use: 357.12 instead of 297.6 kWh
        assert "Why it is higher than last time" in page
        assert "Last bill ¥125.43 Number of days +¥13.44 Use a day +¥27.78 This bill ¥166.65" in page

    def test_sets_the_bills_beside_each_other(self, pages, scene):
        page = text_of(pages.get(f"/bills/{scene.lins[-1]}/"))

        assert "This bill 1–31 Mar 2025 ¥166.65 357.1 31 11.52" in page
        assert "Last bill 1–28 Feb 2025 ¥125.43 268.8 28 9.60" in page

    def test_of_the_first_month_has_nothing_to_be_compared_with(self, pages, scene):
        assert "last time" not in text_of(pages.get(f"/bills/{scene.lins[0]}/"))

    def test_speaks_chinese(self, pages, scene):
        pages.cookies["gridhall_language"] = "zh-hans"

        page = text_of(pages.get(f"/bills/{scene.lins[-1]}/"))

        assert "高峰 193.44 kWh × ¥0.5583 ¥108.00" in page
        assert "合计 ¥166.65 含增值税 13%：¥19.17" in page


class TestCredit:
    def test_note_and_bill_name_each_other(self, pages, scene, alder):
        number, note = scene.lins[-1], credit(alder, scene)

        bill, credited = text_of(pages.get(f"/bills/{number}/")), text_of(pages.get(f"/bills/{note}/"))

        assert f"Credit note {note} credits all of it" in bill
        assert f"Everything on bill {number} is credited to you" in credited
        assert "Credited to you ¥166.65" in credited
        assert "You owe ¥264.30" in text_of(pages.get("/"))

    def test_note_explains_its_lines_with_the_other_sign(self, pages, scene, alder):
        page = text_of(pages.get(f"/bills/{credit(alder, scene)}/"))

        assert "Peak -193.44 kWh × ¥0.5583 -¥108.00" in page

    def test_a_credited_bill_has_no_costs_any_more(self, pages, scene, alder):
        credit(alder, scene)

        page = text_of(pages.get("/usage/?date=2025-03-12"))

        assert "Cost of this energy" not in page
        assert "357.12 kWh" in page


class TestDocument:
    def test_comes_as_a_private_file_in_the_readers_language(self, pages, scene):
        number = scene.lins[-1]

        english = pages.get(f"/bills/{number}/document/")
        pages.cookies["gridhall_language"] = "zh-hans"
        chinese = pages.get(f"/bills/{number}/document/")

        assert english.content.startswith(b"%PDF-")
        assert english.headers["Content-Type"] == "application/pdf"
        assert english.headers["Content-Disposition"] == f'attachment; filename="{number}-en.pdf"'
        assert english.headers["Cache-Control"] == "private, no-store"
        assert chinese.headers["Content-Disposition"] == f'attachment; filename="{number}-zh-hans.pdf"'
        assert chinese.content != english.content


def bill_april(alder, scene):
    with context.use(alder):
        rest = Period(dt.date(2025, 4, 11), dt.date(2025, 5, 1))
        supply.read(channel=scene.lin.channel, period=rest, each=120)
        portal_cast.bill(Period.of_month(2025, 4), issued=dt.date(2025, 5, 2))


def credit(alder, scene):
    from billing.invoices import queries

    with context.use(alder):
        invoice = queries.invoice(number=scene.lins[-1], customer=scene.lin.customer).invoice
        at = dt.datetime(2025, 4, 5, tzinfo=dt.UTC)
        key = invoice_operations.credit(
            invoice_id=invoice.pk, terms=terms.of_retailer(retailer=alder, issued_on=at.date(), posted_at=at)
        )
        return queries.invoice_by_id(invoice_id=key).invoice.number
