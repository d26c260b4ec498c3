"""The worked tables of docs/algorithms/rating.md come out of the engine."""

import json
import pathlib
import re
from decimal import Decimal

import pytest

from billing.rating import cases, documents

PAGE = (pathlib.Path(__file__).parents[3] / "docs" / "algorithms" / "rating.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"### Worked: (.+?)\n.*?```yaml\n(.+?)```.*?\n((?:\|[^\n]*\n)+)", PAGE, re.DOTALL)


def rows(table):
    return [[part.strip() for part in line.strip("|").split("|")] for line in table.splitlines()[2:]]


class TestWorkedTables:
    def test_there_are_four(self):
        assert [title for title, _, _ in EXAMPLES] == [
            "time of use with power factor",
            "a limit that grows in mid-year",
            "one band set shared over labels",
            "a price change on the 11th",
        ]

    @pytest.mark.parametrize(("title", "example", "table"), EXAMPLES, ids=[title for title, _, _ in EXAMPLES])
    def test_the_amounts_come_out(self, title, example, table):
        written = documents.read(example)
        expected = {key: amount for key, _, amount in rows(table)}

        case = {"case": title, "tariff": "t", "given": written["given"], "expect": expected}
        results = cases.run(json.dumps({"tariffs": {"t": written["tariff"]}, "cases": [case]}))

        assert [str(result) for result in results if not result.ok] == []
        assert len(results) == len(expected)

    @pytest.mark.parametrize(("title", "example", "table"), EXAMPLES, ids=[title for title, _, _ in EXAMPLES])
    def test_quantity_times_price_is_the_amount(self, title, example, table):
        for _, product, amount in rows(table):
            if product:
                quantity, price = map(Decimal, product.split(" × "))
                assert abs(quantity * price - Decimal(amount)) <= Decimal("0.005")
