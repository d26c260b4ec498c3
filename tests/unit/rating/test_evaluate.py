"""Rating accounts: batches, slices, windows, what is missing, what is stored for the next bill."""

import json
from decimal import Decimal

import numpy as np
import pytest

from billing.rating import documents, errors, evaluate, inputs, intervals
from billing.rating.bills import Bill
from billing.rating.inputs import AccountInputs, Labels, Series, SliceInputs

RESOURCES = documents.Resources(
    calendars={"two": ("peak", "valley"), "demand": ("on", "off")},
    indices={"spot": "CNY/kWh", "listed": "CNY/kWh"},
)
PEAK_FIRST = np.array([0, 0, 1, 1], np.int8)


def tariff(*charges, **parts):
    head = {"tariff": 1, "code": "t", "currency": "CNY", "calendar": "two"}
    return documents.load({**head, **parts, "charges": list(charges)}, resources=RESOURCES)


def part(consumption=(1000, 2000, 3000, 4000), *, days=2, labels=PEAK_FIRST, **more):
    channels = {"consumption": np.array(consumption, np.int64), **more.pop("channels", {})}
    return SliceInputs(days=days, labels={"two": labels, **more.pop("calendars", {})}, channels=channels, **more)


def energy(**parts):
    return {"code": "energy", "by": ["peak", "valley"], "quantity": "sum(consumption)", **parts}


class TestRate:
    def test_counts_watt_hours_as_kilowatt_hours(self):
        bill = evaluate.rate(tariff(energy(price="{peak: 2, valley: 1}[label]")), AccountInputs([part()]))

        assert [(cell.label, cell.quantity, cell.unit, cell.amount) for cell in bill.line("energy").cells] == [
            ("peak", Decimal(3), "kWh", Decimal(6)),
            ("valley", Decimal(7), "kWh", Decimal(7)),
        ]
        assert bill.total == Decimal("13.00")

    def test_says_how_a_price_came_about(self):
        charge = energy(price="blend(p, index(listed), 0.2) * {peak: 1.8, valley: 0.4}[label]", round={"price": 3})
        values = {"parameters": {"p": Decimal("0.45")}, "indices": {"listed": Decimal("0.38")}}

        cell, other = (
            evaluate.rate(tariff(charge, parameters={"p": {}}), AccountInputs([part(**values)])).line("energy").cells
        )

        assert cell.how == "blend(0.45, 0.38, 0.2) × 1.8 = 0.7848 ≈ 0.785"
        assert other.how == "blend(0.45, 0.38, 0.2) × 0.4 = 0.1744 ≈ 0.174"
        assert cell.how_much == "3"

    def test_rates_by_the_charges_own_calendar(self):
        demand = {"code": "d", "calendar": "demand", "by": ["on"], "quantity": "peak(demand)", "price": 10}
        given = part(
            calendars={"demand": np.array([1, 0, 0, 1], np.int8)},
            channels={"demand": np.array([9000, 5000, 6000, 8000])},
        )

        bill = evaluate.rate(tariff(energy(price=1), demand), AccountInputs([given]))

        assert bill.line("d").amount == 60

    def test_derives_a_channel_per_local_day(self):
        channels = {"day_peak": {"of": "demand", "every": "day", "take": "peak"}}
        charge = {"code": "d", "quantity": "top(day_peak, 2)", "price": 10}
        given = SliceInputs(
            days=3,
            channels={"demand": np.array([1000, 5000, 2000, 9000, 4000])},
            day_of_slot=np.array([0, 0, 1, 2, 2], np.int32),
        )

        bill = evaluate.rate(tariff(charge, channels=channels), AccountInputs([given]))

        assert bill.line("d").amount == 70

    def test_a_re_bill_sees_what_was_carried(self):
        carried = {"past": {"next": "peak(demand)", "keep": 2, "first": 0}}
        charge = {"code": "d", "quantity": "max(peak(demand), 0.8 * peak(past))", "price": 1}
        loaded = tariff(charge, carried=carried)
        given = SliceInputs(days=1, channels={"demand": np.array([5000, 6000])})

        first = evaluate.rate(loaded, AccountInputs([given]))
        later = evaluate.rate(loaded, AccountInputs([given], carried={"past": [Decimal(90), Decimal(10), Decimal(20)]}))

        assert first.carried_next == {"past": Decimal(6)}
        assert (first.line("d").amount, later.line("d").amount) == (6, 16)

    def test_posts_in_the_minor_unit_and_leaves_out_what_is_not_posted(self):
        charges = [
            {"code": "a", "price": "1.005"},
            {"code": "b", "price": "1.005"},
            {"code": "note", "price": "7", "post": False},
            {"code": "all", "quantity": "amount(a, b)", "price": "1"},
        ]

        bill = evaluate.rate(tariff(*charges), AccountInputs([part()]))

        assert [line.code for line in bill.posted] == ["a", "b", "all"]
        assert [str(line.posted) for line in bill.posted] == ["1.01", "1.01", "2.01"]
        assert bill.line("a").rounding == Decimal("0.005")
        assert bill.total == Decimal("4.03")

    def test_tiers_run_day_by_day_in_a_window_of_a_day(self):
        bands = [{"to": 4, "price": 1}, {"price": 10}]
        charge = energy(tiers={"mode": "graduated", "window": "day", "share": "pro_rata", "bands": bands})

        given = AccountInputs(
            [part(labels=np.array([0, 1, 0, 1], np.int8), day_of_slot=np.array([0, 0, 1, 1], np.int32))]
        )
        cells = evaluate.rate(tariff(charge), given).line("energy").cells

        assert sum(cell.quantity for cell in cells if cell.band == 1) == 7
        assert sum(cell.quantity for cell in cells if cell.band == 2) == 3


