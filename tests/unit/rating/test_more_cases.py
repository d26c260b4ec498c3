"""More worked cases, each with its derivation under ``why``, and what happens with files and tariffs that are wrong."""

import json
import pathlib

import pytest

from billing.rating import cases, documents
from billing.rating.errors import TariffError

FILE = pathlib.Path(__file__).parents[2] / "data" / "rating-cases-more.json"
RESOURCES = documents.Resources(calendars={"cal": ("peak", "flat", "valley")}, indices={"spot": "CNY/kWh"})
BOUNDED = {"p": {"unit": "CNY/kWh"}, "kw": {"unit": "kW"}, "kwh": {"unit": "kWh"}}
BANDS = [{"to": "50", "price": "1"}, {"to": "20", "price": "1"}, {"price": "1"}]


def named(result):
    return f"{result.case}-{result.key}"


def run_one(document, **case):
    file = {"tariffs": {"t": document}, "cases": [{"case": "A", "tariff": "t", **case}]}
    return cases.run(json.dumps(file))


def priced(price, quantity="kwh", **more):
    return with_charges({"code": "e", "quantity": quantity, "price": price, **more}, parameters=BOUNDED)


def with_charges(*charges, **more):
    return {"tariff": 1, "code": "t", "currency": "CNY", "calendar": "cal", "charges": list(charges), **more}


def tiered(bands, **more):
    return with_charges({"code": "e", "quantity": "1", "tiers": {"mode": "graduated", "bands": bands, **more}})


def stepped(*rows):
    return with_charges({"code": "e", "price": "table(t, 1)"}, tables={"t": list(rows)})


class TestMoreWorkedCases:
    @pytest.mark.parametrize("result", cases.run(FILE.read_text(encoding="utf-8")), ids=named)
    def test_comes_out_as_derived_by_hand(self, result):
        assert result.ok, str(result)

    def test_every_case_says_why(self):
        file = json.loads(FILE.read_text(encoding="utf-8"))

        assert all(case["why"] for case in file["cases"])


class TestRefusedTariffs:
    @pytest.mark.parametrize(
        ("document", "where"),
        [
            (priced("q"), "/charges/0/price:1"),
            (priced("p > 1"), "/charges/0/price:3"),
            (priced("p.real"), "/charges/0/price:2"),
            (priced("'a'"), "/charges/0/price:1"),
            (priced("1e5"), "/charges/0/price:2"),
            (priced("+".join(["p"] * 26)), "/charges/0/price:51"),
            (priced("(" * 61 + "p" + ")" * 61), "/charges/0/price:61"),
            (priced("p", quantity="kw"), "/charges/0/price"),
            (priced("p", quantity="kw + kwh"), "/charges/0/quantity:4"),
            (priced("{peak: 1}[label] * p", by=["peak", "flat"]), "/charges/0/price:1"),
            (priced("p", by=["night"]), "/charges/0/by/0"),
            (tiered(BANDS), "/charges/0/tiers/bands/1/to"),
            (tiered(BANDS[:1] + BANDS[2:], already=["1"]), "/charges/0/tiers/already"),
            (stepped({"below": "5", "value": "1"}, {"below": "2", "value": "2"}), "/tables/t/1"),
            (stepped({"value": "1"}, {"below": "2", "value": "2"}), "/tables/t/1"),
            (with_charges({"code": "a", "price": "amount(b)"}, {"code": "b", "price": "amount(a)"}), "/charges/0"),
            (stepped({"value": "amount(e)"}), "/charges/0"),
            (stepped({"value": "table(t, x)"}), "/tables/t"),
            (with_charges({"code": "e", "price": "1"}, parameters={"days": {}}), "/parameters/days"),
            (with_charges({"code": "e", "price": "1"}, parameters={"p": {"min": 2, "max": 1}}), "/parameters/p/min"),
        ],
    )
    def test_the_place_of_the_fault_is_named(self, document, where):
        with pytest.raises(TariffError) as refused:
            documents.load(document, resources=RESOURCES)

        assert refused.value.where == where

    def test_bands_of_a_label_the_calendar_does_not_have(self):
        document = tiered({"peak": BANDS[2:], "nigth": BANDS[2:]})
        document["charges"][0]["by"] = ["peak"]

        with pytest.raises(TariffError, match="nigth"):
            documents.load(document, resources=RESOURCES)

    def test_tables_that_reach_through_too_many_others(self):
        tables = {f"t{at}": [{"value": f"table(t{at + 1}, x)"}] for at in range(2000)} | {"t2000": [{"value": "x"}]}
        document = with_charges({"code": "e", "price": "table(t0, 1)"}, tables=tables)

        with pytest.raises(TariffError, match="at most 7 others"):
            documents.load(document, resources=RESOURCES)

    def test_a_long_chain_of_charges_is_rated(self):
        chain = [{"code": f"c{at}", "price": f"amount(c{at + 1})"} for at in range(1500)]

        (result,) = run_one({"charges": [*chain, {"code": "c1500", "price": "2"}]}, expect={"c0": 2})

        assert result.ok, str(result)


class TestUnreadableFiles:
    @pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"cases": {}}', "[" * 100_000, '{"cases": [NaN]}'])
    def test_a_file_that_holds_no_cases_is_refused(self, text):
        with pytest.raises(ValueError):
            cases.run(text)

    @pytest.mark.parametrize(
        "broken",
        [
            "text",
            {"expect": {"e": 1}},
            {"tariff": "zz", "expect": {"e": 1}},
            {"tariff": "t", "expect": [1]},
            {"tariff": "t", "expect": {"e": "abc"}},
            {"tariff": "t", "given": {"params": [1]}, "expect": {"e": 2}},
            {"tariff": "t", "given": {"params": {"p": "NaN"}}, "expect": {"e": 2}},
            {"tariff": "t", "given": {"params": {"p": True}}, "expect": {"e": 2}},
            {"tariff": "t", "given": {"params": {"p": 1}, "days": "1.5"}, "expect": {"e": 2}},
            {"tariff": "t", "given": {"channels": ["c"]}, "expect": {"e": 2}},
        ],
    )
    def test_a_broken_case_does_not_stop_the_others(self, broken):
        sound = {"tariff": "t", "given": {"params": {"p": 3}}, "expect": {"e": 3}}
        file = {"tariffs": {"t": {"charges": [{"code": "e", "price": "p"}]}}, "cases": [broken, sound]}

        first, second = cases.run(json.dumps(file))

        assert not first.ok
        assert second.ok
