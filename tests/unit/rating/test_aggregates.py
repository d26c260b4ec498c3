"""Aggregates of a batch against the plainest evaluation there is: every interval on its own, in decimals."""

import decimal
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rating import documents, evaluate, inputs
from billing.rating.formulas import nodes, parser, values
from kernel import money

SLOTS = 7
LABELS = ("l0", "l1", "l2")
HEAD = {
    "tariff": 1,
    "code": "t",
    "currency": "CNY",
    "calendar": "three",
    "parameters": {"p": {}},
    "channels": {"a": {}, "b": {}},
    "indices": {"spot": {}, "one": {}, "listed": {}},
    "tables": {"t": [{"below": 1, "value": "-x"}, {"value": "x * 2"}]},
}
RESOURCES = documents.Resources(calendars={"three": LABELS})

leaves = st.sampled_from(
    ["a", "b", "p", "0.5", "index(spot)", "index(one)", "index(listed)", "{l0: 2, other: p}[label]"]
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        st.tuples(inner, inner).map(lambda parts: f"blend({parts[0]}, {parts[1]}, 0.3)"),
        inner.map(lambda part: f"round({part}, 1)"),
        inner.map(lambda part: f"ceil({part})"),
        inner.map(lambda part: f"table(t, {part})"),
        inner.map(lambda part: f"-{part}"),
    ),
    max_leaves=5,
)
watt_hours = st.lists(st.integers(-(10**6), 10**6), min_size=SLOTS, max_size=SLOTS)
hundredths = st.integers(-500, 500).map(lambda value: Decimal(value) / 100)


def plain(node, here):
    match node:
        case nodes.Name(name=name):
            return here[name]
        case nodes.Number(value=value):
            return value
        case nodes.Index(name=name):
            return here[f"index {name}"]
        case nodes.Negate(operand=operand):
            return -plain(operand, here)
        case nodes.Binary(operator=operator, left=left, right=right):
            first, second = plain(left, here), plain(right, here)
            return {"+": first + second, "-": first - second, "*": first * second}[operator]
        case nodes.LabelMap(entries=entries, otherwise=otherwise):
            return plain(entries.get(here["label"], otherwise), here)
        case nodes.Lookup(argument=argument):
            found = plain(argument, here)
            return -found if found < 1 else found * 2
    return values.apply(node.function, [plain(argument, here) for argument in node.arguments])


def reduced(function, found):
    if not found:
        return Decimal(0)
    best = sorted(found)[-2:]
    whole = sum(found, Decimal(0))
    results = {
        "sum": whole,
        "peak": max(found),
        "mean": whole / len(found),
        "count": Decimal(len(found)),
        "top": sum(best) / len(best),
    }
    return results[function]


class TestAggregates:
    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from(["sum", "peak", "mean", "count", "top"]),
        expressions,
        st.sampled_from([None, ("l0",), ("l0", "l2")]),
        st.lists(st.integers(0, 2), min_size=SLOTS, max_size=SLOTS),
        st.lists(hundredths, min_size=SLOTS, max_size=SLOTS),
        st.lists(st.tuples(watt_hours, watt_hours, hundredths), min_size=1, max_size=3),
    )
    def test_agree_with_every_interval_on_its_own(self, function, expression, by, codes, spot, accounts):
        quantity = f"{function}({expression}{', 2' if function == 'top' else ''})"
        charge = {"code": "e", "quantity": quantity, "price": 1} | ({} if by is None else {"by": list(by)})
        loaded = documents.load(HEAD | {"charges": [charge]}, resources=RESOURCES)
        listed = {label: Decimal(at) for at, label in enumerate(LABELS, start=1)}
        published = {"spot": inputs.scaled(spot), "one": Decimal("0.7"), "listed": listed}

        def account(a, b, p):
            channels = {"a": np.array(a), "b": np.array(b)}
            labels = {"three": np.array(codes, np.int8)}
            return inputs.AccountInputs([inputs.SliceInputs(1, None, {"p": p}, labels, channels, published)])

        bills = evaluate.rate_batch(loaded, [account(*one) for one in accounts])

        with decimal.localcontext(money.EXACT):
            for bill, (a, b, p) in zip(bills, accounts, strict=True):
                for cell in bill.line("e").cells:
                    here = [
                        {"a": Decimal(a[at]) / 1000, "b": Decimal(b[at]) / 1000, "p": p, "index spot": spot[at]}
                        | {"index one": Decimal("0.7"), "index listed": listed[LABELS[code]], "label": LABELS[code]}
                        for at, code in enumerate(codes)
                        if cell.label in (None, LABELS[code])
                    ]
                    assert cell.quantity == reduced(function, [plain(parser.parse(expression), one) for one in here])
