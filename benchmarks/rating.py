"""Bills per second and core: 96-point months, five labels, eight charges, a batch of accounts on one tariff.

Run ``python benchmarks/rating.py [accounts]``. The ratio compares with a plain evaluation in the same run: every
interval's reading times its price in decimals, for the energy charges only. The last line gives both.
"""

from __future__ import annotations

import datetime as dt
import decimal
import pathlib
import sys
import time
from collections.abc import Sequence
from decimal import Decimal

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

import numpy as np  # noqa: E402

from billing.rating import documents, evaluate, inputs  # noqa: E402
from billing.rating.bills import Bill  # noqa: E402
from kernel import money  # noqa: E402

LABELS = ("tip", "peak", "flat", "valley", "deep")
DAYS, SLOTS_PER_DAY = 31, 96
PLAIN_ACCOUNTS = 10
FACTORS = {"tip": "1.8", "peak": "1.6", "flat": "1", "valley": "0.4", "deep": "0.2"}
LOSSES = {"tip": "0.021", "peak": "0.019", "flat": "0.015", "valley": "0.011", "deep": "0.009"}
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


def plain(account: inputs.AccountInputs) -> Decimal:
    """This will rate the energy of one account interval by interval in decimals, as a simple program would."""
    part = account.slices[0]
    codes = part.labels["five"]
    price = part.parameters["flat_price"]
    prices = [(price * Decimal(FACTORS[label]), Decimal(LOSSES[label])) for label in LABELS]
    energy = losses = used = reactive = Decimal(0)
    for code, watt_hours, reactive_hours in zip(
        codes, part.channels["consumption"], part.channels["reactive"], strict=True
    ):
        quantity = Decimal(int(watt_hours)) / 1000
        energy += quantity * prices[code][0]
        losses += quantity * prices[code][1]
        used += quantity
        reactive += Decimal(int(reactive_hours)) / 1000
    return energy + losses + used * Decimal("0.0597") + reactive * 0


def timed(run: object, count: int) -> float:
    """This will return processor seconds for one of ``count``."""
    started = time.process_time()
    run()  # type: ignore[operator]
    return (time.process_time() - started) / count


def main(arguments: Sequence[str]) -> None:
    count = int(arguments[0]) if arguments else 500
    tariff = documents.load(TARIFF, resources=documents.Resources(calendars={"five": LABELS}))
    given = accounts(count)
    outcomes = evaluate.rate_batch(tariff, given[:5])
    assert all(isinstance(outcome, Bill) for outcome in outcomes)
    engine = min(timed(lambda: evaluate.rate_batch(tariff, given), count) for _ in range(3))
    with decimal.localcontext(money.EXACT):
        simple = min(
            timed(lambda: [plain(account) for account in given[:PLAIN_ACCOUNTS]], PLAIN_ACCOUNTS) for _ in range(3)
        )
    print(f"accounts in the batch: {count}, intervals: {DAYS * SLOTS_PER_DAY} in 2 channels")
    print(f"plain decimal evaluation per interval: {1 / simple:,.0f} bills/s/core (energy charges only)")
    print(
        f"rating: {1 / engine:,.0f} bills/s/core, {simple / engine:.1f} times a plain decimal evaluation per interval"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
