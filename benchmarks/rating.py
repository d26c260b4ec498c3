"""Bills per second and core: 96-point months, five labels, eight charges, a batch of accounts on one tariff.

Run ``python benchmarks/rating.py [accounts]``. In the same run NREL's PySAM rates whole years of 15-minute readings
(``utilityrate5``, twelve bills each: five periods of energy, a demand charge, a fixed charge), and this engine rates
that tariff too; their monthly amounts have to agree to the cent. Seconds are those of the processor. The last line
gives both figures and their ratios to PySAM's.
"""

from __future__ import annotations

import datetime as dt
import gc
import pathlib
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402

from billing.rating import documents, evaluate, inputs  # noqa: E402
from billing.rating.bills import Bill  # noqa: E402

LABELS = ("tip", "peak", "flat", "valley", "deep")
DAYS, SLOTS_PER_DAY = 31, 96
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
YEARS, REPEATS = 20, 5
HALF_CENT = Decimal("0.005")
ENERGY = {"tip": "0.31", "peak": "0.24", "flat": "0.16", "valley": "0.09", "deep": "0.05"}
DEMAND, FIXED = "9.75", "75"
Watts: TypeAlias = npt.NDArray[np.int64]
EQUIVALENT = {
    "tariff": 1,
    "code": "equivalent",
    "currency": "USD",
    "calendar": "five",
    "charges": [
        {
            "code": "energy",
            "by": list(LABELS),
            "quantity": "sum(consumption)",
            "price": "{" + ", ".join(f"{label}: {price}" for label, price in ENERGY.items()) + "}[label]",
        },
        {"code": "demand", "quantity": "peak(demand)", "price": DEMAND},
        {"code": "fixed", "price": FIXED},
    ],
}
TARIFF = {
    "tariff": 1,
    "code": "benchmark",
    "currency": "CNY",
    "calendar": "five",
    "parameters": {"flat_price": {"unit": "CNY/kWh"}, "capacity": {"unit": "kVA"}},
    "tables": {
        "factor": [
            {"below": "0.80", "value": "5"},
            {"below": "0.90", "value": "(0.9 - x) * 50"},
            {"below": "0.95", "value": "0"},
            {"value": "-0.75"},
        ]
    },
    "charges": [
        {
            "code": "energy",
            "by": list(LABELS),
            "quantity": "sum(consumption)",
            "price": "flat_price * {tip: 1.8, peak: 1.6, flat: 1, valley: 0.4, deep: 0.2}[label]",
            "round": {"price": 4, "cell": 2},
        },
        {
            "code": "losses",
            "by": list(LABELS),
            "quantity": "sum(consumption)",
            "price": "{tip: 0.021, peak: 0.019, flat: 0.015, valley: 0.011, deep: 0.009}[label]",
            "round": {"cell": 2},
        },
        {"code": "system", "quantity": "sum(consumption)", "price": "0.0312", "round": {"line": 2}},
        {"code": "funds", "quantity": "sum(consumption)", "price": "0.0285", "round": {"line": 2}},
        {"code": "capacity", "quantity": "capacity * days / period_days", "price": "23.50", "round": {"line": 2}},
        {
            "code": "power_factor",
            "quantity": "amount(energy, capacity)",
            "price": "table(factor, power_factor(sum(consumption), sum(reactive))) / 100",
            "round": {"line": 2},
        },
        {
            "code": "steps",
            "quantity": "sum(consumption)",
            "tiers": {
                "mode": "graduated",
                "bands": [{"to": "5000", "price": "0"}, {"to": "20000", "price": "0.05"}, {"price": "0.30"}],
            },
            "round": {"line": 2},
        },
        {
            "code": "discount",
            "quantity": "amount(energy, losses, capacity, power_factor)",
            "price": "-0.02",
            "round": {"line": 2},
        },
    ],
}


