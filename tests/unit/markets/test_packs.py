from decimal import Decimal

import pytest

import markets
from billing.rating import documents
from markets import packs

LISTED = ("10kv", "110kv", "220kv", "35kv")
OFFICIAL = ("agreed-spread", "fixed-linked", "formula-spread", "reference-linked")
TEMPLATES = {
    "cn": sorted(
        [
            *("cn-commercial-tou", "cn-solar-surplus", "cn-two-part-industrial", "cn-two-part-contract-demand"),
            *("cn-two-part-contract-demand-old", "cn-two-part-measured-demand"),
            *(f"cn-hubei-2026-01-single-part-{volts}" for volts in ("10kv", "35kv", "lv")),
            *(f"cn-hubei-2026-01-two-part-{volts}-{basis}" for volts in LISTED for basis in ("capacity", "demand")),
            *(f"cn-residential-{area}" for area in ("tiered", "jiangsu", "zhejiang", "zhejiang-tou", "shanxi", "2160")),
            *("cn-residential-monthly", "cn-residential-collective"),
            *(f"cn-retail-{form}{cut}" for form in OFFICIAL for cut in ("", "-tou")),
            *("cn-retail-single", "cn-retail-fixed-tou", "cn-retail-24-hours", "cn-retail-deviation"),
            *("cn-retail-excess-return", "cn-retail-green", "cn-retail-guangdong", "cn-retail-linked"),
            *("cn-retail-ratio-sharing", "cn-retail-service-fee"),
        ]
    ),
    "au": ["au-block", "au-single-rate-solar", "au-time-of-use", "au-weekday-peak"],
    "de": ["de-spot", "de-two-rate"],
    "us": ["us-residential-tiered", "us-tou"],
}
POLICIES = {
    "tax", "late_fee", "invoice", "disconnection", "proration", "brakes", "validation", "metering", "dunning",
    "promises", "instalments", "deposits", "write_off",
}  # fmt: skip
LANGUAGES = {"en", "zh-hans"}


def _texts_in(value):
    """Yield every mapping of languages to text inside ``value``."""
    if isinstance(value, dict):
        if set(value) & LANGUAGES and all(isinstance(text, str) for text in value.values()):
            yield value
        else:
            for part in value.values():
                yield from _texts_in(part)


class TestPack:
    def test_there_are_four(self):
        assert markets.codes() == ("au", "cn", "de", "us")

    def test_refuses_an_unknown_market(self):
        with pytest.raises(packs.UnknownMarket) as refusal:
            markets.pack("../cn")

        assert str(refusal.value) == "There is no market “../cn”. Known are: au, cn, de, us."

    @pytest.mark.parametrize(("code", "currency"), [("au", "AUD"), ("cn", "CNY"), ("de", "EUR"), ("us", "USD")])
    def test_has_its_money(self, code, currency):
        assert markets.pack(code).currency == currency

    @pytest.mark.parametrize("code", TEMPLATES)
    def test_has_every_policy(self, code):
        assert set(markets.pack(code).policies) >= POLICIES

    @pytest.mark.parametrize("code", TEMPLATES)
    def test_speaks_both_languages_everywhere(self, code):
        market = markets.pack(code)
        texts = [text for part in (market.settings, *market.product_templates()) for text in _texts_in(part)]

        assert [text for text in texts if set(text) != LANGUAGES] == []

    @pytest.mark.parametrize("code", TEMPLATES)
    def test_names_every_label_for_people(self, code):
        market = markets.pack(code)
        labels = {label for document in market.calendar_documents.values() for label in document["labels"]}

        assert labels - set(market.texts["labels"]) == set()

    def test_a_label_has_its_words(self):
        titles = markets.pack("cn").label_titles("cn/zhejiang-residential")

        assert titles == {"peak": {"en": "Peak", "zh-hans": "高峰"}, "valley": {"en": "Valley", "zh-hans": "低谷"}}

    @pytest.mark.parametrize("code", TEMPLATES)
    def test_all_calendars_load(self, code):
        market = markets.pack(code)

        assert [market.calendar(name).name for name in market.calendar_documents] == list(market.calendar_documents)

    def test_a_calendar_is_found_with_and_without_its_market(self):
        market = markets.pack("cn")

        assert market.calendar("jiangsu-2025") is market.calendar("cn/jiangsu-2025")

    def test_refuses_unknown_names(self):
        market = markets.pack("au")

        for ask in (
            lambda: market.calendar("sydney"),
            lambda: market.day_kinds("Sydney"),
            lambda: market.product_template("au-free"),
        ):
            with pytest.raises(packs.UnknownName):
                ask()

    def test_tax_is_inside_chinese_prices_and_outside_australian_ones(self):
        taxes = {code: markets.pack(code).policies["tax"] for code in ("cn", "au")}

        assert (taxes["cn"]["rate"], taxes["cn"]["prices"]) == ("0.13", "inclusive")
        assert (taxes["au"]["rate"], taxes["au"]["prices"]) == ("0.10", "exclusive")

    def test_late_fees_split_their_days_at_the_end_of_the_year(self):
        policy = markets.pack("cn").policies["late_fee"]
        own, cross = (Decimal(policy["rates"]["business"][key]) for key in ("own_year", "cross_year"))

        assert (policy["year_split"], policy["minimum"]) == ("days", "1.00")
        assert 900 * (10 * own + 15 * cross) == Decimal("58.50")
        assert 2000 * (16 * own + 18 * cross) == 172


