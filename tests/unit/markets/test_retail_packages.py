"""A worked bill of each Chinese retail package, household tariff and two-part rule: a constant load in July 2026.

10 kW all month is 310 kWh for each hour of the day. Jiangxi's July has tip 2, peak 4, flat 11, valley 5, deep 2 hours:
620, 1240, 3410, 1550 and 620 kWh, together 7440.
"""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import markets
from billing.rating import calendars, documents, errors, evaluate, inputs
from kernel import periods

HALF_HOUR = 30
JULY = (2026, 7)
HUBEI = Path(__file__).resolve().parents[3] / "examples/tariffs/cn-hubei-2026-01.json"


def _bill(product, *, month=JULY, channels=None, already=None, indices=None, period_days=None, **parameters):
    """Rate a month in which each channel has the same integer (Wh, W, varh) in every half-hour."""
    code = product.partition("-")[0]
    pack = markets.pack(code)
    tariff = documents.load(pack.product_template(product), resources=markets.resources(code))
    calendar = pack.calendar(tariff.calendar or "whole-day")
    period = periods.Period.of_month(*month)
    start, end = period.instants(calendar.time_zone)
    facts = {name: () for name in calendar.facts}
    labels = calendar.labels_of(start=start, end=end, minutes=HALF_HOUR, facts=facts)
    part = inputs.SliceInputs(
        days=period.days,
        period_start=period.start,
        parameters={
            **{name: rule.default for name, rule in tariff.parameters.items() if rule.default is not None},
            **{name: Decimal(value) for name, value in parameters.items()},
        },
        labels={tariff.calendar: labels} if tariff.calendar else {},
        channels={name: np.full(labels.size, value, dtype=np.int64) for name, value in (channels or {}).items()}
        or {"consumption": np.full(labels.size, 5000, dtype=np.int64)},
        indices={name: _index(value) for name, value in (indices or {}).items()},
    )
    return evaluate.rate(tariff, inputs.AccountInputs([part], period_days, already=already or {}))


def _index(value):
    return {label: Decimal(one) for label, one in value.items()} if isinstance(value, dict) else Decimal(value)


def _lines(product, **given):
    bill = _bill(product, **given)
    return {line.code: line.posted for line in bill.lines if line.post} | {"total": bill.total}


def _decimals(**texts):
    return {name: Decimal(text) for name, text in texts.items()}


