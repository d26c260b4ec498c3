"""URDB rates become tariffs whose monthly bills are those of NREL's PySAM, to the cent."""

import copy
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from billing.rating import documents, evaluate, inputs
from kernel import periods
from markets import foreign_json, own_calendars, urdb

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
OFFICE = EXAMPLES / "meters/office/chicago-medium-office-hourly-kw.dat"
BILLS = json.loads((EXAMPLES / "tariffs/urdb-monthly-bills.json").read_text(), parse_float=Decimal)
RATES = ("urdb-ladwp-a-3", "urdb-sce-tou-8-d")
ITEMS = {"energy": "energy", "dc_tou": "demand_by_period", "dc_flat": "demand", "fixed": "fixed"}
NO_CLOCK_CHANGE = "Etc/GMT+6"
YEAR = 2018
"""A year of 365 days that starts on a Monday."""
HALF_CENT = Decimal("0.005")


def _given(name):
    return foreign_json.read((EXAMPLES / f"tariffs/{name}.json").read_text())


def _small(**changes):
    """A rate of one period all year, as little as URDB allows."""
    return {"name": "Small", "label": "small", "energyratestructure": [[{"rate": "0.1"}]], **changes}


def _loaded(data, time_zone=NO_CLOCK_CHANGE):
    document = urdb.convert(data, time_zone=time_zone).document
    return documents.load(document, resources=own_calendars.resources_of(document, market="us")), document


def _month(tariff, document, month, watts, *, feed_in=None, carried=None):
    """Rate one month of the office's year; a reading of an hour is its mean power too."""
    period = periods.Period.of_month(YEAR, month)
    own = own_calendars.of(document)
    labels = {}
    for name in tariff.calendars:
        start, end = period.instants(own[name].time_zone)
        labels[name] = own[name].labels_of(start=start, end=end, minutes=60)
    channels = {"consumption": watts, "demand": watts, **({} if feed_in is None else {"feed_in": feed_in})}
    part = inputs.SliceInputs(
        days=period.days, period_start=period.start, parameters={}, labels=labels, channels=channels
    )
    return evaluate.rate(tariff, inputs.AccountInputs(slices=[part], carried=carried or {}))


def _office(month):
    watts = np.array([int(Decimal(line) * 1000) for line in OFFICE.read_text().split()], dtype=np.int64)
    first = (dt.date(YEAR, month, 1) - dt.date(YEAR, 1, 1)).days * 24
    return watts[first : first + periods.Period.of_month(YEAR, month).days * 24]


class TestMonthlyBills:
    @pytest.mark.parametrize("month", range(1, 13))
    @pytest.mark.parametrize("name", RATES)
    def test_are_those_of_pysam_to_the_cent(self, name, month):
        tariff, document = _loaded(_given(name))

        bill = _month(tariff, document, month, _office(month))

        for item, code in ITEMS.items():
            expected = Decimal(BILLS[name][item][month - 1])
            assert abs(bill.line(code).amount - expected) < Decimal("0.000001")
            assert abs(bill.line(code).posted - expected) <= HALF_CENT

    def test_nothing_else_is_billed(self):
        for name in RATES:
            tariff, _ = _loaded(_given(name))

            assert {charge.code for charge in tariff.charges} == set(ITEMS.values())

    def test_what_is_left_out_is_said(self):
        assert urdb.convert(_given("urdb-sce-tou-8-d"), time_zone=NO_CLOCK_CHANGE).left_out == (
            "charge for reactive power (demandreactivepowercharge)",
        )


class TestCalendars:
    def test_have_no_holidays(self):
        _, document = _loaded(_given("urdb-ladwp-a-3"), "America/Los_Angeles")

        assert not any("holidays" in rule for found in document["calendars"].values() for rule in found["rules"])

    def test_are_named_by_what_they_say(self):
        _, document = _loaded(_given("urdb-ladwp-a-3"))

        assert own_calendars.named_by_content(document) == document

    def test_get_another_name_with_another_content(self):
        _, document = _loaded(_given("urdb-ladwp-a-3"))
        changed = copy.deepcopy(document)
        name = document["calendar"]
        changed["calendars"][name]["rules"][0]["windows"] = ["09:00-10:00"]

        named = own_calendars.named_by_content(changed)

        assert named["calendar"] != name
        assert named["calendar"] in named["calendars"]
        assert documents.load(named, resources=own_calendars.resources_of(named, market="us"))


