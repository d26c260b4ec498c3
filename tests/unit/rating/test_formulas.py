"""The closed formula language: what it accepts, and how it refuses the rest."""

import pytest

from billing.rating import documents, errors
from billing.rating.formulas import nodes, parser


def refusal(text):
    with pytest.raises(errors.FormulaError) as raised:
        parser.parse(text)
    return raised.value


class TestParse:
    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("1 + 2 * 3", "(1 + (2 * 3))"),
            ("8 - 2 - 1", "((8 - 2) - 1)"),
            ("8 / 2 * 3", "((8 / 2) * 3)"),
            ("-a * -b", "((-a) * (-b))"),
            ("a - -b", "(a - (-b))"),
            ("0.4540", "0.4540"),
            ("{tip: 1.8, other: -1}[label] * p", "({tip: 1.8, other: (-1)}[label] * p)"),
            ("{1: 2, off-peak: 3, 2h: 4}[label]", "{1: 2, off-peak: 3, 2h: 4}[label]"),
            ("top(demand, 3)", "top(demand, 3)"),
            ("amount(energy.peak, fee, da.1)", "amount(energy.peak, fee, da.1)"),
            ("table(t, -x)", "table(t, (-x))"),
            ("blend(p,\n  q, 0.2)", "blend(p, q, 0.2)"),
            ("尖 + 1", "(尖 + 1)"),
        ],
    )
    def test_reads_the_forms_of_the_language(self, text, meaning):
        assert nodes.text(parser.parse(text)) == meaning

    def test_keeps_a_number_as_it_is_written(self):
        number = parser.parse("0.1000000000000000055511151231257827")

        assert str(number.value) == "0.1000000000000000055511151231257827"

    @pytest.mark.parametrize(
        ("text", "position", "sentence"),
        [
            ("", 1, "Position 1: a formula is expected here; nothing is written."),
            ("1 +", 4, "Position 4: a number, a name, “(” or “{” is expected here, not …."),
            ("(1 + 2", 7, "Position 7: “)” or an operator is expected here, not …."),
            ("a b", 3, "Position 3: an operator (+ - * /) or the end is expected here, not “b”."),
            ("1.5.2", 4, "Position 4: a number is written in digits with one point, such as 0.4540."),
            ("1e5", 2, "Position 2: a number is written in digits with one point, such as 0.4540."),
            ("a.b", 2, "Position 2: a name has no parts; only amount(charge.label) names a cell."),
            ("{a: 1}", 7, "Position 7: “[label]” is expected after a map, not …."),
            ("{a: 1, a: 2}[label]", 8, "Position 8: the label “a” stands twice in the map."),
            ("{a 1}[label]", 4, "Position 4: “:” and the label's value are expected here, not 1."),
            ("label + 1", 1, "Position 1: “label” stands only after a map, as in {peak: 1.6, other: 1}[label]."),
            ("round(1)", 1, "Position 1: round takes 2 values, not 1."),
            ("min(1)", 1, "Position 1: min takes ≥ 2 values, not 1."),
            ("top(a)", 6, "Position 6: “,” and how many of the highest are expected here, not )."),
            ("sum(a", 6, "Position 6: “)” is expected here to close sum(, not …."),
            ("amount()", 8, "Position 8: the code of a charge is expected here, not )."),
            ("index(spot, 2)", 11, "Position 11: “)” is expected here to close index(, not ,."),
        ],
    )
    def test_says_where_it_stops_and_what_is_expected(self, text, position, sentence):
        error = refusal(text)

        assert error.params["position"] == position
        assert str(error) == sentence

    @pytest.mark.parametrize(
        "text", ["a == b", "a < b", "'a'", "a[0]", "a ** 2", "a; b", "lambda: 1", "a % 2", "a if b", "１"]
    )
    def test_refuses_what_does_not_belong_to_the_language(self, text):
        assert refusal(text).code == "formula_refused"

    def test_names_the_functions_there_are(self):
        assert str(refusal("open(a)")).startswith("Position 1: there is no function “open”; these exist: sum, peak,")

    def test_counts_operators_calls_names_and_numbers(self):
        fits = "+".join(["1"] * 25)

        assert parser.parse(fits)
        assert parser.parse(f"-({fits})")
        error = refusal(f"{fits}+1")
        assert str(error) == "Position 51: a formula has at most 50 operators, calls, names and numbers."

    def test_does_not_count_the_keys_of_a_map(self):
        entries = ", ".join(f"l{at}: 1" for at in range(50))

        assert parser.parse(f"{{{entries}}}[label]")

    def test_refuses_endless_brackets(self):
        assert "nested too deeply" in str(refusal("(" * 1000 + "1" + ")" * 1000))

    def test_refuses_an_endless_text(self):
        assert refusal("1 + " * 2000).params["limit"] == 4000


