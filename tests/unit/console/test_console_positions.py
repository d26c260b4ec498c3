"""Where a JSON pointer points in a YAML or JSON text."""

from __future__ import annotations

import pytest

from portal.console import positions

YAML = """tariff: 1
charges:
  - code: energy
    price: "0.5 * rate"
  - code: funds
    price: 0.03
"""
JSON = '{"charges": [{"code": "energy",\n "price": "0.5 * rate"}]}'


class TestLocate:
    @pytest.mark.parametrize(
        ("text", "where", "line", "column"),
        [
            (YAML, "/charges/1/price", 6, 12),
            (YAML, "/charges/0/price:7", 4, 19),
            (YAML, "/charges/1/price:3", 6, 14),
            (YAML, "/charges/1/quantity", 5, 5),
            (YAML, "/charges/9", 3, 3),
            (YAML, "", 1, 1),
            (YAML, None, 1, 1),
            (JSON, "/charges/0/price:1", 2, 11),
            ("a: [1, 2", "", 1, 9),
        ],
    )
    def test_finds_line_and_column(self, text, where, line, column):
        place = positions.locate(text, where)

        assert (place.line, place.column) == (line, column)

    def test_shows_the_lines_around_with_a_mark_below(self):
        place = positions.locate(YAML, "/charges/1/code")

        assert place.excerpt.split("\n") == [
            "   3 │   - code: energy",
            '   4 │     price: "0.5 * rate"',
            "   5 │   - code: funds",
            "     │           ^",
            "   6 │     price: 0.03",
        ]

    @pytest.mark.parametrize("text", ["", "\x07", "- " * 5000])
    def test_gives_up_on_what_has_no_place(self, text):
        assert positions.locate(text, "/charges") is None