class TestTiers:
    WATTS = np.full(31 * 24, 1000, dtype=np.int64)
    """744 kWh, 248 of them in the first eight hours."""
    SCHEDULE = [[0] * 8 + [1] * 16] * 12

    def _energy(self, *structure, **changes):
        data = _small(
            energyratestructure=list(structure),
            energyweekdayschedule=self.SCHEDULE,
            energyweekendschedule=self.SCHEDULE,
            **changes,
        )
        tariff, document = _loaded(data)
        bill = _month(tariff, document, 1, self.WATTS)
        return {line.code: line.amount for line in bill.lines}

    def test_limits_hold_for_the_month_and_are_shared_over_the_periods(self):
        found = self._energy(
            [{"rate": "0.10", "max": 372}, {"rate": "0.20"}], [{"rate": "0.30", "max": 372}, {"rate": "0.40"}]
        )

        # half of 248 and half of 496 kWh in each tier
        assert found == {"energy": Decimal("12.4") + Decimal("24.8") + Decimal("74.4") + Decimal("99.2")}

    @pytest.mark.parametrize(
        ("unit", "limit"), [("kWh daily", "12"), ("kWh/kW", "372"), ("kWh/kW daily", "12"), ("kWh", "372")]
    )
    def test_limits_come_in_four_units(self, unit, limit):
        tiers = [{"rate": "0.10", "max": limit, "unit": unit}, {"rate": "0.20", "unit": unit}]

        assert self._energy(tiers, tiers) == {"energy": Decimal("111.6")}

    def test_periods_with_other_limits_are_other_charges(self):
        found = self._energy([{"rate": "0.10", "max": 372}, {"rate": "0.20"}], [{"rate": "0.30"}])

        assert found == {"energy": Decimal("37.2"), "energy_2": Decimal("148.8")}


class TestDemand:
    WATTS = np.full(31 * 24, 1000, dtype=np.int64)

    def test_a_ratchet_looks_back_eleven_months(self):
        data = _small(flatdemandstructure=[[{"rate": 10}]], demandratchetpercentage=["0.8"] * 12)
        tariff, document = _loaded(data)

        before = _month(tariff, document, 1, self.WATTS)
        after = _month(tariff, document, 1, self.WATTS, carried={"past_peak": [Decimal(2), Decimal(1)]})

        assert before.line("demand").amount == 10
        assert after.line("demand").amount == 16
        assert after.carried_next == {"past_peak": 1}

    def test_a_ratchet_by_months_counts_in_its_own_months_only(self):
        data = _small(
            flatdemandstructure=[[{"rate": 10}], [{"rate": 20}]],
            flatdemandmonths=[0] * 6 + [1] * 6,
            demandratchetpercentage=["0.8"] * 6 + [0] * 6,
        )
        tariff, document = _loaded(data)
        carried = {"past_peak": [Decimal(2)]}

        assert _month(tariff, document, 1, self.WATTS, carried=carried).line("demand").amount == 16
        assert _month(tariff, document, 7, self.WATTS, carried=carried).line("demand").amount == 20

    def test_has_tiers_of_kilowatts(self):
        data = _small(flatdemandstructure=[[{"rate": 10, "max": "0.4"}, {"rate": 20}]])
        tariff, document = _loaded(data)

        assert _month(tariff, document, 1, self.WATTS).line("demand").amount == 16