class TestSlices:
    def test_a_change_cuts_only_what_depends_on_it(self):
        charges = [
            energy(price="p"),
            {"code": "fee", "price": "600"},
            {"code": "rent", "price": "310 * p"},
            {"code": "demand", "quantity": "peak(demand)", "price": 10},
        ]
        slices = [
            part(days=10, parameters={"p": Decimal(1)}, channels={"demand": np.array([7000])}),
            part(days=21, parameters={"p": Decimal(2)}, channels={"demand": np.array([6000])}),
        ]

        bill = evaluate.rate(tariff(*charges, parameters={"p": {}}), AccountInputs(slices))

        assert [(cell.slice, cell.label, cell.amount) for cell in bill.line("energy").cells] == [
            (0, "peak", 3),
            (0, "valley", 7),
            (1, "peak", 6),
            (1, "valley", 14),
        ]
        assert (bill.line("fee").amount, bill.line("demand").amount) == (600, 70)
        assert [cell.slice for cell in bill.line("fee").cells] == [None]
        assert round(bill.line("rent").amount, 20) == 100 + 420

    def test_amounts_in_a_sliced_charge_are_the_slices_own(self):
        charges = [energy(price="1"), {"code": "tax", "quantity": "amount(energy)", "price": "t"}]
        slices = [
            part(days=10, parameters={"t": Decimal("0.13")}),
            part((0, 0, 0, 0), days=20, parameters={"t": Decimal("0.09")}),
        ]

        bill = evaluate.rate(tariff(*charges, parameters={"t": {}}), AccountInputs(slices))

        assert [cell.amount for cell in bill.line("tax").cells] == [Decimal("1.30"), 0]

    def test_a_peak_is_shared_by_days_where_a_sliced_charge_needs_it(self):
        charges = [
            {"code": "d", "quantity": "peak(demand)", "price": "1"},
            {"code": "tax", "quantity": "amount(d)", "price": "t"},
        ]
        slices = [
            part(days=10, parameters={"t": Decimal(1)}, channels={"demand": np.array([30000])}),
            part(days=20, parameters={"t": Decimal(2)}, channels={"demand": np.array([6000])}),
        ]

        bill = evaluate.rate(tariff(*charges, parameters={"t": {}}), AccountInputs(slices))

        assert bill.line("d").amount == 30
        assert [cell.amount for cell in bill.line("tax").cells] == [10, 40]

    def test_the_cumulated_quantity_runs_on_across_slices(self):
        bands = [{"to": 12, "price": "p"}, {"price": "10 * p"}]
        charge = {
            "code": "e",
            "quantity": "sum(consumption)",
            "tiers": {"mode": "graduated", "already": "used", "bands": bands},
        }
        slices = [part(parameters={"p": Decimal(1)}), part(parameters={"p": Decimal(2)})]

        bill = evaluate.rate(tariff(charge, parameters={"p": {}}), AccountInputs(slices, already={"used": Decimal(1)}))

        assert bill.line("e").amount == 10 + 1 * 2 + 9 * 20
        assert bill.used == {"e": {"": (Decimal(12), Decimal(9))}}

    def test_part_of_a_period_pays_its_days(self):
        bill = evaluate.rate(tariff({"code": "fee", "price": "31"}), AccountInputs([part(days=10)], period_days=31))

        assert bill.total == Decimal("10.00")
        assert bill.line("fee").cells[0].how_much == "10 ÷ 31"