class TestOfficialTemplates:
    OWN = {"tip_price": "0.7", "peak_price": "0.7", "flat_price": "0.4", "valley_price": "0.17", "deep_price": "0.1"}

    @pytest.mark.parametrize(
        ("product", "given", "lines"),
        [
            # 7440 × 0.4143
            ("cn-retail-single", {}, _decimals(energy="3082.39", fee="0", cap="0")),
            # 0.4143 × 0.9 + 0.38 × 0.1 + 0.005 = 0.41587; a fee of 100 for the month
            (
                "cn-retail-fixed-linked",
                {"linked": "0.38", "float_price": "0.005", "float_fee": "100"},
                _decimals(energy="3094.07", fee="100", cap="0"),
            ),
            # 0.41 × 0.8 + 0.36 × 0.2 = 0.4
            (
                "cn-retail-reference-linked",
                {"reference": "0.41", "linked": "0.36", "linked_share": "0.2"},
                _decimals(energy="2976", fee="0", cap="0"),
            ),
            # 0.42 - 0.05 × 0.6
            (
                "cn-retail-agreed-spread",
                {"reference": "0.42", "spread": "0.05", "spread_share": "0.6"},
                _decimals(energy="2901.6", fee="0", cap="0"),
            ),
            # 0.42 - (0.41 - 0.37) × 0.5
            (
                "cn-retail-formula-spread",
                {"reference": "0.42", "upper": "0.41", "lower": "0.37"},
                _decimals(energy="2976", fee="0", cap="0"),
            ),
            # 0.43 by the ratios (7316 kWh of flat) less 0.02 × 0.5 of 7440 kWh
            (
                "cn-retail-agreed-spread-tou",
                {"reference": "0.43", "spread": "0.02", "spread_share": "0.5"},
                _decimals(energy="3071.48", fee="0", cap="0"),
            ),
            # 0.42 by the ratios less (0.41 - 0.37) × 0.5
            (
                "cn-retail-formula-spread-tou",
                {"reference": "0.42", "upper": "0.41", "lower": "0.37"},
                _decimals(energy="2923.92", fee="0", cap="0"),
            ),
            # by label 0.9 × 0.4 × ratio + 0.1 × 0.38: 0.9 × 2926.40 + 7440 × 0.038
            (
                "cn-retail-reference-linked-tou",
                {"reference": "0.4", "linked": "0.38"},
                _decimals(energy="2916.48", fee="0", cap="0"),
            ),
        ],
    )
    def test_come_out(self, product, given, lines):
        tariff = markets.pack("cn").product_template(product)
        indices = {name: given[name] for name in tariff["indices"] if name in given} | {"contract_average": "0.40"}
        parameters = {name: value for name, value in given.items() if name not in indices}

        found = _lines(product, indices=indices, **parameters)

        assert found == {**lines, "total": sum(lines.values())}

    @pytest.mark.parametrize(
        ("product", "given", "indices", "total"),
        [
            ("cn-retail-fixed-linked", {"fixed_price": "0.45", "linked_share": "0.2"}, {"linked": "0.38"}, "53070.00"),
            (
                "cn-retail-agreed-spread",
                {"spread": "0.020", "spread_share": "0.6"},
                {"reference": "0.45416"},
                "53809.20",
            ),
        ],
    )
    def test_are_those_of_the_exchange(self, product, given, indices, total):
        """120,000 kWh and a fee of 750, as the exchange's own examples have it."""
        tariff = documents.load(markets.pack("cn").product_template(product), resources=markets.resources("cn"))
        part = inputs.SliceInputs(
            days=30,
            parameters={name: Decimal(value) for name, value in given.items()} | {"float_fee": Decimal(750)},
            labels={tariff.calendar: np.array([0, 2], dtype=np.int8)},
            channels={"consumption": np.array([60_000_000, 60_000_000], dtype=np.int64)},
            indices={name: Decimal(value) for name, value in indices.items()} | {"contract_average": Decimal(1)},
        )

        assert evaluate.rate(tariff, inputs.AccountInputs([part])).total == Decimal(total)

    def test_the_spread_comes_off_every_label_alike(self):
        found = _bill(
            "cn-retail-agreed-spread-tou",
            indices={"reference": "0.45416", "contract_average": "1"},
            spread="0.020",
            spread_share="0.6",
        )

        prices = {cell.label: cell.price for cell in found.line("energy").cells}
        assert (prices["tip"], prices["valley"]) == (Decimal("0.805488"), Decimal("0.169664"))

    def test_prices_are_kept_within_the_ratios(self):
        found = _bill("cn-retail-fixed-tou", indices={"contract_average": "0.45"}, **self.OWN)

        # tip 0.70 → 0.4 × 1.8; peak 0.70 stands; valley 0.17 → 0.4 × 0.4; deep 0.10 stands
        prices = {cell.label: cell.price for cell in found.line("energy").cells}
        assert prices == _decimals(tip="0.72", peak="0.70", flat="0.40", valley="0.16", deep="0.10")

    def test_until_january_2026_the_float_is_guarded_too(self):
        found = _bill(
            "cn-retail-fixed-tou",
            indices={"contract_average": "0.45"},
            **self.OWN,
            float_price="0.01",
            guard_covers_float=1,
        )

        # base and float together: (0.40 + 0.01) × 1.8 = 0.738; × 0.4 = 0.164; peak 0.71 stands, deep 0.11 stands
        prices = {cell.label: cell.price for cell in found.line("energy").cells}
        assert prices == _decimals(tip="0.738", peak="0.71", flat="0.41", valley="0.164", deep="0.11")

    def test_the_linked_part_is_never_guarded(self):
        found = _bill(
            "cn-retail-fixed-linked-tou",
            indices={"linked": "0.2", "contract_average": "0.45"},
            linked_share="0.1",
            **self.OWN,
        )

        # 0.9 × guarded + 0.1 × 0.2
        prices = {cell.label: cell.price for cell in found.line("energy").cells}
        assert prices == _decimals(tip="0.668", peak="0.65", flat="0.38", valley="0.164", deep="0.11")

    def test_the_cap_is_higher_in_months_with_a_critical_peak(self):
        indices = {"contract_average": "0.35"}

        july = _lines("cn-retail-single", indices=indices)
        march = _lines("cn-retail-single", month=(2026, 3), indices=indices)

        # 1.15 × 0.35 × 7440 = 2994.60 and 1.10 × 0.35 × 7440 = 2864.40
        assert july == _decimals(energy="3082.39", fee="0", cap="-87.79", total="2994.60")
        assert march == _decimals(energy="3082.39", fee="0", cap="-217.99", total="2864.40")

    def test_the_cap_keeps_the_shape(self):
        found = _bill("cn-retail-fixed-tou", indices={"contract_average": "0.30"}, **self.OWN)

        # 446.40 + 868 + 1364 + 248 + 62 = 2988.40 against 1.15 × 0.30 × 7440 = 2566.80: every label by the same factor
        credits = {cell.label: cell.amount for cell in found.line("cap").cells}
        assert found.line("energy").amount == Decimal("2988.40")
        assert credits == _decimals(tip="-62.98", peak="-122.46", flat="-192.43", valley="-34.99", deep="-8.75")
        assert found.total == Decimal("2566.79")

    def test_the_cap_is_nothing_when_it_is_not_reached_and_without_use(self):
        channels = {"consumption": 0}
        for indices in ({"contract_average": "9"}, {"contract_average": "0.1"}):
            found = _lines("cn-retail-fixed-tou", indices=indices, channels=channels, **self.OWN)
            assert found["cap"] == 0

    @pytest.mark.parametrize("price", ["0.33", "0.50"])
    def test_a_price_has_bounds(self, price):
        tariff = documents.load(
            markets.pack("cn").product_template("cn-retail-single"), resources=markets.resources("cn")
        )

        bounds = tariff.parameters["fixed_price"]
        assert not bounds.least <= Decimal(price) <= bounds.most

    def test_an_index_that_is_missing_is_named(self):
        with pytest.raises(errors.NotReady) as refusal:
            _bill("cn-retail-single")

        assert refusal.value.missing == "index contract_average"