def accounts(count: int) -> list[inputs.AccountInputs]:
    """This will make accounts whose readings, prices and capacities differ."""
    generator = np.random.default_rng(7)
    slots = DAYS * SLOTS_PER_DAY
    labels = {"five": (np.arange(slots) % SLOTS_PER_DAY * len(LABELS) // SLOTS_PER_DAY).astype(np.int8)}
    made = []
    for at in range(count):
        channels = {name: generator.integers(0, 20_000, slots, dtype=np.int64) for name in ("consumption", "reactive")}
        parameters = {"flat_price": Decimal("0.4") + Decimal(at % 50) / 10_000, "capacity": Decimal(315 + at % 7)}
        part = inputs.SliceInputs(DAYS, dt.date(2026, 1, 1), parameters, labels, channels)
        made.append(inputs.AccountInputs([part]))
    return made


def timed(run: Callable[[], object], count: int) -> float:
    """This will return processor seconds for one of ``count``, the best of several runs."""
    best = float("inf")
    for _ in range(REPEATS):
        gc.collect()
        started = time.process_time()
        run()
        best = min(best, time.process_time() - started)
    return best / count


def year_of(seed: int) -> Watts:
    """This will make a year of 15-minute energy in Wh."""
    return np.random.default_rng(seed).integers(0, 20_000, sum(MONTH_DAYS) * SLOTS_PER_DAY, dtype=np.int64)


def months_of(watt_hours: Watts) -> list[inputs.AccountInputs]:
    """This will cut a year into the inputs of twelve bills; the power of an interval is four times its energy."""
    made = []
    ends = np.cumsum(MONTH_DAYS) * SLOTS_PER_DAY
    for days, end in zip(MONTH_DAYS, ends, strict=True):
        part = watt_hours[end - days * SLOTS_PER_DAY : end]
        labels = {"five": (np.arange(part.size) % SLOTS_PER_DAY // 4 * len(LABELS) // 24).astype(np.int8)}
        channels = {"consumption": part, "demand": part * 4}
        made.append(inputs.AccountInputs([inputs.SliceInputs(days, None, {}, labels, channels)]))
    return made


def pysam_model() -> Any:
    """This will set NREL's model to the tariff of `EQUIVALENT`; None where PySAM is not installed."""
    try:
        import PySAM.Utilityrate5 as utilityrate  # noqa: N813
    except ImportError:
        return None
    model = utilityrate.new()
    slots = sum(MONTH_DAYS) * SLOTS_PER_DAY
    model.Lifetime.assign({"analysis_period": 1, "inflation_rate": 0, "system_use_lifetime_output": 0})
    model.SystemOutput.assign({"gen": [0.0] * slots, "degradation": [0.0]})
    schedule = [[1 + hour * len(LABELS) // 24 for hour in range(24)]] * 12
    periods = range(1, len(LABELS) + 1)
    model.ElectricityRates.assign(
        {
            "en_electricity_rates": 1,
            "rate_escalation": [0],
            "ur_metering_option": 4,
            "ur_monthly_fixed_charge": float(FIXED),
            "ur_monthly_min_charge": 0,
            "ur_annual_min_charge": 0,
            "ur_nm_yearend_sell_rate": 0,
            "ur_nm_credit_month": 0,
            "ur_nm_credit_rollover": 0,
            "ur_sell_eq_buy": 0,
            "ur_en_ts_sell_rate": 0,
            "ur_en_ts_buy_rate": 0,
            "ur_ts_sell_rate": [0],
            "ur_ts_buy_rate": [0],
            "ur_ec_sched_weekday": schedule,
            "ur_ec_sched_weekend": schedule,
            "ur_ec_tou_mat": [[at, 1, 1e38, 0, float(ENERGY[LABELS[at - 1]]), 0] for at in periods],
            "ur_dc_enable": 1,
            "ur_dc_sched_weekday": schedule,
            "ur_dc_sched_weekend": schedule,
            "ur_dc_tou_mat": [[at, 1, 1e38, 0] for at in periods],
            "ur_dc_flat_mat": [[month, 1, 1e38, float(DEMAND)] for month in range(12)],
            "TOU_demand_single_peak": 0,
        }
    )
    return model


def differences(model: Any, watt_hours: Watts, bills: Sequence[Bill]) -> list[str]:
    """This will name the monthly amounts in which the two programs differ by half a cent or more."""
    model.Load.load = (watt_hours * 4 / 1000).tolist()
    model.execute()
    outputs = model.Outputs
    theirs = {"energy": outputs.charge_wo_sys_ec_ym[1], "demand": outputs.charge_wo_sys_dc_fixed_ym[1]}
    return [
        f"{code} of month {month + 1}: {bill.line(code).amount} and {amounts[month]}"
        for code, amounts in theirs.items()
        for month, bill in enumerate(bills)
        if abs(bill.line(code).amount - Decimal(repr(amounts[month]))) >= HALF_CENT
    ]


def compare(years: int) -> tuple[float, float] | None:
    """This will rate the same years with both programs and return the bills per second of PySAM and of this engine."""
    model = pysam_model()
    if model is None:
        print("PySAM is not installed for this machine: no comparison")
        return None
    tariff = documents.load(EQUIVALENT, resources=documents.Resources(calendars={"five": LABELS}))
    made = [year_of(seed) for seed in range(years)]
    given = [month for year in made for month in months_of(year)]
    rated = [bill for bill in evaluate.rate_batch(tariff, given) if isinstance(bill, Bill)]
    found = [line for at, year in enumerate(made) for line in differences(model, year, rated[12 * at : 12 * at + 12])]
    if found:
        sys.exit("the two programs differ: " + "; ".join(found[:5]))
    theirs = 1 / timed(lambda: [model.execute() for _ in range(years)], 12 * years)
    ours = 1 / timed(lambda: evaluate.rate_batch(tariff, given), 12 * years)
    print(f"amounts of {12 * years} bills agree with PySAM to the cent (energy in five periods, demand)")
    print(f"PySAM utilityrate5, years of 15 minutes: {theirs:,.0f} bills/s/core")
    print(f"this engine, the same tariff and readings: {ours:,.0f} bills/s/core")
    return theirs, ours


def main(arguments: Sequence[str]) -> None:
    count = int(arguments[0]) if arguments else 500
    tariff = documents.load(TARIFF, resources=documents.Resources(calendars={"five": LABELS}))
    given = accounts(count)
    outcomes = evaluate.rate_batch(tariff, given[:5])
    assert all(isinstance(outcome, Bill) for outcome in outcomes)
    compared = compare(YEARS)
    engine = 1 / timed(lambda: evaluate.rate_batch(tariff, given), count)
    print(f"accounts in the batch: {count}, intervals: {DAYS * SLOTS_PER_DAY} in 2 channels, eight charges")
    if compared is None:
        print(f"rating: {engine:,.0f} bills/s/core of eight charges; PySAM is not there to compare with")
        return
    theirs, ours = compared
    print(
        f"rating: {engine:,.0f} bills/s/core of eight charges, {engine / theirs:.1f} times PySAM utilityrate5; "
        f"{ours:,.0f} on its own tariff, {ours / theirs:.1f} times"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
