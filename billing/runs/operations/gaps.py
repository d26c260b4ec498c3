"""Fills small gaps of readings by policy, so that one missing hour does not stop an invoice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from billing.runs import limits, rated, readings
from billing.runs.gathering import Plan
from billing.runs.models import BillRunItem
from billing.runs.readings import Readings
from billing.runs.sections import Section
from kernel.errors import GridhallError
from tenants.metering import queries as metering_queries
from tenants.metering.operations import estimating

BY = "bill run"
MINUTES = 60


def fill(
    *, items: Sequence[BillRunItem], made: Plan, read: Mapping[int, Readings], rules: limits.Rules, at: dt.datetime
) -> list[BillRunItem]:
    """This will estimate what is missing of items parked for readings, and return those that may be rated again.

    Only where hours and share of what is missing are within the company's limits for the kind of customer; the
    values are determined and marked as in the queue of readings. A day that asks for a second person stays open.
    """
    waiting = [item for item in items if item.reason == rated.ReadingsMissing.code]
    small = [item for item in waiting if _within(item, made, read, rules)]
    return [item for item in small if _estimate(item, made, read, at)]


def _within(item: BillRunItem, made: Plan, read: Mapping[int, Readings], rules: limits.Rules) -> bool:
    allowed = rules.estimates_of(item.account.customer.kind)
    sections = [section for section in made.sections if section.item_id == item.pk]
    return bool(sections) and all(_small(section, read.get(section.supply_point.pk), allowed) for section in sections)


def _small(section: Section, found: Readings | None, allowed: limits.Estimates) -> bool:
    if found is None:
        return not section.tariff.required_channels & set(readings.KINDS)
    at = found.grid.slots_of(section.period)
    for kind in section.tariff.required_channels & set(readings.KINDS):
        if kind not in found.missing:
            return False
        gaps = int(found.missing[kind][at].sum())
        hours = Decimal(gaps * found.grid.minutes) / MINUTES
        if hours > allowed.max_hours or gaps > allowed.max_share * (at.stop - at.start):
            return False
    return True


def _estimate(item: BillRunItem, made: Plan, read: Mapping[int, Readings], at: dt.datetime) -> bool:
    """Estimate every recording day with a gap; False when one could not be."""
    points = {section.supply_point.pk for section in made.sections if section.item_id == item.pk}
    channels = [key for point in points if point in read for key in read[point].versions if isinstance(key, int)]
    for channel_id, days in sorted(metering_queries.missing_days(channel_ids=channels, period=made.period).items()):
        for day in days:
            try:
                estimating.estimate(channel_id=channel_id, day=day, at=at, by=BY)
            except GridhallError:
                return False
    return True
