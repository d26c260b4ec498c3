"""Reads of the metering room: one file an idea, all of them known by this name."""

from tenants.metering.queries.imports import import_report, imports, reading_import, refusal_sentence
from tenants.metering.queries.readings import (
    DayKey,
    IntervalBlock,
    Versions,
    channel_count,
    channels_of,
    day_totals,
    former_versions,
    interval_block,
    meters_of,
    missing_days,
    month_totals,
    readings_changed_since,
    readings_until,
    recorded_minutes,
    span_of,
    versions_of,
)
from tenants.metering.queries.register_facts import Correction, corrections_in, register_versions
from tenants.metering.queries.register_uses import KindUse, RegisterUse, register_uses

__all__ = [
    "Correction",
    "DayKey",
    "IntervalBlock",
    "KindUse",
    "RegisterUse",
    "Versions",
    "channel_count",
    "channels_of",
    "corrections_in",
    "day_totals",
    "former_versions",
    "import_report",
    "imports",
    "interval_block",
    "meters_of",
    "missing_days",
    "month_totals",
    "reading_import",
    "readings_changed_since",
    "readings_until",
    "recorded_minutes",
    "refusal_sentence",
    "register_uses",
    "register_versions",
    "span_of",
    "versions_of",
]
