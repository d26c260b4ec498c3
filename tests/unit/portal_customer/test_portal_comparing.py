"""Why a bill is higher: parts that sum to the difference exactly."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from portal.customer import comparing


@dataclass
class Line:
    code: str
    quantity: Decimal | None
    unit: str
    gross: Decimal
    cells: list[dict[str, Any]] = field(default_factory=list)
    identifier: str = "P1"
    supply_period: DateRange = field(default_factory=lambda: DateRange(dt.date(2025, 3, 1), dt.date(2025, 4, 1)))


def line(code: str, gross: str, quantity: str = "", unit: str = "") -> Line:
    return Line(code, Decimal(quantity) if quantity else None, unit, Decimal(gross))


def parts(now: list[Line], before: list[Line], days: tuple[int, int] = (30, 30)) -> dict[str, str]:
    found = comparing.compared(now=now, before=before, days=days, currency="CNY")
    assert found.total == sum(each.gross for each in now) - sum(each.gross for each in before)
    return {name: str(getattr(found, name)) for name in ("days", "use", "price", "other") if getattr(found, name)}


class TestCompared:
    def test_more_use_at_the_same_price_is_use(self):
        assert parts([line("energy", "60.00", "120", "kWh")], [line("energy", "50.00", "100", "kWh")]) == {
            "use": "10.00"
        }

    def test_the_same_use_at_a_higher_price_is_price(self):
        assert parts([line("energy", "60.00", "100", "kWh")], [line("energy", "50.00", "100", "kWh")]) == {
            "price": "10.00"
        }

    def test_a_longer_month_with_the_same_use_a_day_is_days(self):
        now, before = [line("energy", "62.00", "124", "kWh")], [line("energy", "56.00", "112", "kWh")]

        assert parts(now, before, days=(31, 28)) == {"days": "6.00"}

    def test_a_charge_by_the_day_changes_with_the_days(self):
        now, before = [line("supply", "31.00", "31", "day")], [line("supply", "28.00", "28", "day")]

        assert parts(now, before, days=(31, 28)) == {"days": "3.00"}

    def test_a_charge_that_is_new_or_gone_is_other(self):
        assert parts([line("fee", "5.00")], [line("gift", "-2.00")]) == {"other": "7.00"}

    def test_dust_of_rounding_is_not_called_a_price(self):
        now, before = [line("energy", "40.01", "90", "kWh")], [line("energy", "30.00", "67.5", "kWh")]

        assert parts(now, before) == {"use": "10.01"}

    @pytest.mark.parametrize("quantity", ["0", "-3"])
    def test_a_bill_without_use_divides_by_nothing(self, quantity: str):
        now, before = [line("energy", "10.00", "20", "kWh")], [line("energy", "0.00", quantity, "kWh")]

        assert sum(Decimal(value) for value in parts(now, before).values()) == Decimal(10)


def labelled(code: str, **quantities: str) -> Line:
    cells = [{"label": label, "quantity": quantity} for label, quantity in quantities.items()]
    total = sum((Decimal(quantity) for quantity in quantities.values()), Decimal(0))
    return Line(code, total, "kWh", Decimal(1), cells)


class TestEnergy:
    def test_of_several_charges_on_the_same_use_counts_once(self):
        lines = [labelled("energy", peak="60", valley="40"), line("network", "9.00", "100", "kWh")]

        assert comparing.energy(lines) == 100

    def test_of_charges_that_take_some_labels_each_is_added(self):
        assert comparing.energy([labelled("usage", peak="60", night="20"), labelled("midday", free="15")]) == 95

    def test_of_two_places_is_added(self):
        other = labelled("energy", peak="7")
        other.identifier = "P2"

        assert comparing.energy([labelled("energy", peak="60"), other]) == 67

    def test_of_what_was_fed_in_does_not_count(self):
        assert comparing.energy([line("feed_in", "-9.00", "-100", "kWh"), line("supply", "5.00", "31", "day")]) == 0
