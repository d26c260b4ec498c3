"""The checks that need something beside the day: registers, a second meter, earlier weeks, reactive energy; pure."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction


def sum_tolerance(*, register_energy: int, resolution: int, share: Fraction) -> int:
    """Return how far intervals and registers may be apart (V3), in Wh, rounded down.

    ``resolution`` is one step of the register times its multiplier; the larger of two steps and of ``share`` of the
    energy holds: 0.01 kWh × 800 allows 16 kWh.
    """
    return max(2 * resolution, int(abs(register_energy) * share))


def sums_differ(*, intervals: int, register_energy: int, resolution: int, share: Fraction) -> bool:
    """Tell whether the sum of intervals is too far from what the register says (V3)."""
    allowed = sum_tolerance(register_energy=register_energy, resolution=resolution, share=share)
    return abs(intervals - register_energy) > allowed


def meters_differ(*, main: int, check: int, share: Fraction) -> bool:
    """Tell whether two meters of one flow are further apart than ``share`` of the main one (V11)."""
    return abs(check - main) * share.denominator > abs(main) * share.numerator


def main_register(*, check_code: str, mains: Collection[str]) -> str | None:
    """Return the register that a check register watches, or None where that is not certain.

    NEM12 letters its registers average, master, check: F watches E and D, C watches B and A, L watches K and J, R
    watches Q and P, U watches T and S, of the same number. Other names are matched when there is one main register.
    """
    letter, number = check_code[:1], check_code[1:]
    for distance in (1, 2):
        wanted = chr(ord(letter) - distance) + number if letter else ""
        if wanted in mains:
            return wanted
    return next(iter(mains)) if len(mains) == 1 else None


def too_reactive(*, reactive: int, active: int, ratio: Fraction) -> bool:
    """Tell whether varh are more than ``ratio`` × Wh (V7)."""
    return abs(reactive) * ratio.denominator > abs(active) * ratio.numerator


def far_above(*, total: int, history: Collection[int], ratio: Fraction) -> bool:
    """Tell whether a total is more than ``ratio`` × the mean of ``history`` (V5)."""
    return total * len(history) * ratio.denominator > sum(history) * ratio.numerator


def far_below(*, total: int, history: Collection[int], ratio: Fraction) -> bool:
    """Tell whether a total is less than ``ratio`` × the mean of ``history`` (V5)."""
    return total * len(history) * ratio.denominator < sum(history) * ratio.numerator


def clock_off(*, seconds: int, allowed: int) -> bool:
    """Tell whether a clock drifted by more than is tolerated in a day (V2)."""
    return abs(seconds) > allowed
