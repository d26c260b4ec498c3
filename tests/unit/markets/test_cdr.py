"""Plans of the Australian Consumer Data Right become tariffs: the calendar, every line, and what is refused."""

import copy
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from billing.rating import documents, evaluate, inputs
from kernel import periods
from markets import cdr, foreign_json, own_calendars

TARIFFS = Path(__file__).resolve().parents[3] / "examples/tariffs"
HALF_HOUR = 30


def _given(name):
    return foreign_json.read((TARIFFS / f"cdr-{name}.json").read_text())


def _plan(*periods_given, **contract):
    """A plan with one price, as little as a plan can be."""
    period = {
        "startDate": "01-01",
        "endDate": "12-31",
        "rateBlockUType": "singleRate",
        "dailySupplyCharge": "1.00",
        "singleRate": {"rates": [{"unitPrice": "0.30"}], "period": "P1D"},
    }
    return {
        "planId": "P1",
        "displayName": "Plan",
        "electricityContract": {"timeZone": "AEST", "tariffPeriod": list(periods_given) or [period], **contract},
    }


def _by_time(*entries, **period):
    rates = [
        {
            "type": kind,
            "rates": [{"unitPrice": price}],
            "timeOfUse": [{"days": days, "startTime": start, "endTime": end}],
        }
        for kind, price, days, start, end in entries
    ]
    return {
        "startDate": "01-01",
        "endDate": "12-31",
        "rateBlockUType": "timeOfUseRates",
        "timeOfUseRates": rates,
        **period,
    }


def _loaded(data):
    document = cdr.convert(data).document
    return documents.load(document, resources=own_calendars.resources_of(document, market="au")), document


def _lines(data, *, month, **watt_hours):
    """Rate a month in which each channel has the same integer in every half-hour."""
    tariff, document = _loaded(data)
    own = own_calendars.of(document)
    period = periods.Period.of_month(*month)
    labels = {}
    for name in tariff.calendars:
        start, end = period.instants(own[name].time_zone)
        labels[name] = own[name].labels_of(start=start, end=end, minutes=HALF_HOUR)
    slots = period.days * 48
    part = inputs.SliceInputs(
        days=period.days,
        period_start=period.start,
        parameters={},
        labels=labels,
        channels={name: np.full(slots, value, dtype=np.int64) for name, value in watt_hours.items()},
    )
    bill = evaluate.rate(tariff, inputs.AccountInputs(slices=[part]))
    return {line.code: line.posted for line in bill.lines} | {"total": bill.total}


def _decimals(**texts):
    return {name: Decimal(text) for name, text in texts.items()}


class TestPlans:
    def test_free_midday_is_billed_as_the_template_made_of_it(self):
        lines = _lines(_given("covau-time-of-use"), month=(2026, 6), consumption=500, feed_in=100)

        assert lines == _decimals(supply="49.09", usage="158.88", gst="20.80", feed_in="-10.32", total="218.45")

    def test_midday_above_24_kwh_a_day_is_paid(self):
        lines = _lines(_given("covau-time-of-use"), month=(2026, 6), consumption=5000, feed_in=0)

        # 10 kW: 1200 kWh at 0.4121, 3300 at 0.2498, 1800 at 0.15, and 900 - 720 free kWh at midday at 0.2498
        assert lines["usage"] == Decimal("1633.82")

    def test_a_single_rate_has_its_membership_without_gst(self):
        lines = _lines(_given("globird-single-rate"), month=(2026, 6), consumption=500, feed_in=100)

        # 264 a year with GST: 30 × 264 ÷ 365 ÷ 1.1
        assert lines == _decimals(
            supply="23.70", usage="193.46", fee_3="19.73", gst="23.69", feed_in="0.00", total="260.58"
        )

    def test_what_is_left_out_is_said(self):
        assert cdr.convert(_given("globird-single-rate")).left_out == (
            "fee CONNECTION",
            "fee DISCONNECT_MOVE_OUT",
            "variation",
        )

    def test_local_time_is_that_of_the_postcodes(self):
        data = _given("covau-time-of-use")
        data["data"]["electricityContract"]["timeZone"] = "LOCAL"
        data["data"]["geography"]["includedPostcodes"] = ["3000", "3001"]

        _, document = _loaded(data)

        assert {found["time_zone"] for found in document["calendars"].values()} == {"Australia/Melbourne"}

    def test_prices_change_with_the_season_of_the_year(self):
        every_day = list(cdr.cdr_windows.WEEKDAYS)
        data = _plan(
            _by_time(("PEAK", "0.5", every_day, "00:00", "23:59"), startDate="11-01", endDate="03-31"),
            _by_time(("PEAK", "0.2", every_day, "00:00", "23:59"), startDate="04-01", endDate="10-31"),
        )

        assert _lines(data, month=(2026, 1), consumption=500)["usage"] == Decimal("372.00")
        assert _lines(data, month=(2026, 6), consumption=500)["usage"] == Decimal("144.00")

    def test_business_days_leave_public_holidays_to_others(self):
        data = _plan(
            _by_time(
                ("PEAK", "0.5", ["BUSINESS_DAYS"], "00:00", "23:59"),
                ("OFF_PEAK", "0.2", ["SAT", "SUN", "PUBLIC_HOLIDAYS"], "00:00", "23:59"),
            )
        )

        # October 2026 in New South Wales: 21 business days, 9 days of weekends, Labour Day
        assert _lines(data, month=(2026, 10), consumption=500)["usage"] == Decimal("300.00")

    def test_a_guaranteed_discount_is_taken_off_before_gst(self):
        discount = {"type": "GUARANTEED", "methodUType": "percentOfUse", "percentOfUse": {"rate": "0.10"}}

        lines = _lines(_plan(discounts=[discount]), month=(2026, 6), consumption=500)

        assert lines == _decimals(supply="30.00", usage="216.00", discount_1="-21.60", gst="22.44", total="246.84")

    def test_demand_counts_in_its_window(self):
        demand = {
            "startDate": "01-01",
            "endDate": "12-31",
            "rateBlockUType": "demandCharges",
            "demandCharges": [
                {
                    "amount": "0.40",
                    "measureUnit": "KW",
                    "startTime": "15:00",
                    "endTime": "20:59",
                    "days": ["MON", "TUE", "WED", "THU", "FRI"],
                    "measurementPeriod": "MONTH",
                    "chargePeriod": "DAY",
                }
            ],
        }
        data = _plan()
        data["electricityContract"]["tariffPeriod"].append(demand)

        assert _lines(data, month=(2026, 6), consumption=500, demand=2000)["demand_1"] == Decimal("24.00")


