"""A spot-indexed bill with VAT, also below zero, and one by high and low tariff with holidays and clock changes."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

import markets
from billing.rating import calendars, documents, errors, evaluate, inputs
from kernel import market_time, periods

QUARTER = 15
APRIL, MARCH = (2026, 4), (2026, 3)


def _lines(product, *, month, watt_hours=250, prices=None):
    """Rate a month of a constant 1 kW; ``prices`` gives the price of an hour of the day, in thousandths."""
    tariff = documents.load(markets.pack("de").product_template(product), resources=markets.resources("de"))
    calendar = markets.pack("de").calendar(tariff.calendar or "whole-day")
    period = periods.Period.of_month(*month)
    start, end = period.instants(calendar.time_zone)
    labels = calendar.labels_of(start=start, end=end, minutes=QUARTER)
    indices = {}
    if prices is not None:
        starts = market_time.slot_starts(start, end, QUARTER)
        hours = [
            moment.astype(dt.datetime).replace(tzinfo=dt.UTC).astimezone(calendar.time_zone).hour for moment in starts
        ]
        indices = {"day_ahead": inputs.Series(np.array([prices(hour) for hour in hours], dtype=np.int64), places=3)}
    part = inputs.SliceInputs(
        days=period.days,
        period_start=period.start,
        parameters={name: rule.default for name, rule in tariff.parameters.items()},
        labels={tariff.calendar: labels} if tariff.calendar else {},
        channels={"consumption": np.full(labels.size, watt_hours, dtype=np.int64)},
        indices=indices,
    )
    bill = evaluate.rate(tariff, inputs.AccountInputs([part]))
    return {line.code: line.posted for line in bill.lines} | {"total": bill.total}


def _decimals(**texts):
    return {name: Decimal(text) for name, text in texts.items()}


class TestSpot:
    def test_hours_below_zero_are_a_credit(self):
        lines = _lines("de-spot", month=APRIL, prices=lambda hour: -50 if 12 <= hour < 15 else 100)

        # 720 kWh: 630 at 0.10, 90 at -0.05
        assert lines == _decimals(
            spot="58.50",
            margin="10.80",
            network="64.80",
            electricity_tax="14.76",
            base="9.90",
            vat="30.16",
            total="188.92",
        )

    def test_a_month_can_be_below_zero_with_its_vat(self):
        lines = _lines("de-spot", month=APRIL, prices=lambda hour: -500)

        # -360.00 + 100.26 = -259.74; 19 % of it is -49.3506
        assert (lines["spot"], lines["vat"], lines["total"]) == (
            Decimal("-360.00"),
            Decimal("-49.35"),
            Decimal("-309.09"),
        )

    def test_a_short_month_has_the_hours_that_passed(self):
        assert _lines("de-spot", month=MARCH, prices=lambda hour: 100)["spot"] == Decimal("74.30")

    def test_a_missing_price_is_named(self):
        with pytest.raises(errors.NotReady) as refusal:
            _lines("de-spot", month=APRIL)

        assert refusal.value.missing == "index day_ahead"


class TestTwoRates:
    def test_holidays_have_the_low_tariff(self):
        lines = _lines("de-two-rate", month=APRIL)

        # April 2026: 22 weekdays less Good Friday (3rd) and Easter Monday (6th): 20 × 16 h high of 720 h
        assert lines["energy"] == Decimal("60.80") + Decimal("52.00")
        assert lines["vat"] == Decimal("38.43")


class TestHolidays:
    def test_a_state_has_its_own(self):
        pack = markets.pack("de")

        assert pack.day_kinds("BY").holidays_of(dt.date(2026, 1, 6)) == {"epiphany"}
        assert pack.day_kinds("BE").holidays_of(dt.date(2026, 1, 6)) == set()

    def test_the_table_ends_with_an_error(self):
        with pytest.raises(calendars.CalendarEnds):
            markets.pack("de").calendar("working-day-high").hours_by_label(dt.date(2031, 1, 2))
