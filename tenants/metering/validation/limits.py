"""The parameters of validation, estimation and editing, as a market's policy gives them for a kind of channel; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

MINUTES_PER_HOUR = 60
SAME_CLASS, SAME_WEEKDAY = "same_class", "same_weekday"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a check allows; None switches it off. Ratios are exact, times are minutes, energy is in Wh."""

    spike_ratio: Fraction | None
    spike_floor_w: Fraction
    history_above: Fraction | None
    history_below: Fraction | None
    history_weeks: int
    history_least: int
    history_floor_wh: int
    zero_minutes: int | None
    flat_minutes: int | None
    negative: bool
    capacity_ratio: Fraction | None
    kvarh_ratio: Fraction | None
    check_meter_main: Fraction | None
    check_meter_backup: Fraction | None
    sum_tolerance: Fraction | None
    clock_seconds: int | None
    estimated_days: int | None
    blocking: frozenset[str]


@dataclass(frozen=True, slots=True)
class EstimationLimits:
    """How the ladder climbs, and which of its rungs are applied without a person."""

    linear_gap_minutes: int
    reference_days: int
    reference_window_days: int
    reference_rule: str
    automatic: frozenset[str]
    automatic_after_hours: int
    profile: str


@dataclass(frozen=True, slots=True)
class EditingLimits:
    """Above either, a second person has to agree; ``share`` is of the day's total as it stands."""

    four_eyes_wh: int
    four_eyes_share: Fraction


def limits_of(*, policy: Mapping[str, Any], kind: str) -> Limits:
    """This will read a market's ``validation`` policy for a kind of channel; its ``kinds`` overrule the rest."""
    said = {**policy, **policy.get("kinds", {}).get(kind, {})}
    return Limits(
        spike_ratio=_ratio(said, "spike_ratio"),
        spike_floor_w=(_ratio(said, "spike_floor_kw") or Fraction(0)) * 1000,
        history_above=_ratio(said, "history_above"),
        history_below=_ratio(said, "history_below"),
        history_weeks=int(said["history_weeks"]),
        history_least=int(said["history_least"]),
        history_floor_wh=int((_ratio(said, "history_floor_kwh") or Fraction(0)) * 1000),
        zero_minutes=_minutes(said, "zero_hours"),
        flat_minutes=_minutes(said, "flat_hours"),
        negative=bool(said["negative"]),
        capacity_ratio=_ratio(said, "capacity_ratio"),
        kvarh_ratio=_ratio(said, "kvarh_ratio"),
        check_meter_main=_ratio(said, "check_meter_main"),
        check_meter_backup=_ratio(said, "check_meter_backup"),
        sum_tolerance=_ratio(said, "sum_tolerance"),
        clock_seconds=None if said.get("clock_minutes") is None else int(said["clock_minutes"]) * MINUTES_PER_HOUR,
        estimated_days=None if said.get("estimated_days") is None else int(said["estimated_days"]),
        blocking=frozenset(said["blocking"]),
    )


def estimation_limits(*, policy: Mapping[str, Any]) -> EstimationLimits:
    """This will read how a market's ``validation`` policy has gaps estimated."""
    said = policy["estimation"]
    return EstimationLimits(
        linear_gap_minutes=int(policy["linear_gap_minutes"]),
        reference_days=int(policy["reference_days"]),
        reference_window_days=int(said["reference_window_days"]),
        reference_rule=str(said["reference_rule"]),
        automatic=frozenset(said["automatic"]),
        automatic_after_hours=int(said["automatic_after_hours"]),
        profile=str(said.get("profile") or ""),
    )


def editing_limits(*, policy: Mapping[str, Any]) -> EditingLimits:
    """This will read above which change a market's ``validation`` policy asks for a second person."""
    said = policy["editing"]
    return EditingLimits(int(Fraction(said["four_eyes_kwh"]) * 1000), Fraction(said["four_eyes_share"]))


def _ratio(said: Mapping[str, Any], name: str) -> Fraction | None:
    value = said.get(name)
    return None if value is None else Fraction(str(value))


def _minutes(said: Mapping[str, Any], name: str) -> int | None:
    hours = _ratio(said, name)
    return None if hours is None else int(hours * MINUTES_PER_HOUR)