class TestRefusals:
    EVERY_DAY = list(cdr.cdr_windows.WEEKDAYS)

    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"pricingModel": "QUOTA"}, "/electricityContract/pricingModel"),
            ({"controlledLoad": [{"rateBlockUType": "singleRate"}]}, "/electricityContract/controlledLoad"),
            ({"timeZone": "UTC"}, "/electricityContract/timeZone"),
            ({"tariffPeriod": []}, "/electricityContract/tariffPeriod"),
            ({"tariffPeriod": {}}, "/electricityContract/tariffPeriod"),
            ({"tariffPeriod": [1]}, "/electricityContract/tariffPeriod/0"),
            ({"tariffPeriod": [{"rateBlockUType": "magic"}]}, "/electricityContract/tariffPeriod/0/rateBlockUType"),
            ({"fees": [{"term": "ANNUAL", "amount": "free"}]}, "/electricityContract/fees/0/amount"),
            (
                {"solarFeedInTariff": [{"tariffUType": "gift"}]},
                "/electricityContract/solarFeedInTariff/0/tariffUType",
            ),
            (
                {"discounts": [{"type": "GUARANTEED", "methodUType": "percentOfUse", "percentOfUse": {"rate": "7"}}]},
                "/electricityContract/discounts/0/percentOfUse/rate",
            ),
        ],
    )
    def test_name_the_place(self, changes, where):
        with pytest.raises(foreign_json.ImportRefused) as refusal:
            cdr.convert(_plan(**changes))

        assert refusal.value.where == where
        assert "{" not in str(refusal.value)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (lambda p: p.update(startDate="02-01"), "the tariff periods leave days of the year out"),
            (lambda p: p.update(endDate="13-45"), "a day of the year such as 07-01"),
            (lambda p: p["singleRate"]["rates"][0].update(unitPrice="1e400"), "a number is expected"),
            (lambda p: p["singleRate"]["rates"][0].update(measureUnit="DAYS"), "cannot be taken over"),
            (lambda p: p["singleRate"]["rates"][0].update(volume=10), "every block but the last"),
            (lambda p: p["singleRate"]["rates"].insert(0, {"unitPrice": "1", "volume": -3}), "above 0"),
            (lambda p: p.update(dailySupplyChargeType="BAND"), "cannot be taken over"),
        ],
    )
    def test_say_what_is_wrong_with_a_period(self, change, sentence):
        data = copy.deepcopy(_plan())
        change(data["electricityContract"]["tariffPeriod"][0])

        with pytest.raises(foreign_json.ImportRefused) as refusal:
            cdr.convert(data)

        assert sentence in str(refusal.value)

    @pytest.mark.parametrize(
        ("entries", "sentence"),
        [
            ([("PEAK", "0.5", EVERY_DAY, "00:00", "17:59")], "no price holds on MON at 18:00"),
            ([("PEAK", "0.5", ["BUSINESS_DAYS", "SAT", "SUN"], "00:00", "23:59")], "no price holds on PUBLIC_HOLIDAYS"),
            (
                [("PEAK", "0.5", EVERY_DAY, "00:00", "23:59"), ("OFF_PEAK", "0.5", ["SUN"], "10:00", "12:00")],
                "two prices hold at 10:00",
            ),
            ([("PEAK", "0.5", EVERY_DAY, "00:02", "23:59")], "windows start and end on five minutes"),
            ([("PEAK", "0.5", EVERY_DAY, "25:00", "23:59")], "a time of day such as 17:00"),
            ([("PEAK", "0.5", ["FUNDAY"], "00:00", "23:59")], "cannot be taken over"),
        ],
    )
    def test_hours_have_one_price_each(self, entries, sentence):
        with pytest.raises(foreign_json.ImportRefused) as refusal:
            cdr.convert(_plan(_by_time(*entries)))

        assert sentence in str(refusal.value)

    def test_what_is_no_plan_is_refused(self):
        for data in ({}, {"data": []}, {"data": {"electricityContract": 5}}, {"data": {"electricityContract": {}}}):
            with pytest.raises(foreign_json.ImportRefused):
                cdr.convert(data)
