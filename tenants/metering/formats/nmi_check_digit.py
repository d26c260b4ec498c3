"""The eleventh character of an NMI."""

from __future__ import annotations


def check_digit(nmi: str) -> int:
    """Return the check digit of a ten-character NMI (National Metering Identifier Procedure, NMI checksum)."""
    total = 0
    for place, character in enumerate(reversed(nmi)):
        value = ord(character) * (2 if place % 2 == 0 else 1)
        total += sum(int(digit) for digit in str(value))
    return -total % 10