class TestPowerFactorTables:
    @pytest.mark.parametrize(
        ("standard", "factor", "percent"),
        [
            ("0.90", "1.00", "-0.75"),
            ("0.90", "0.94", "-0.60"),
            ("0.90", "0.90", "0.00"),
            ("0.90", "0.89", "0.50"),
            ("0.90", "0.70", "10.00"),
            ("0.90", "0.65", "15.00"),
            ("0.90", "0.64", "17.00"),
            ("0.90", "0.30", "85.00"),
            ("0.85", "0.95", "-1.10"),
            ("0.85", "0.85", "0.00"),
            ("0.85", "0.60", "15.00"),
            ("0.80", "0.92", "-1.30"),
            ("0.80", "0.80", "0.00"),
            ("0.80", "0.51", "23.00"),
        ],
    )
    def test_give_the_published_percent(self, standard, factor, percent):
        rows = markets.pack("cn").tables[f"cn/power-factor-{standard}"]

        row = next(row for row in rows if row["below"] is None or Decimal(factor) < Decimal(row["below"]))

        assert Decimal(row["value"]) == Decimal(percent)

    @pytest.mark.parametrize(("standard", "value"), [("0.90", 85), ("0.85", 75), ("0.80", 65)])
    def test_go_on_by_two_percent_a_step_below_the_published_rows(self, standard, value):
        first = markets.pack("cn").tables[f"cn/power-factor-{standard}"][0]

        assert first == {"below": "0.30", "value": f"{value} + (0.30 - x) * 200"}


class TestProductTemplates:
    @pytest.mark.parametrize("code", TEMPLATES)
    def test_are_all_there(self, code):
        assert sorted(document["code"] for document in markets.pack(code).product_templates()) == TEMPLATES[code]

    @pytest.mark.parametrize(("code", "product"), [(code, name) for code, names in TEMPLATES.items() for name in names])
    def test_load_in_the_rating_engine(self, code, product):
        document = markets.pack(code).product_template(product)

        tariff = documents.load(document, resources=markets.resources(code))

        assert tariff.code == product
        assert tariff.currency == markets.pack(code).currency
        assert all(charge.payee for charge in tariff.charges)
        assert all(set(charge.title) == LANGUAGES for charge in tariff.charges)

    def test_a_changed_copy_leaves_the_template_as_it_is(self):
        copied = markets.pack("cn").product_template("cn-solar-surplus")
        copied["charges"].clear()

        assert len(markets.pack("cn").product_template("cn-solar-surplus")["charges"]) == 2

    def test_a_default_lies_within_its_bounds(self):
        for code in markets.codes():
            for document in markets.pack(code).product_templates():
                tariff = documents.load(document, resources=markets.resources(code))
                for parameter in tariff.parameters.values():
                    if parameter.default is not None:
                        assert parameter.least <= parameter.default <= parameter.most