class TestOtherFamilies:
    @pytest.mark.parametrize(
        ("product", "given", "indices", "lines"),
        [
            # 7440 × 0.35, 7440 × 0.005
            ("cn-retail-service-fee", {}, {"wholesale": "0.35"}, _decimals(wholesale="2604", service="37.20")),
            # 0.40 × 1.02 + 0.003
            (
                "cn-retail-linked",
                {"factor": "1.02", "addition": "0.003"},
                {"reference": "0.40"},
                _decimals(energy="3057.84"),
            ),
            # 0.40 - 0.5 × (0.40 - 0.36)
            (
                "cn-retail-ratio-sharing",
                {},
                {"reference": "0.40", "wholesale_average": "0.36"},
                _decimals(energy="2827.20"),
            ),
            # a loss is not shared, unless that was agreed: 0.40 + 0.5 × 0.04
            (
                "cn-retail-ratio-sharing",
                {},
                {"reference": "0.40", "wholesale_average": "0.44"},
                _decimals(energy="2976"),
            ),
            (
                "cn-retail-ratio-sharing",
                {"loss_shared": 1},
                {"reference": "0.40", "wholesale_average": "0.44"},
                _decimals(energy="3124.80"),
            ),
            # 310 kWh an hour: 23 × 0.40 + 0.10
            (
                "cn-retail-24-hours",
                {},
                {"hourly": {f"h{hour:02d}": "0.1" if hour == 12 else "0.4" for hour in range(24)}},
                _decimals(energy="2883"),
            ),
            # the floor 0.372 holds; July: tip 3, peak 4, flat 9, valley 8 h: 930 × 0.463 × 1.125 + 1240 × 0.463 × 0.7
            # - 2480 × 0.463 × 0.62, the prices to 4 places
            (
                "cn-retail-guangdong",
                {"contract_price": "0.30"},
                {},
                _decimals(energy="2767.68", balance="174.31"),
            ),
            # 3000 of 7440 kWh are green
            (
                "cn-retail-green",
                {"green_contracted": 5000, "green_generated": 3000},
                {},
                _decimals(energy="3082.39", environment="90"),
            ),
            # 7440 - 7000 × 1.03 = 230 above
            ("cn-retail-deviation", {"planned": 7000}, {}, _decimals(energy="3082.39", above="4.60", below="0")),
            # 8000 × 0.97 - 7440 = 320 below
            ("cn-retail-deviation", {"planned": 8000}, {}, _decimals(energy="3082.39", above="0", below="6.40")),
            # 0.8 × (0.40 - 0.37 - 0.01)
            (
                "cn-retail-excess-return",
                {},
                {"retail_average": "0.40", "wholesale_average": "0.37"},
                _decimals(energy="3082.39", excess_return="-119.04"),
            ),
        ],
    )
    def test_come_out(self, product, given, indices, lines):
        assert _lines(product, indices=indices, **given) == {**lines, "total": sum(lines.values())}


