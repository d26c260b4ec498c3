"""The laws of the tariff language, over readings and prices that hypothesis makes up."""

import datetime as dt
import decimal
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rating import documents, evaluate, inputs, intervals, tiers
from billing.rating.bills import Bill
from billing.rating.inputs import Labels
from kernel import money

LABELS = ("tip", "peak", "flat", "valley", "deep")
SLOTS = 24
RESOURCES = documents.Resources(calendars={"five": LABELS})

readings = st.lists(st.integers(0, 10**7), min_size=SLOTS, max_size=SLOTS).map(
    lambda values: np.array(values, np.int64)
)
codes = st.lists(st.integers(0, 4), min_size=SLOTS, max_size=SLOTS).map(lambda values: np.array(values, np.int8))
prices = st.decimals(-1, 3, places=5)
quantities = st.decimals(-5000, 5000, places=3)
limits = st.lists(st.decimals(0, 4000, places=3), min_size=0, max_size=4).map(sorted)
law = settings(max_examples=60, deadline=None)


@pytest.fixture(autouse=True)
def _exact():
    with decimal.localcontext(money.EXACT):
        yield


def tariff(*charges, **parts):
    head = {"tariff": 1, "code": "t", "currency": "CNY", "calendar": "five"}
    return documents.load({**head, **parts, "charges": list(charges)}, resources=RESOURCES)


def account(consumption, labels, **parts):
    part = inputs.SliceInputs(
        1, dt.date(2026, 1, 1), parts.get("parameters", {}), {"five": labels}, {"consumption": consumption}
    )
    return inputs.AccountInputs([part], already=parts.get("already", {}))


def per_label(values):
    return "{" + ", ".join(f"{label}: {value}" for label, value in zip(LABELS, values, strict=True)) + "}[label]"


def energy(**parts):
    return {"code": "energy", "by": list(LABELS), "quantity": "sum(consumption)", **parts}


class TestLabelsPartition:
    @law
    @given(readings, codes)
    def test_the_labels_sum_to_the_total_exactly(self, consumption, labels):
        flat = {"code": "all", "quantity": "sum(consumption)", "price": 1}

        bill = evaluate.rate(tariff(energy(price=1), flat), account(consumption, labels))

        assert bill.line("energy").amount == bill.line("all").amount == Decimal(int(consumption.sum())) / 1000

    @law
    @given(readings, codes, prices)
    def test_equal_prices_are_the_flat_tariff(self, consumption, labels, price):
        flat = {"code": "all", "quantity": "sum(consumption)", "price": str(price)}
        by_label = energy(price=per_label([price] * 5))

        bill = evaluate.rate(tariff(by_label, flat), account(consumption, labels))

        assert bill.line("energy").amount == bill.line("all").amount

    @law
    @given(readings, codes, prices)
    def test_one_band_is_no_tiers(self, consumption, labels, price):
        banded = energy(tiers={"mode": "graduated", "bands": [{"price": str(price)}]})
        shared = energy(code="shared", tiers={"mode": "slab", "share": "pro_rata", "bands": [{"price": str(price)}]})
        plain = energy(code="plain", price=str(price))

        bill = evaluate.rate(tariff(banded, plain, shared), account(consumption, labels))

        assert bill.line("energy").amount == bill.line("plain").amount == bill.line("shared").amount

    @law
    @given(prices, prices)
    def test_blend_at_its_ends(self, first, second):
        blends = [{"code": f"at{weight}", "price": f"blend({first}, {second}, {weight})"} for weight in (0, 1)]

        bill = evaluate.rate(tariff(*blends), account(np.zeros(SLOTS, np.int64), np.zeros(SLOTS, np.int8)))

        assert (bill.line("at0").amount, bill.line("at1").amount) == (first, second)

    @law
    @given(readings, codes, limits, st.lists(prices, min_size=5, max_size=5))
    def test_shared_bands_take_all_quantity_and_no_more(self, consumption, labels, band_limits, band_prices):
        ends = [{"to": str(limit), "price": str(price)} for limit, price in zip(band_limits, band_prices, strict=False)]
        rule = {"mode": "graduated", "share": "pro_rata", "bands": [*ends, {"price": str(band_prices[-1])}]}

        line = evaluate.rate(tariff(energy(tiers=rule)), account(consumption, labels)).line("energy")

        spread = sum((cell.quantity for cell in line.cells), Decimal(0))
        assert abs(spread - Decimal(int(consumption.sum())) / 1000) < Decimal("1e-25")


