"""Tax: included or added, exact in sum, within one cent per line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.invoices import taxes

VAT = taxes.TaxPolicy("vat", {"en": "VAT"}, Decimal("0.13"), inclusive=True)
GST = taxes.TaxPolicy("gst", {"en": "GST"}, Decimal("0.10"), inclusive=False, exempt_payees=frozenset({"customer"}))
CENTS = st.integers(-10_000_00, 10_000_00).map(lambda cents: Decimal(cents) / 100)


def tax(policy: taxes.TaxPolicy, *amounts: str, payee: str = "retailer") -> list[taxes.Taxed]:
    lines = [taxes.Taxable(Decimal(amount), payee) for amount in amounts]
    return taxes.tax_amounts(lines=lines, policy=policy, currency="CNY")


class TestTaxAmounts:
    def test_included_is_taken_out_of_the_total(self) -> None:
        taxed = tax(VAT, "113.00")

        assert taxes.total(taxed) == (Decimal("100.00"), Decimal("13.00"), Decimal("113.00"))

    def test_three_lines_sum_to_the_tax_on_the_total(self) -> None:
        taxed = tax(VAT, "0.33", "0.33", "0.34")

        assert [(row.net, row.tax) for row in taxed] == [
            (Decimal("0.29"), Decimal("0.04")),
            (Decimal("0.29"), Decimal("0.04")),
            (Decimal("0.30"), Decimal("0.04")),
        ]
        assert taxes.total(taxed) == (Decimal("0.88"), Decimal("0.12"), Decimal("1.00"))

    def test_added_comes_on_top(self) -> None:
        taxed = tax(GST, "0.05", "0.05", "99.95")

        assert [row.tax for row in taxed] == [Decimal("0.01"), Decimal("0.00"), Decimal("10.00")]
        assert taxes.total(taxed) == (Decimal("100.05"), Decimal("10.01"), Decimal("110.06"))

    def test_what_the_customer_earns_bears_none(self) -> None:
        [taxed] = tax(GST, "-20.00", payee="customer")

        assert taxed == taxes.Taxed(net=Decimal("-20.00"), tax=Decimal(0), rate=Decimal(0))

    def test_a_credit_is_taxed_the_other_way(self) -> None:
        taxed = tax(VAT, "113.00", "-56.50")

        assert [row.tax for row in taxed] == [Decimal("13.00"), Decimal("-6.50")]

    def test_a_tax_that_the_tariff_states_is_not_added_again(self) -> None:
        lines = [
            taxes.Taxable(Decimal("100.00"), "retailer", "usage", 1),
            taxes.Taxable(Decimal("9.99"), "state", "gst", 1),
            taxes.Taxable(Decimal("50.00"), "retailer", "usage", 2),
        ]

        taxed = taxes.tax_amounts(lines=lines, policy=GST, currency="AUD")

        assert [(row.net, row.tax) for row in taxed] == [
            (Decimal("100.00"), Decimal("0")),
            (Decimal("0"), Decimal("9.99")),
            (Decimal("50.00"), Decimal("5.00")),
        ]

    @pytest.mark.parametrize("policy", [VAT, GST], ids=["inclusive", "exclusive"])
    @given(amounts=st.lists(CENTS, min_size=1, max_size=12))
    def test_sums_to_the_tax_on_the_total(self, policy: taxes.TaxPolicy, amounts: list[Decimal]) -> None:
        taxed = tax(policy, *map(str, amounts))

        [whole] = tax(policy, str(sum(amounts)))
        assert taxes.total(taxed) == (whole.net, whole.tax, whole.gross)

    @given(amounts=st.lists(CENTS, min_size=1, max_size=12))
    def test_each_line_is_within_a_cent_of_its_own_tax(self, amounts: list[Decimal]) -> None:
        for amount, row in zip(amounts, tax(VAT, *map(str, amounts)), strict=True):
            [alone] = tax(VAT, str(amount))
            assert abs(row.tax - alone.tax) <= Decimal("0.01")


class TestSummary:
    def test_has_a_row_for_each_rate(self) -> None:
        taxed = tax(GST, "100.00") + tax(GST, "-20.00", payee="customer")

        rows = taxes.summary(taxed, GST)

        assert [(row["rate"], row["net"], row["tax"], row["gross"]) for row in rows] == [
            ("0.10", "100.00", "10.00", "110.00"),
            ("0", "-20.00", "0.00", "-20.00"),
        ]