class TestHouseholds:
    @pytest.mark.parametrize(
        ("product", "used", "given", "energy"),
        [
            # 372 kWh after 2600: 160 + 212
            ("cn-residential-zhejiang", "2600", {}, "210.74"),
            # half a year of 1380 kWh; 372 kWh after 1300: 80 + 292
            ("cn-residential-zhejiang", "1300", {"months_present": 6}, "214.74"),
            ("cn-residential-jiangsu", "4700", {}, "283.13"),
            # 372 kWh in January: 340 + 32; a large household 372 in the first band
            ("cn-residential-shanxi", "0", {}, "179.04"),
            ("cn-residential-shanxi", "0", {"extra_household": 200}, "177.44"),
            # 372 after 3000: 120 at 0.61, 252 at 0.86
            ("cn-residential-2160", "3000", {}, "289.92"),
            # 230 at 0.5283, 142 at 0.5783; 15 kWh free leave 215
            ("cn-residential-monthly", "0", {}, "203.63"),
            ("cn-residential-monthly", "0", {"free_allowance": 15}, "195.70"),
            ("cn-residential-collective", None, {}, "207.58"),
            # peak 14 h of 24: 217 kWh, valley 155; 160 of the 372 kWh are in band 1
            ("cn-residential-zhejiang-tou", "2600", {}, "178.50"),
        ],
    )
    def test_pay_by_their_tiers(self, product, used, given, energy):
        already = {} if used is None else {"used": Decimal(used)}

        found = _lines(product, month=(2026, 1), channels={"consumption": 250}, already=already, **given)

        assert found == _decimals(energy=energy, total=energy)

    def test_energy_billed_in_band_two_stays_there_when_the_household_grows(self):
        found = _bill(
            "cn-residential-zhejiang",
            month=(2026, 8),
            channels={"consumption": 250},
            already={"used": [Decimal(2760), Decimal(540), Decimal(0)]},
            extra_household=500,
        )

        # 500 kWh more in band 1; the 540 kWh in band 2 are not taken back
        assert [(cell.band, cell.quantity) for cell in found.line("energy").cells] == [(1, 372)]


class TestTwoParts:
    """100 kW all day is 74,400 kWh; 315 kVA make 236 kWh per kVA."""

    CHANNELS = {"consumption": 50_000, "reactive": 13_000, "demand": 220_000}

    @pytest.mark.parametrize(
        ("product", "given", "demand"),
        [
            # up to 105 % the contract, above it double: 200 + 2 × (220 - 210)
            ("cn-two-part-contract-demand", {"contract_demand": 210}, "8820"),
            ("cn-two-part-contract-demand", {"contract_demand": 200}, "9240"),
            # older rule: 200 + 2 × 20; 215 measured 220; at least 95 % of 300
            ("cn-two-part-contract-demand-old", {"contract_demand": 200}, "10080"),
            ("cn-two-part-contract-demand-old", {"contract_demand": 215}, "9240"),
            ("cn-two-part-contract-demand-old", {"contract_demand": 300}, "11970"),
            # measured, at least 40 % of the capacity
            ("cn-two-part-measured-demand", {}, "9240"),
            ("cn-two-part-measured-demand", {"capacity": 1000}, "16800"),
            # 74,400 kWh of 280 kVA are 265 kWh per kVA: × 0.9
            ("cn-two-part-measured-demand", {"capacity": 280}, "8316"),
        ],
    )
    def test_demand_follows_its_rule(self, product, given, demand):
        found = _lines(product, channels=self.CHANNELS, **{"capacity": 315, **given})

        assert found["demand"] == Decimal(demand)
        # power factor 0.97: -0.75 % of everything but the funds
        base = sum(value for code, value in found.items() if code not in ("power_factor", "funds", "total"))
        assert found["power_factor"] == (base * Decimal("-0.0075")).quantize(Decimal("0.01"), "ROUND_HALF_UP")