def document(**parts):
    charge = {"code": "energy", "by": ["peak", "valley"], "quantity": "sum(consumption)", "price": "0.5"}
    base = {
        "tariff": 1,
        "code": "t",
        "currency": "CNY",
        "calendar": "two",
        "parameters": {"p": {"unit": "CNY/kWh"}, "capacity": {"unit": "kVA"}, "free": None},
        "tables": {"steps": [{"below": 1, "value": "x"}, {"value": "2"}]},
    }
    charges = parts.pop("charges") if "charges" in parts else [charge | parts.pop("charge", {})]
    return base | {"charges": charges} | parts


RESOURCES = documents.Resources(calendars={"two": ("peak", "valley")}, indices={"spot": "CNY/kWh"})


def refused(**parts):
    with pytest.raises(errors.TariffError) as raised:
        documents.load(document(**parts), resources=RESOURCES)
    return raised.value


class TestLoad:
    def test_accepts_what_is_declared(self):
        tariff = documents.load(document(), resources=RESOURCES)

        assert tariff.charges[0].unit == "kWh"
        assert tariff.charges[0].channel == "consumption"
        assert tariff.required_channels == {"consumption"}

    @pytest.mark.parametrize(
        ("formula", "where", "sentence"),
        [
            ("q * 2", "/charges/0/price:1", "Position 1: “q” is not declared; a declared name is expected here: "),
            (
                "2 * consumption",
                "/charges/0/price:5",
                "Position 5: “consumption” is a channel; an aggregate such as sum(",
            ),
            ("index(gas)", "/charges/0/price:1", "Position 1: there is no index “gas”; declared are: spot."),
            ("table(t9, 1)", "/charges/0/price:1", "Position 1: there is no table “t9”; declared are: steps."),
            ("amount(fee)", "/charges/0/price:8", "Position 8: there is no charge “fee”; the charges are: energy."),
            (
                "amount(energy.tip)",
                "/charges/0/price:8",
                "Position 8: the charge “energy” has no cell “tip”; its labels are: ",
            ),
            (
                "1 + {peak: 1}[label]",
                "/charges/0/price:5",
                "Position 5: the map gives no value for the label “valley” and",
            ),
            (
                "{night: 1, other: 2}[label]",
                "/charges/0/price:1",
                "Position 1: the calendar has no label “night”; it has: ",
            ),
            ("2 +", "/charges/0/price:4", "Position 4: a number, a name, “(” or “{” is expected here, not …."),
        ],
    )
    def test_points_into_the_formula(self, formula, where, sentence):
        error = refused(charge={"price": formula})

        assert error.where == where
        assert str(error).startswith(sentence)

    def test_refuses_a_value_per_label_without_by(self):
        error = refused(charges=[{"code": "fee", "price": "{peak: 1, other: 2}[label]"}])

        assert str(error) == "Position 1: a value per label needs a charge with “by”."

    def test_allows_the_label_of_an_interval_inside_an_aggregate(self):
        charge = {"code": "e", "quantity": "sum(consumption * {peak: 2, valley: 1}[label])", "price": "0.5"}

        assert documents.load(document(charges=[charge]), resources=RESOURCES)

    def test_refuses_a_circle_of_charges(self):
        error = refused(
            charges=[{"code": "a", "price": "amount(b)"}, {"code": "b", "price": "table(steps, amount(a))"}]
        )

        assert error.where == "/charges/0"
        assert str(error) == "At /charges/0: “a” depends on itself; break the circle."

    def test_refuses_a_circle_through_tables(self):
        tables = {"u": [{"value": "table(v, x)"}], "v": [{"value": "table(u, x)"}]}

        assert refused(tables=tables).where == "/tables/u"

    def test_refuses_a_circle_through_a_tables_row(self):
        tables = {"u": [{"value": "amount(energy)"}]}

        assert refused(tables=tables, charge={"price": "table(u, 1)"}).where == "/charges/0"

    def test_refuses_a_derived_channel_that_needs_itself(self):
        channels = {"a": {"of": "b", "every": "day", "take": "peak"}, "b": {"of": "a", "every": "day", "take": "sum"}}

        assert refused(channels=channels).where == "/channels/a"

    @pytest.mark.parametrize(
        ("parts", "where"),
        [
            ({"tariff": 2}, "/tariff"),
            ({"currency": "yuan"}, "/currency"),
            ({"calendar": "three"}, "/calendar"),
            ({"charges": []}, "/charges"),
            ({"surprise": 1}, "/surprise"),
            ({"charge": {"rate": 1}}, "/charges/0/rate"),
            ({"charge": {"price": None}}, "/charges/0"),
            ({"charge": {"price": 0.5}}, "/charges/0/price"),
            ({"charge": {"by": ["peak", "peak"]}}, "/charges/0/by/0"),
            ({"charge": {"by": ["night"]}}, "/charges/0/by/0"),
            ({"charge": {"payee": "me"}}, "/charges/0/payee"),
            ({"charge": {"post": "no"}}, "/charges/0/post"),
            ({"charge": {"round": {"line": "two"}}}, "/charges/0/round/line"),
            ({"charges": [{"code": "a", "price": 1}, {"code": "a", "price": 1}]}, "/charges/1/code"),
            ({"tables": {"steps": [{"below": "x", "value": 1}]}}, "/tables/steps/0/below"),
            ({"tables": {"steps": "cn/unknown"}}, "/tables/steps"),
            ({"parameters": {"p": {"unit": "CNY//kWh"}}}, "/parameters/p/unit"),
        ],
    )
    def test_points_at_the_part_that_is_wrong(self, parts, where):
        assert refused(**parts).where == where

    @pytest.mark.parametrize(
        ("tiers", "where"),
        [
            ({"mode": "stairs", "bands": [{"price": 1}]}, "/mode"),
            ({"mode": "slab", "bands": [{"price": 1}, {"price": 2}]}, "/bands/0"),
            ({"mode": "slab", "bands": [{"to": 5, "price": 1}]}, "/bands/0"),
            ({"mode": "slab", "window": "week", "bands": [{"price": 1}]}, "/window"),
            ({"mode": "slab", "bands": {"peak": [{"price": 1}]}}, "/bands"),
            ({"mode": "slab", "share": "pro_rata", "bands": {"other": [{"price": 1}]}}, "/bands"),
            ({"mode": "graduated", "bands": [{"to": "capacity", "price": 1}, {"price": 2}]}, "/bands/0/to:1"),
        ],
    )
    def test_points_at_the_tier_that_is_wrong(self, tiers, where):
        error = refused(charge={"price": None, "tiers": tiers})

        assert error.where.removeprefix("/charges/0/tiers") in (where, f"/charges/0{where}")

    def test_reads_numbers_from_their_own_text(self):
        text = "tariff: 1\ncode: t\ncurrency: CNY\ncharges: [{code: fee, price: 0.1000000000000000055}]\n"

        tariff = documents.load(documents.read(text), resources=documents.Resources())

        assert tariff.charges[0].price.text == "0.1000000000000000055"

    def test_reads_on_and_off_as_labels(self):
        assert documents.read("on: 1\noff: 2.50\n") == {"on": 1, "off": "2.50"}