class TestGraduated:
    @law
    @given(quantities, quantities, st.decimals(0, 6000, places=3), limits, st.data())
    def test_two_bills_in_a_row_are_one(self, first, second, already, band_limits, data):
        band_prices = [data.draw(prices) for _ in range(len(band_limits) + 1)]
        ends = [
            {"to": str(limit), "price": str(price), "flat": 7}
            for limit, price in zip(band_limits, band_prices, strict=False)
        ]
        bands = [*ends, {"price": str(band_prices[-1]), "flat": 7}]
        charge = {"code": "e", "quantity": "q", "tiers": {"mode": "graduated", "already": "used", "bands": bands}}
        loaded = tariff(charge, parameters={"q": {}})

        def rated(quantity, used):
            part = inputs.SliceInputs(1, parameters={"q": quantity})
            return evaluate.rate(loaded, inputs.AccountInputs([part], already={"used": used}))

        one = rated(first, already)
        two = rated(second, list(one.used["e"][""]))
        by_number = rated(second, already + first)
        both = rated(first + second, already)

        assert one.line("e").amount + two.line("e").amount == both.line("e").amount
        assert by_number.line("e").amount == two.line("e").amount or min(first, second) < 0

    @law
    @given(quantities, st.lists(st.decimals(0, 2000, places=3), min_size=4, max_size=4), limits)
    def test_shares_sum_to_the_quantity(self, quantity, already, band_limits):
        held = (already * 2)[: len(band_limits) + 1]

        assert sum(tiers.spread(quantity, held, band_limits), Decimal(0)) == quantity


class TestCap:
    @law
    @given(readings, codes, st.decimals(0, 200000, places=2))
    def test_its_credit_is_never_positive_and_0_when_not_reached(self, consumption, labels, most):
        cap = {"code": "cap", "price": f"min(0, {most} - amount(energy))"}

        bill = evaluate.rate(tariff(energy(price=per_label([3, 2, 1, "0.5", 0])), cap), account(consumption, labels))

        charged, credit = bill.line("energy").amount, bill.line("cap").amount
        assert credit <= 0
        assert credit == 0 if charged <= most else charged + credit == most


class TestTotals:
    @law
    @given(readings, codes, st.lists(prices, min_size=5, max_size=5))
    def test_lines_sum_to_the_total_and_cells_to_the_line(self, consumption, labels, by_label):
        charges = [
            energy(price=per_label(by_label), round={"cell": 2}),
            {"code": "vat", "quantity": "amount(energy)", "price": "0.13"},
        ]

        bill = evaluate.rate(tariff(*charges), account(consumption, labels))

        assert bill.total == sum((line.posted for line in bill.posted), Decimal(0))
        for line in bill.lines:
            cells = sum((cell.amount for cell in line.cells), Decimal(0))
            assert line.posted == cells + line.rounding
            assert abs(line.rounding) < Decimal("0.01") * len(line.cells)

    @law
    @given(readings, readings, codes, prices)
    def test_reversal_and_a_new_bill_net_to_the_difference(self, wrong, right, labels, price):
        loaded = tariff(energy(price=str(price), round={"cell": 2}))

        first, second = (evaluate.rate(loaded, account(values, labels)) for values in (wrong, right))

        assert first.total - first.total + second.total == second.total
        assert -first.total + second.total == second.total - first.total

    @law
    @given(readings, codes, st.lists(prices, min_size=5, max_size=5))
    def test_the_intervals_cost_what_the_line_says(self, consumption, labels, by_label):
        bill = evaluate.rate(tariff(energy(price=per_label(by_label), round={"cell": 2})), account(consumption, labels))

        found = intervals.costs(bill, labels={"five": Labels(LABELS, labels)}, quantities={"consumption": consumption})

        assert sum(found["energy"], Decimal(0)) == bill.line("energy").posted


class TestSameBytes:
    @law
    @given(st.lists(st.tuples(readings, prices), min_size=2, max_size=6), codes)
    def test_whatever_the_order_and_the_size_of_the_batch(self, accounts, labels):
        loaded = tariff(
            energy(price="p * 1.8", round={"price": 4, "cell": 2}),
            {"code": "share", "quantity": "sum(max(0, consumption - 0.5 * p))", "price": "0.1 / 3"},
            parameters={"p": {}},
        )
        given_inputs = [account(values, labels, parameters={"p": price}) for values, price in accounts]

        together = [found.as_json() for found in evaluate.rate_batch(loaded, given_inputs)]
        backwards = [found.as_json() for found in evaluate.rate_batch(loaded, given_inputs[::-1])][::-1]
        alone = [evaluate.rate(loaded, one).as_json() for one in given_inputs]

        assert together == backwards == alone
        assert all(Bill.from_json(text).as_json() == text for text in together)
