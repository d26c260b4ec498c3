"""The units, register letters and quality flags of NEM12 and what they mean here."""

from __future__ import annotations

from tenants.metering.formats.base import Kind, Quality, Unit

UNITS: dict[str, tuple[Unit, int]] = {
    "WH": (Unit.WATT_HOUR, 1),
    "KWH": (Unit.WATT_HOUR, 1000),
    "MWH": (Unit.WATT_HOUR, 1_000_000),
    "VARH": (Unit.VAR_HOUR, 1),
    "KVARH": (Unit.VAR_HOUR, 1000),
    "MVARH": (Unit.VAR_HOUR, 1_000_000),
    "VAH": (Unit.VOLT_AMPERE_HOUR, 1),
    "KVAH": (Unit.VOLT_AMPERE_HOUR, 1000),
    "MVAH": (Unit.VOLT_AMPERE_HOUR, 1_000_000),
    "W": (Unit.WATT, 1),
    "KW": (Unit.WATT, 1000),
    "MW": (Unit.WATT, 1_000_000),
    "VAR": (Unit.VAR, 1),
    "KVAR": (Unit.VAR, 1000),
    "MVAR": (Unit.VAR, 1_000_000),
    "VA": (Unit.VOLT_AMPERE, 1),
    "KVA": (Unit.VOLT_AMPERE, 1000),
    "MVA": (Unit.VOLT_AMPERE, 1_000_000),
}
KINDS: dict[str, tuple[Kind, Unit]] = {
    **dict.fromkeys("AB", (Kind.FEED_IN, Unit.WATT_HOUR)),
    **dict.fromkeys("DE", (Kind.CONSUMPTION, Unit.WATT_HOUR)),
    **dict.fromkeys("CF", (Kind.CHECK, Unit.WATT_HOUR)),
    **dict.fromkeys("JKPQ", (Kind.REACTIVE, Unit.VAR_HOUR)),
    **dict.fromkeys("LR", (Kind.CHECK, Unit.VAR_HOUR)),
    **dict.fromkeys("ST", (Kind.APPARENT, Unit.VOLT_AMPERE_HOUR)),
    "U": (Kind.CHECK, Unit.VOLT_AMPERE_HOUR),
}
POWER_OF = {Unit.WATT: Unit.WATT_HOUR, Unit.VAR: Unit.VAR_HOUR, Unit.VOLT_AMPERE: Unit.VOLT_AMPERE_HOUR}
QUALITIES = {
    "A": Quality.ACTUAL,
    "F": Quality.FINAL,
    "S": Quality.SUBSTITUTED,
    "E": Quality.ESTIMATED,
    "N": Quality.MISSING,
}