class TestHubei:
    """The official price table of January 2026: bill what is listed; components and factors are a check."""

    VOLTAGES = {
        "不满1千伏": "lv",
        "1-10(20)千伏": "10kv",
        "35千伏": "35kv",
        "110千伏": "110kv",
        "220千伏及以上": "220kv",
    }
    TABLE = json.loads(HUBEI.read_text(), parse_float=Decimal)
    LABELS = {"tip": "sharp", "peak": "peak", "flat": "flat", "valley": "valley"}

    def _products(self, row):
        kind = "single" if row["structure"] == "single_part" else "two"
        code = f"cn-hubei-2026-01-{kind}-part-{self.VOLTAGES[row['voltage']]}"
        return [code] if kind == "single" else [f"{code}-capacity", f"{code}-demand"]

    @pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: f"{row['structure']} {row['voltage']}")
    def test_the_listed_prices_are_billed(self, row):
        for product in self._products(row):
            given = {"capacity": 315} if row["structure"] == "two_part" else {}
            given |= {"contract_demand": 100} if product.endswith("demand") else {}
            channels = {"consumption": 50_000, "reactive": 13_000, "demand": 100_000}

            bill = _bill(product, month=(2026, 1), channels=channels, **given)

            # January has tip 2, peak 6, flat 8, valley 8 hours: 100 kW × 31 days; a whole month of capacity
            hours = {"tip": 2, "peak": 6, "flat": 8, "valley": 8}
            cells = {cell.label: cell.amount for cell in bill.line("energy").cells}
            listed = {label: row[self.LABELS[label]] * 3100 * count for label, count in hours.items()}
            assert cells == {label: round(amount, 2) for label, amount in listed.items()}
            if row["structure"] == "two_part":
                fixed = {"capacity": row["capacity"] * 315, "demand": row["demand"] * 100}
                code = product.rpartition("-")[2]
                assert bill.line(code).amount == fixed[code]

    @pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: f"{row['structure']} {row['voltage']}")
    def test_components_and_factors_check_the_list(self, row):
        parts = self.TABLE["components"]
        floating = parts["agent_purchase_price"] + parts["line_loss_price"]
        rest = row["td_energy"] + parts["government_fund"] + parts["system_operation"]
        for label, listed in self.LABELS.items():
            factor = self.TABLE["declared_multipliers"][listed]
            assert abs(row[listed] - (floating * factor + rest)) < Decimal("0.005"), label

    def test_a_new_customer_pays_for_the_days_of_thirty(self):
        bill = _bill(
            "cn-hubei-2026-01-two-part-10kv-capacity",
            month=(2026, 2),
            channels={"consumption": 50_000, "reactive": 13_000},
            capacity=315,
            period_days=31,
        )

        # 28 days of a month of 31: 28 ÷ 30 × 315 × 26.3
        assert bill.line("capacity").amount == Decimal("7732.20")

    def test_the_calendar_does_not_go_past_its_table(self):
        pack = markets.pack("cn")
        calendar = pack.calendar("shanghai-2024-large-industry")

        with pytest.raises(calendars.CalendarEnds) as refusal:
            calendar.hours_by_label(dt.date(2027, 1, 1))

        assert refusal.value.params["last"] == dt.date(2026, 12, 31)
