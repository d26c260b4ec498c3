"""What a reason code of NEM12 says of the meter (AEMO, Meter Data File Format Specification, E and F); pure."""

from __future__ import annotations

FLAG_OF_REASON = {
    28: "fault",
    29: "fault",
    39: "reverse",
    41: "fault",
    43: "outage",
    58: "outage",
    61: "tamper",
    70: "tamper",
    79: "outage",
    80: "clock",
    81: "clock",
    86: "clock",
    87: "reset",
    88: "reset",
    89: "clock",
    95: "overflow",
}
"""79 power outage alarm, 80 and 81 short and long interval, 87 reset, 89 time reset, 95 pulse overflow …"""


def flag_of(reason: str) -> str | None:
    """Return the flag that a reason code raises, None for one that says nothing of the meter."""
    return FLAG_OF_REASON.get(int(reason)) if reason.isascii() and reason.isdigit() else None
