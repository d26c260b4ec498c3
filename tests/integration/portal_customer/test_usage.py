"""Usage by interval, day and month: exact sums, gaps as gaps, days of 23 and 25 hours, and the cost to the cent."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import numpy as np
import pytest

from harness import portal_cast, supply
from harness.page_text import rows_of, text_of
from kernel.periods import Period
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.metering import operations as metering_operations

CHART_TABLE = ".g-chart table"


def downloaded(response):
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = response.content.decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


class TestDayByInterval:
    def test_shows_each_quarter_hour_with_its_label_and_cost(self, pages):
        rows = rows_of(pages.get("/usage/?view=interval&date=2025-03-12"), CHART_TABLE)

        assert len(rows) == 96
        assert rows[31] == ["07:45", "0.120", "Valley", "¥0.0430"]
        assert rows[32] == ["08:00", "0.120", "Peak", "¥0.0670"]

    def test_sums_it_up(self, pages):
        page = text_of(pages.get("/usage/?view=interval&date=2025-03-12"))

        assert "Used 11.52 kWh" in page

    def test_shows_a_gap_where_readings_are_missing(self, pages, scene, alder):
        with context.use(alder):
            store(scene.lin, dt.date(2025, 4, 11), missing=slice(40, 44))

        response = pages.get("/usage/?view=interval&date=2025-04-11")

        assert rows_of(response, CHART_TABLE)[40][:2] == ["10:00", "–"]
        assert "4 intervals are not in yet" in text_of(response)

    def test_tells_what_is_estimated(self, pages, scene, alder):
        with context.use(alder):
            store(scene.lin, dt.date(2025, 4, 10), estimated=slice(8, 10))

        day = text_of(pages.get("/usage/?view=interval&date=2025-04-10"))
        month = pages.get("/usage/?view=day&date=2025-04-10")

        assert "2 intervals are estimated" in day
        assert "1 day is partly estimated" in text_of(month)
        assert rows_of(month, CHART_TABLE)[9][0] == "10 Apr 2025 (partly estimated)"


class TestMonthByDay:
    def test_shows_each_day_by_label_with_its_cost(self, pages):
        rows = rows_of(pages.get("/usage/?date=2025-03-01"), CHART_TABLE)

        assert len(rows) == 31
        assert rows[0][:4] == ["1 Mar 2025", "6.24", "5.28", "11.52"]
        assert sum(Decimal(row[4].lstrip("¥")) for row in rows) == Decimal("166.65")

    def test_the_costs_of_the_intervals_are_the_energy_lines_of_the_bill(self, pages, scene):
        page = text_of(pages.get(f"/usage/?point=P1&bill={scene.lins[-1]}"))

        assert "Energy lines of the bill ¥166.65" in page
        assert "Costs of these intervals ¥166.65 the same, to the cent" in page

    def test_a_part_of_a_bill_is_called_so(self, pages):
        page = text_of(pages.get("/usage/?view=interval&date=2025-03-12"))

        assert "Energy lines of the bill ¥166.65" in page
        assert "Costs of these intervals ¥5.38 a part of the bill's days" in page

    def test_days_without_a_bill_have_no_cost(self, pages):
        page = text_of(pages.get("/usage/?date=2025-04-01"))

        assert "115.20 kWh" in page
        assert "Cost of this energy" not in page


class TestYearByMonth:
    def test_shows_each_month_by_label(self, pages):
        rows = rows_of(pages.get("/usage/?view=month&date=2025-04-01"), CHART_TABLE)

        assert rows == [
            ["January 2025", "161.2", "136.4", "297.6"],
            ["February 2025", "145.6", "123.2", "268.8"],
            ["March 2025", "193.4", "163.7", "357.1"],
            ["April 2025", "62.4", "52.8", "115.2"],
        ]


class TestDownload:
    def test_every_interval_of_a_bill_sums_to_its_energy_lines(self, pages, scene):
        heads, *rows = downloaded(
            pages.get(f"/usage/download/?point=P1&view=day&bill={scene.lins[-1]}&detail=intervals")
        )

        assert heads == ["Start", "kWh", "Time of use", "Quality", "Cost (CNY)"]
        assert len(rows) == 31 * 96
        assert rows[0][:4] == ["2025-03-01T00:00+08:00", "0.12", "Valley", "measured"]
        assert sum(Decimal(row[4]) for row in rows) == Decimal("166.65")
        assert sum(Decimal(row[1]) for row in rows) == Decimal("357.12")

    def test_by_day_carries_the_labels(self, pages):
        heads, first, *rest = downloaded(pages.get("/usage/download/?view=day&date=2025-03-01"))

        assert heads == ["Day", "kWh", "kWh Peak", "kWh Valley", "Quality", "Cost (CNY)"]
        assert first[:5] == ["2025-03-01", "11.52", "6.24", "5.28", "measured"]
        assert len(rest) == 30

    def test_by_month(self, pages):
        _heads, *rows = downloaded(pages.get("/usage/download/?view=month&date=2025-03-01"))

        assert [row[:2] for row in rows] == [["2025-01", "297.6"], ["2025-02", "268.8"], ["2025-03", "357.12"]]

    def test_is_private_and_named_after_what_it_holds(self, pages):
        headers = pages.get("/usage/download/?view=day&date=2025-03-01").headers

        assert headers["Content-Disposition"] == 'attachment; filename="P1-consumption-2025-03-01-2025-04-01.csv"'
        assert headers["Cache-Control"] == "private, no-store"


class TestClockChange:
    @pytest.fixture
    def sydney(self, fresh_db):
        with context.use(context.retailer_by_code(code="birch")):
            product = supply.product(document="au-block", valid_from=portal_cast.START, market="au")
            home = portal_cast.household(number="8", product=product, currency="AUD", zone="Australia/Sydney")
            for first in (dt.date(2025, 4, 6), dt.date(2025, 10, 5)):
                supply.read(channel=home.channel, period=Period(first, first + dt.timedelta(days=1)), each=100)
        return portal_cast.signed_in(home.email, host="birch.localhost")

    def test_a_day_of_25_hours_shows_both_hours(self, sydney):
        rows = rows_of(sydney.get("/usage/?view=interval&date=2025-04-06"), CHART_TABLE)

        assert len(rows) == 100
        assert [row[0] for row in rows[8:13]] == ["02:00", "02:15", "02:30", "02:45", "02:00 +10:00"]

    @pytest.mark.parametrize(("day", "count", "total"), [("2025-04-06", 100, "10.0"), ("2025-10-05", 92, "9.2")])
    def test_the_file_tells_each_instant_once(self, sydney, day, count, total):
        _heads, *rows = downloaded(sydney.get(f"/usage/download/?view=interval&date={day}"))

        assert len({row[0] for row in rows}) == len(rows) == count
        assert sum(Decimal(row[1]) for row in rows) == Decimal(total)


class TestWhatWasNotTheCustomers:
    def test_readings_after_moving_out_are_not_shown(self, pages, scene, alder):
        with context.use(alder):
            customer_operations.move_out(supply_point=scene.lin.point, on=dt.date(2025, 4, 6))

        month = text_of(pages.get("/usage/?date=2025-04-01"))
        day = text_of(pages.get("/usage/?view=interval&date=2025-04-08"))

        assert "57.60 kWh" in month
        assert "No readings for these days" in day
        assert "Your readings go until 5 Apr 2025" in day


def store(household, day, *, missing=slice(0), estimated=slice(0)):
    values, quality = np.full(96, 120), np.full(96, 1, dtype=np.uint8)
    quality[missing], quality[estimated] = 255, 4
    changed = metering_operations.DayReadings(channel_id=household.channel.pk, day=day, values=values, quality=quality)
    metering_operations.store_interval_days(days=[changed], at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