class TestOtherCharges:
    WATTS = np.full(31 * 24, 1000, dtype=np.int64)

    def _lines(self, **changes):
        tariff, document = _loaded(_small(**changes))
        bill = _month(tariff, document, 1, self.WATTS, feed_in=self.WATTS // 2)
        return {line.code: line.posted for line in bill.lines}

    def test_a_minimum_is_filled_up(self):
        found = self._lines(fixedchargefirstmeter=5, mincharge=100, minchargeunits="$/month")

        assert found == {"energy": Decimal("74.40"), "fixed": 5, "minimum": Decimal("20.60")}

    def test_energy_can_be_sold(self):
        found = self._lines(energyratestructure=[[{"rate": "0.1", "adj": "0.02", "sell": "0.05"}]])

        assert found == {"energy": Decimal("89.28"), "feed_in": Decimal("-18.60")}

    def test_a_day_can_have_a_fixed_charge(self):
        assert self._lines(fixedchargefirstmeter="0.5", fixedchargeunits="$/day")["fixed"] == Decimal("15.50")


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"name": None}, "/name"),
            ({"name": ["x"]}, "/name"),
            ({"energyratestructure": []}, ""),
            ({"energyratestructure": {}}, ""),
            ({"energyratestructure": "x"}, "/energyratestructure"),
            ({"energyratestructure": [[]]}, "/energyratestructure/0"),
            ({"energyratestructure": [[{}]]}, "/energyratestructure/0/0/rate"),
            ({"energyratestructure": [[{"rate": "NaN"}]]}, "/energyratestructure/0/0/rate"),
            ({"energyratestructure": [[{"rate": "1e999999"}]]}, "/energyratestructure/0/0/rate"),
            ({"energyratestructure": [[{"rate": True}]]}, "/energyratestructure/0/0/rate"),
            ({"energyratestructure": [[{"rate": 0.1}]]}, "/energyratestructure/0/0/rate"),
            ({"energyratestructure": [[{"rate": 1, "unit": "therm"}]]}, "/energyratestructure/0/0/unit"),
            ({"energyratestructure": [[{"rate": 1, "max": 5}]]}, "/energyratestructure/0/0/max"),
            ({"energyratestructure": [[{"rate": 1}, {"rate": 2}]]}, "/energyratestructure/0/0"),
            ({"energyratestructure": [[{"rate": 1, "max": 5}, {"rate": 2, "max": 4}, {"rate": 3}]]},
             "/energyratestructure/0"),
            ({"energyratestructure": [[{"rate": 1}], [{"rate": 2}]]}, "/energyweekdayschedule"),
            ({"energyweekdayschedule": [[1] * 24] * 12}, "/energyweekdayschedule/0/0"),
            ({"energyweekdayschedule": [[0] * 23] * 12}, "/energyweekdayschedule/0"),
            ({"energyweekdayschedule": [[0] * 24] * 11}, "/energyweekdayschedule"),
            ({"energyweekdayschedule": [[-1] * 24] * 12}, "/energyweekdayschedule/0/0"),
            ({"coincidentratestructure": [[{"rate": 5}]]}, "/coincidentratestructure"),
            ({"demandratestructure": [[{"rate": 5}]], "demandrateunit": "kVA"}, "/demandrateunit"),
            ({"flatdemandstructure": [[{"rate": 5}]], "flatdemandmonths": [1] * 12}, "/flatdemandmonths/0"),
            ({"demandratchetpercentage": ["0.5"] * 12}, "/demandratchetpercentage"),
            ({"fixedchargefirstmeter": 5, "fixedchargeunits": "$/year"}, "/fixedchargeunits"),
            ({"annualmincharge": 100}, "/annualmincharge"),
            ({"energyratestructure": None}, ""),
        ],
    )  # fmt: skip
    def test_name_the_place(self, changes, where):
        with pytest.raises(foreign_json.ImportRefused) as refusal:
            urdb.convert(_small(**changes), time_zone=NO_CLOCK_CHANGE)

        assert refusal.value.where == where
        assert "{" not in str(refusal.value)

    @pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '{"a": 1e' + "9" * 5000 + "}", "1"])
    def test_what_is_no_object_is_refused(self, text):
        with pytest.raises(foreign_json.ImportRefused):
            urdb.convert(foreign_json.read(text), time_zone=NO_CLOCK_CHANGE)

    def test_deep_nesting_is_refused(self):
        nested = []
        for _ in range(500):
            nested = [nested]

        with pytest.raises(foreign_json.ImportRefused):
            urdb.convert(_small(energyratestructure=nested), time_zone=NO_CLOCK_CHANGE)

    def test_a_name_from_outside_stays_one_short_line(self):
        document = urdb.convert(_small(name="A\n" + "b" * 5000), time_zone=NO_CLOCK_CHANGE).document

        assert document["title"]["en"] == "A " + "b" * 198
