"""The document: same bytes, embedded fonts, both languages, and names that try to be code."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.utils import translation

from billing.invoices import documents, models, operations, queries
from harness import billing_cast as cast
from kernel.errors import NotFound
from tenancy.models import Brand

HOSTILE = '#panic("x") $x^2$ *bold* `raw` \\ [[ <label> @ref // 王小明 " \' {}'
CELLS = [
    cast.cell("100.5", "0.7457", "74.94285", label="peak"),
    cast.cell("95.125", "0.1243", "11.8240375", label="valley"),
]
USAGE = {
    "titles": [{"en": "Peak", "zh-hans": "高峰"}, {"en": "Valley", "zh-hans": "低谷"}],
    "first": "2026-03-01",
    "days": [[3241 + day, 3068 - day] for day in range(31)],
}


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_DIR = tmp_path
    return tmp_path


def issue(retailer: Any, *, name: str = "王小明", amount: str = "86.77") -> models.Invoice:
    account, point = cast.make_account("1", currency=retailer.currency, name=name)
    line = cast.line("energy", amount, cells=CELLS)
    titles = {"peak": USAGE["titles"][0], "valley": USAGE["titles"][1]}
    draft = cast.make_draft(account, point, lines=[line], usage=USAGE, label_titles=titles)
    keys = operations.store_drafts(drafts=[draft], created_at=cast.AT)
    issued = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(retailer))
    return models.Invoice.objects.get(pk=issued[keys[0]])


def text_of(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages)


def fonts_of(document: bytes) -> list[tuple[str, bool]]:
    found = []
    for page in pypdf.PdfReader(io.BytesIO(document)).pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            found.append((str(descriptor["/FontName"]), "/FontFile3" in descriptor or "/FontFile2" in descriptor))
    return found


class TestPdf:
    def test_is_the_same_bytes_each_time(self, in_alder: Any) -> None:
        invoice = issue(in_alder)

        first = documents.pdf(invoice_id=invoice.pk, language="zh-hans")

        assert documents.pdf(invoice_id=invoice.pk, language="zh-hans") == first
        drawn = documents.draw(detail=queries.invoice_by_id(invoice_id=invoice.pk), language="zh-hans")
        assert hashlib.sha256(drawn).hexdigest() == hashlib.sha256(first).hexdigest()

    def test_does_not_depend_on_the_language_of_the_reader(self, in_alder: Any) -> None:
        invoice = issue(in_alder)
        detail = queries.invoice_by_id(invoice_id=invoice.pk)

        with translation.override("zh-hans"):
            in_chinese = documents.draw(detail=detail, language="en")
        with translation.override("en"):
            in_english = documents.draw(detail=detail, language="en")

        assert in_chinese == in_english

    def test_is_stored_once_in_the_retailers_folder_and_used_again(self, in_alder: Any, files: Path) -> None:
        invoice = issue(in_alder)
        documents.pdf(invoice_id=invoice.pk, language="en")
        [stored] = [path for path in files.rglob("*") if path.is_file()]

        stored.write_bytes(b"kept")

        assert documents.pdf(invoice_id=invoice.pk, language="en") == b"kept"
        assert in_alder.schema_name in str(stored)

    def test_embeds_all_its_fonts(self, in_alder: Any) -> None:
        document = documents.pdf(invoice_id=issue(in_alder).pk, language="zh-hans")

        fonts = fonts_of(document)

        assert fonts
        assert all("NotoSansSC" in name and embedded for name, embedded in fonts)

    def test_in_english_says_what_is_owed_and_why(self, in_alder: Any) -> None:
        text = text_of(documents.pdf(invoice_id=issue(in_alder).pk, language="en"))

        for expected in (
            "Alder Power",
            "You owe",
            "¥86.77",
            "Please pay by 17 April 2026.",
            "195.625 kWh",
            "0.7457",
            "¥74.95",
            "¥11.82",
            "VAT 13%",
            "¥9.98",
            "Page 1 of 1",
        ):
            assert expected in text

    def test_in_chinese_has_the_amount_in_capitals(self, in_alder: Any) -> None:
        text = text_of(documents.pdf(invoice_id=issue(in_alder).pk, language="zh-hans"))

        assert "人民币捌拾陆元柒角柒分" in text
        assert "桤木售电" in text
        assert "王小明" in text

    def test_shows_hostile_names_as_they_are(self, in_alder: Any) -> None:
        text = text_of(documents.pdf(invoice_id=issue(in_alder, name=HOSTILE).pk, language="en"))

        assert HOSTILE in " ".join(text.split())

    def test_of_a_credit_note_names_the_bill_it_takes_back(self, in_alder: Any) -> None:
        invoice = issue(in_alder)
        note = operations.credit(invoice_id=invoice.pk, terms=cast.terms_of(in_alder, issued_on=dt.date(2026, 4, 9)))

        text = text_of(documents.pdf(invoice_id=note, language="en"))

        assert "Credit note" in text
        assert "We credit you" in text
        assert invoice.number in text
        assert "−195.625 kWh" in text

    def test_of_an_australian_bill_is_a_tax_invoice(self, in_birch: Any) -> None:
        text = text_of(documents.pdf(invoice_id=issue(in_birch).pk, language="en"))

        assert "Tax invoice" in text
        assert "A$95.45" in text

    def test_shows_the_logo_as_long_as_it_is_the_one_at_issue(self, in_alder: Any) -> None:
        svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>'
        in_alder.brand = Brand(logo=svg, logo_type="image/svg+xml")
        detail = queries.invoice_by_id(invoice_id=issue(in_alder).pk)

        with_logo = documents.draw(detail=detail, language="en")
        in_alder.brand = Brand(logo=svg + b" ", logo_type="image/svg+xml")
        without = documents.draw(detail=detail, language="en")

        assert len(with_logo) > len(without)

    def test_of_many_lines_runs_over_pages(self, in_alder: Any) -> None:
        account, point = cast.make_account("7")
        draft = cast.make_draft(account, point, *["1.13"] * 70)
        keys = operations.store_drafts(drafts=[draft], created_at=cast.AT)
        issued = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(in_alder))

        text = text_of(documents.pdf(invoice_id=issued[keys[0]], language="en"))

        assert "Page 2 of 2" in text

    @pytest.mark.parametrize("language", ["fr", "../../etc", ""])
    def test_in_another_language_is_refused_and_stores_nothing(self, in_alder: Any, files: Path, language: str) -> None:
        invoice = issue(in_alder)

        with pytest.raises(documents.LanguageNotOffered):
            documents.pdf(invoice_id=invoice.pk, language=language)

        assert list(files.rglob("*")) == []

    def test_of_an_unknown_invoice_is_not_found(self, in_alder: Any) -> None:
        with pytest.raises(NotFound):
            documents.pdf(invoice_id=404, language="en")
