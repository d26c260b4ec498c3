"""Open doubts about readings that keep a bill back."""

from __future__ import annotations

from collections.abc import Mapping

from billing.runs.readings import Readings
from kernel.periods import Period
from tenants.metering import queries as metering_queries


def open_by_supply_point(*, read: Mapping[int, Readings], period: Period) -> dict[int, int]:
    """This will count the open blocking exceptions of the readings of each supply point, in one query."""
    found = getattr(metering_queries, "open_exceptions", None)
    owner = {channel: point for point, each in read.items() for channel in each.versions if isinstance(channel, int)}
    counts: dict[int, int] = {}
    for each in found(channel_ids=list(owner), period=period, blocking=True) if found and owner else ():
        counts[owner[each.channel_id]] = counts.get(owner[each.channel_id], 0) + 1
    return counts