class TestUnits:
    @pytest.mark.parametrize(
        ("quantity", "price"),
        [
            ("sum(consumption)", "p"),
            ("sum(consumption)", "p * 1.8"),
            ("sum(consumption)", "p + index(spot) - 0.02"),
            ("sum(consumption * index(spot))", "1"),
            ("capacity", "23.50"),
            ("max(0, sum(consumption) - 300 * capacity)", "p"),
            ("peak(demand) * 24", "p"),
            ("count(consumption)", "p"),
            ("amount(fee)", "table(steps, power_factor(sum(consumption), sum(reactive))) / 100"),
        ],
    )
    def test_fit(self, quantity, price):
        charges = [{"code": "fee", "price": "600"}, {"code": "e", "quantity": quantity, "price": price}]

        assert documents.load(document(charges=charges), resources=RESOURCES)

    @pytest.mark.parametrize(
        ("quantity", "price", "sentence"),
        [
            ("peak(demand)", "p", "quantity × price of “e” is CNY/h, where money is expected."),
            ("capacity", "p", "quantity × price of “e” is CNY·kVA/kWh, where money is expected."),
            ("sum(reactive)", "p", "quantity × price of “e” is CNY·kvar/kW, where money is expected."),
            ("sum(consumption)", "capacity", "quantity × price of “e” is kVA·kWh, where money is expected."),
            ("sum(consumption) + peak(demand)", "1", "Position 18: kWh and kW cannot be put together"),
            ("max(capacity, sum(consumption))", "1", "Position 1: kVA and kWh cannot be put together"),
            ("amount(fee) + sum(consumption)", "1", "Position 13: CNY and kWh cannot be put together"),
            ("power_factor(sum(consumption), sum(generation))", "1", "Position 1: kWh and kWh cannot be put together"),
        ],
    )
    def test_do_not_fit(self, quantity, price, sentence):
        charges = [{"code": "fee", "price": "600"}, {"code": "e", "quantity": quantity, "price": price}]

        assert sentence in str(refused(charges=charges))

    def test_another_currency_is_not_money(self):
        assert "is EUR," in str(refused(charge={"price": "q"}, parameters={"q": {"unit": "EUR/kWh"}}))

    def test_a_charge_that_is_not_posted_has_any_unit(self):
        charges = [
            {"code": "use", "quantity": "sum(consumption)", "price": "1", "post": False},
            {"code": "e", "quantity": "amount(use)", "price": "p"},
        ]

        assert documents.load(document(charges=charges), resources=RESOURCES)
