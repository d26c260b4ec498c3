"""Enough of an address or telephone number to recognise it, not enough to use it."""

from __future__ import annotations

SIGN = "•"
SHOWN_AT_EACH_END = 3
SHORTEST = 8


def email(address: str) -> str:
    """Return the first letter and the domain: a•••@example.com."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}{SIGN * 3}{at}{domain}" if at else ""


def phone(number: str) -> str:
    """Return the ends of a number: 138•••••678; a short one only by its last two digits."""
    if len(number) < SHORTEST:
        return f"{SIGN * 3}{number[-2:]}" if number else ""
    hidden = len(number) - 2 * SHOWN_AT_EACH_END
    return f"{number[:SHOWN_AT_EACH_END]}{SIGN * hidden}{number[-SHOWN_AT_EACH_END:]}"