class TestNotReady:
    @pytest.mark.parametrize(
        ("change", "missing"),
        [
            ({"parameters": {}}, "parameter margin"),
            ({"indices": {}}, "index spot"),
            (
                {"channels": {"consumption": Series(np.array([1, 2, 3, 4]), missing=np.array([0, 0, 1, 0], np.bool_))}},
                "channel consumption",
            ),
        ],
    )
    def test_names_what_is_missing(self, change, missing):
        given = {"parameters": {"margin": Decimal("0.01")}, "indices": {"spot": Decimal("0.3")}} | change

        with pytest.raises(errors.NotReady) as raised:
            evaluate.rate(
                tariff(energy(price="index(spot) + margin"), parameters={"margin": {}}), AccountInputs([part(**given)])
            )

        assert raised.value.missing == missing
        assert str(raised.value) == f"not ready: {missing}"

    def test_does_not_stop_the_others_of_the_batch(self):
        loaded = tariff(
            energy(price="p / q"),
            {"code": "x", "quantity": "sum(consumption / q)", "price": 1},
            parameters={"p": {}, "q": {}},
        )
        given = [
            {"p": Decimal(1), "q": Decimal(2)},
            {"p": Decimal(1)},
            {"p": Decimal(1), "q": Decimal(0)},
            {"p": Decimal(3), "q": Decimal(1)},
        ]

        outcomes = evaluate.rate_batch(loaded, [AccountInputs([part(parameters=values)]) for values in given])

        assert [isinstance(outcome, Bill) for outcome in outcomes] == [True, False, False, True]
        assert outcomes[0].total == Decimal("10.00")
        assert outcomes[1].missing == "parameter q"
        assert str(outcomes[2]) == "1 is divided by zero."
        assert outcomes[2].where == "/charges/0/price"
        assert outcomes[3].total == Decimal("40.00")

    def test_a_gap_of_one_account_is_its_own(self):
        gap = Series(np.array([1000, 0, 0, 0]), missing=np.array([0, 1, 0, 0], np.bool_))
        accounts = [AccountInputs([part()]), AccountInputs([part(channels={"consumption": gap})])]

        whole, broken = evaluate.rate_batch(tariff(energy(price=1)), accounts)

        assert whole.total == Decimal("10.00")
        assert broken.missing == "channel consumption"


class TestSpot:
    def test_a_series_per_interval_is_multiplied_interval_by_interval(self):
        spot = inputs.scaled([Decimal("0.1"), Decimal("-0.05"), Decimal("0.2"), Decimal("0.3")])
        charge = {"code": "e", "quantity": "sum(consumption * max(0, index(spot) - 0.15))", "price": "1"}

        bill = evaluate.rate(tariff(charge), AccountInputs([part(indices={"spot": spot})]))

        assert bill.line("e").amount == Decimal("0.75")

    def test_numbers_beyond_64_bits_stay_exact(self):
        spot = inputs.scaled([Decimal("123456789.123456789")] * 4)
        charge = {"code": "e", "quantity": "sum(consumption * index(spot))", "price": "1"}

        bill = evaluate.rate(tariff(charge), AccountInputs([part([2**31 - 1] * 4, indices={"spot": spot})]))

        assert bill.line("e").amount == 4 * Decimal(2**31 - 1) / 1000 * Decimal("123456789.123456789")


class TestBill:
    def test_reads_back_what_it_wrote(self):
        bill = evaluate.rate(
            tariff(energy(price="1 / 3", title={"en": "Energy", "zh-hans": "电量"}, payee="grid")),
            AccountInputs([part()]),
        )

        assert Bill.from_json(bill.as_json()) == bill
        assert json.loads(bill.as_json())["lines"][0]["title"]["zh-hans"] == "电量"

    def test_prices_an_interval_at_the_mean_of_its_cells_bands(self):
        bands = [{"to": 5, "price": 1}, {"price": 4}]
        charges = [
            energy(tiers={"mode": "graduated", "bands": bands}),
            {"code": "net", "quantity": "sum(consumption)", "price": "0.1"},
        ]

        bill = evaluate.rate(tariff(*charges), AccountInputs([part()]))

        assert bill.interval_price(channel="consumption", label="peak") == Decimal("1.1")
        valley = bill.interval_price(channel="consumption", label="valley")

        assert valley.quantize(Decimal("0.0001")) == Decimal("1.9571")
        assert bill.line("energy").mean_price(slice=0, label="valley").quantize(Decimal("0.0001")) == Decimal("1.8571")


class TestIntervalCosts:
    def test_sum_to_the_posted_line_at_any_number_of_places(self):
        bill = evaluate.rate(tariff(energy(price="{peak: 0.333, valley: -0.1}[label]")), AccountInputs([part()]))
        labels, consumption = {"two": Labels(("peak", "valley"), PEAK_FIRST)}, np.array([1000, 2000, 3000, 4000])

        cents = intervals.costs(bill, labels=labels, quantities={"consumption": consumption})
        fine = intervals.costs(bill, labels=labels, quantities={"consumption": consumption}, places=4)

        assert [str(value) for value in cents["energy"]] == ["0.33", "0.67", "-0.30", "-0.40"]
        assert sum(fine["energy"]) == sum(cents["energy"]) == bill.line("energy").posted == Decimal("0.30")

    def test_each_slice_has_its_own_price(self):
        slices = [part(days=1, parameters={"p": Decimal(1)}), part(days=1, parameters={"p": Decimal(2)})]
        bill = evaluate.rate(tariff(energy(price="p"), parameters={"p": {}}), AccountInputs(slices))

        found = intervals.costs(
            bill,
            labels={"two": Labels(("peak", "valley"), np.concatenate([PEAK_FIRST, PEAK_FIRST]))},
            quantities={"consumption": np.array([1000, 2000, 3000, 4000] * 2)},
            slice_of_slot=np.repeat(np.array([0, 1], np.int8), 4),
        )

        assert [int(value) for value in found["energy"]] == [1, 2, 3, 4, 2, 4, 6, 8]
