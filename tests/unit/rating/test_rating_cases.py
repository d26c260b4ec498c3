"""The worked cases of the tariff language: published bills and market rules, and the edges of the fine print."""

import json
import pathlib

import pytest

from billing.rating import cases

DATA = pathlib.Path(__file__).parents[2] / "data"


def results(name: str) -> list[cases.Result]:
    return cases.run((DATA / name).read_text(encoding="utf-8"))


def named(result: cases.Result) -> str:
    return f"{result.case}-{result.key}"


class TestWorkedCases:
    @pytest.mark.parametrize("result", results("rating-cases.json"), ids=named)
    def test_comes_out_as_published(self, result):
        assert result.ok, str(result)

    def test_covers_every_case(self):
        file = json.loads((DATA / "rating-cases.json").read_text(encoding="utf-8"))

        expected = sum(len(case.get("expect", {})) + ("error" in case) for case in file["cases"])

        assert len(file["cases"]) == 97
        assert len(results("rating-cases.json")) == expected


class TestEdgeCases:
    @pytest.mark.parametrize("result", results("rating-edge-cases.json"), ids=named)
    def test_comes_out_by_the_fine_print(self, result):
        assert result.ok, str(result)


class TestRun:
    def test_says_what_differs(self):
        file = {
            "tariffs": {"t": {"charges": [{"code": "e", "price": "2"}]}},
            "cases": [{"case": "A", "tariff": "t", "expect": {"e": 3}}],
        }

        (result,) = cases.run(json.dumps(file))

        assert not result.ok
        assert str(result) == "A e = 3 DIFFERENT: 2"

    def test_says_why_a_tariff_was_refused(self):
        file = {
            "tariffs": {"t": {"charges": [{"code": "e", "price": "2 +"}]}},
            "cases": [{"tariff": "t", "expect": {"e": 3}}],
        }

        (result,) = cases.run(json.dumps(file))

        assert str(result) == "t e = 3 DIFFERENT: Position 4: a number, a name, “(” or “{” is expected here, not …."

    def test_a_tolerance_is_allowed_where_it_is_given(self):
        case = {"tariff": "t", "expect": {"e": "2.004"}, "tolerance": "0.005"}

        (result,) = cases.run(
            json.dumps({"tariffs": {"t": {"charges": [{"code": "e", "price": "2"}]}}, "cases": [case]})
        )

        assert result.ok
