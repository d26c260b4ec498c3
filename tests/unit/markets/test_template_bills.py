"""One bill of each kind of template, worked out by hand: a constant load, the calendar's own hours, every line."""

from decimal import Decimal

import numpy as np

import markets
from billing.rating import documents, evaluate, inputs
from kernel import periods

HALF_HOUR = 30


def _lines(product, *, month, channels, already=None, **parameters):
    """Rate a month in which each channel has the same integer (Wh, varh) in every half-hour."""
    code = product.partition("-")[0]
    tariff = documents.load(markets.pack(code).product_template(product), resources=markets.resources(code))
    calendar = markets.pack(code).calendar(tariff.calendar)
    period = periods.Period.of_month(*month)
    start, end = period.instants(calendar.time_zone)
    labels = calendar.labels_of(start=start, end=end, minutes=HALF_HOUR)
    part = inputs.SliceInputs(
        days=period.days,
        period_start=period.start,
        parameters={name: Decimal(value) for name, value in parameters.items()},
        labels={tariff.calendar: labels},
        channels={name: np.full(labels.size, value, dtype=np.int64) for name, value in channels.items()},
        day_of_slot=calendar.day_of_slot(start=start, end=end, minutes=HALF_HOUR),
    )
    bill = evaluate.rate(tariff, inputs.AccountInputs(slices=[part], already=already or {}))
    return {line.code: line.posted for line in bill.lines} | {"total": bill.total}


def _decimals(**texts):
    return {name: Decimal(text) for name, text in texts.items()}


class TestChineseTemplates:
    def test_a_household_pays_peak_and_valley_then_the_tiers_of_its_year(self):
        lines = _lines(
            "cn-residential-tiered", month=(2026, 1), channels={"consumption": 250}, already={"used": Decimal(2500)}
        )

        # 372 kWh: 13 h × 31 × 0.5 = 201.5 peak, 170.5 valley; 2500 + 372 - 2760 = 112 in band 2
        assert lines == _decimals(energy="173.59", tier="5.60", total="179.19")

    def test_commerce_pays_five_labels(self):
        lines = _lines("cn-commercial-tou", month=(2026, 7), channels={"consumption": 5000}, grid_price="0.25")

        # 310 kWh for each hour of the day: tip 2, peak 4, flat 11, valley 5, deep 2 at 0.4143 × 1.8, 1.6, 1, 0.4, 0.3
        assert lines == _decimals(energy="3031.02", network="1860.00", funds="336.29", total="5227.31")

    def test_industry_pays_two_parts_and_its_power_factor(self):
        lines = _lines(
            "cn-two-part-industrial",
            month=(2026, 7),
            channels={"consumption": 50_000, "reactive": 13_000},
            capacity="315",
        )

        # 74,400 kWh, 19,344 kvarh: power factor 0.97, -0.75 % of everything but the funds
        assert lines == _decimals(
            energy="29319.70",
            losses="1040.42",
            network="9396.72",
            system_operation="6121.11",
            capacity="8560.65",
            power_factor="-408.29",
            funds="3362.88",
            total="57393.19",
        )

    def test_a_roof_is_paid_for_its_surplus(self):
        lines = _lines("cn-solar-surplus", month=(2026, 1), channels={"consumption": 250, "feed_in": 100})

        assert lines == _decimals(energy="173.59", feed_in="-58.18", total="115.41")


class TestAustralianTemplates:
    def test_midday_is_free_and_gst_is_added(self):
        lines = _lines("au-time-of-use", month=(2026, 6), channels={"consumption": 500, "feed_in": 100})

        assert lines == _decimals(
            supply="49.09", usage="158.88", midday="0.00", gst="20.80", feed_in="-10.32", total="218.45"
        )

    def test_midday_above_24_kwh_a_day_is_paid(self):
        lines = _lines("au-time-of-use", month=(2026, 6), channels={"consumption": 5000, "feed_in": 0})

        # 10 kW for 3 h × 30 days = 900 kWh, 720 of them free
        assert lines["midday"] == Decimal("44.96")

    def test_a_month_with_a_clock_change_and_a_public_holiday(self):
        lines = _lines("au-weekday-peak", month=(2026, 10), channels={"consumption": 500})

        # 743 hours; 21 working days × 6 h peak; 21 × 9 + 10 × 15 h shoulder
        assert lines == _decimals(supply="34.10", usage="225.60", gst="25.97", total="285.67")

    def test_a_single_rate_with_membership(self):
        lines = _lines("au-single-rate-solar", month=(2026, 6), channels={"consumption": 500, "feed_in": 100})

        assert lines == _decimals(
            supply="23.70", membership="19.67", usage="193.46", gst="23.68", feed_in="0.00", total="260.51"
        )

    def test_blocks_grow_with_the_days(self):
        lines = _lines("au-block", month=(2026, 6), channels={"consumption": 250})

        # 360 kWh: 300 at 0.29, 60 at 0.34
        assert lines == _decimals(supply="29.40", usage="107.40", gst="13.68", total="150.48")


class TestAmericanTemplates:
    def test_baseline_tiers_and_sales_tax(self):
        lines = _lines("us-residential-tiered", month=(2026, 4), channels={"consumption": 350}, sales_tax_rate="0.0625")

        # 504 kWh: 330 at 0.31, 99 at 0.39, 75 at 0.47
        assert lines == _decimals(customer="0.93", energy="176.16", sales_tax="11.07", total="188.16")

    def test_demand_is_charged_by_time_and_over_all_hours(self):
        lines = _lines("us-tou", month=(2026, 7), channels={"consumption": 250_000, "demand": 500_000})

        # 22 working days (Independence Day on Friday 3rd) × 5 h on-peak, 9 × 5 h mid-peak, the rest off-peak
        assert lines == _decimals(
            customer="447.44",
            energy="44952.22",
            demand_by_time="14770.00",
            demand="12680.00",
            sales_tax="0.00",
            total="72849.66",
        )
