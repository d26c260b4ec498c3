"""What each interval cost: the readings behind an invoice at the prices of its cells, summing to its lines exactly.

Note "sums": an interval's cost is quantity × mean price of its cell; shown values take the largest remainders, so
that the intervals of a line sum to the line, and so do its days and its months (tariff language, Exactness).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from billing.invoices import label_titles, lines
from billing.invoices.models import Invoice
from billing.rating import intervals
from billing.rating.bills import Bill
from billing.rating.inputs import Labels
from kernel import market_time
from kernel.errors import NotFound, gettext_noop
from kernel.money import minor_places
from kernel.periods import Period
from tenants.customers import queries as customer_queries
from tenants.metering import queries as metering_queries
from tenants.tariffs import queries as tariff_queries
from tenants.tariffs import tariff_documents

METERED = ("consumption", "feed_in", "generation")
FINER_THAN_MINOR = 2
"""An interval of a quarter of an hour often costs less than a cent: it is shown with two more decimals."""

Energy = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LineCosts:
    """An energy line and what each slot of its part cost; ``costs`` sum to ``amount``."""

    code: str
    titles: Mapping[str, str]
    channel: str
    amount: Decimal
    costs: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A day or month: Wh by channel, Wh of consumption by label, the cost of all energy lines and of each."""

    start: dt.date
    energy: Mapping[str, int]
    by_label: Mapping[str, int]
    cost: Decimal
    by_line: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, eq=False)
class IntervalCosts:
    """The slots of one part of an invoice. ``labels`` are those of the tariff's calendar, None without one."""

    identifier: str
    period: Period
    zone: ZoneInfo
    minutes: int
    currency: str
    starts: market_time.Instants
    energy: Mapping[str, Energy]
    missing: npt.NDArray[np.bool_]
    labels: Labels | None
    label_titles: Mapping[str, Mapping[str, str]]
    lines: Sequence[LineCosts]

    @property
    def amount(self) -> Decimal:
        """What the energy lines sum to."""
        return sum((line.amount for line in self.lines), Decimal(0))

    def costs(self) -> list[Decimal]:
        """This will return what each slot cost over all energy lines; sums to ``amount``."""
        return [sum(slot, Decimal(0)) for slot in zip(*(line.costs for line in self.lines), strict=True)]

    def by_day(self) -> list[Bucket]:
        """This will sum the slots by local day, amounts in minor units; each line still sums to itself."""
        return self._buckets(lambda day: day)

    def by_month(self) -> list[Bucket]:
        """This will sum the slots by local month, under its first day."""
        return self._buckets(lambda day: day.replace(day=1))

    def _buckets(self, bucket_of: Callable[[dt.date], dt.date]) -> list[Bucket]:
        days = list(self.period)
        edges = np.array([np.datetime64(_utc(day, self.zone), "s") for day in days])
        place = {start: n for n, start in enumerate(dict.fromkeys(bucket_of(day) for day in days))}
        bucket_of_day = np.array([place[bucket_of(day)] for day in days])
        slots = bucket_of_day[np.searchsorted(edges, self.starts, side="right") - 1]
        shown = {line.code: self._shown(line, slots, len(place)) for line in self.lines}
        return [
            self._bucket(start, slots == n, {code: row[n] for code, row in shown.items()}) for start, n in place.items()
        ]

    def _bucket(self, start: dt.date, inside: npt.NDArray[np.bool_], by_line: Mapping[str, Decimal]) -> Bucket:
        return Bucket(
            start=start,
            energy={channel: int(values[inside].sum()) for channel, values in self.energy.items()},
            by_label=self._by_label(inside),
            cost=sum(by_line.values(), Decimal(0)),
            by_line=by_line,
        )

    def _by_label(self, inside: npt.NDArray[np.bool_]) -> dict[str, int]:
        consumption = self.energy.get(METERED[0])
        if self.labels is None or consumption is None:
            return {}
        return {
            name: int(consumption[inside & (self.labels.codes == code)].sum())
            for code, name in enumerate(self.labels.names)
        }

    def _shown(self, line: LineCosts, slots: npt.NDArray[Any], count: int) -> list[Decimal]:
        sums = [Decimal(0)] * count
        for n, cost in zip(slots.tolist(), line.costs, strict=True):
            sums[n] += cost
        return intervals.shown(line.amount, sums, places=minor_places(self.currency))


def of_invoice(*, invoice: Invoice, identifier: str) -> list[IntervalCosts]:
    """This will return the interval costs of a supply point on an invoice, one for each part, in order of time.

    A part is what was rated under one version of a product. Raises NotFound where the invoice has no such supply
    point, or is a credit note: what it takes back is explained by the invoice it reverses.
    """
    stored = [part for part in invoice.billed_parts if part["identifier"] == identifier]
    if not stored:
        raise NotFound(what=gettext_noop("supply point"), name=identifier)
    point = customer_queries.supply_point_by_identifier(identifier=identifier)
    zone = ZoneInfo(point.premises.time_zone)
    parts = [_of_part(part, point.pk, zone, invoice.currency) for part in stored]
    return sorted(parts, key=lambda part: part.period)


def _of_part(part: Mapping[str, Any], supply_point_id: int, zone: ZoneInfo, currency: str) -> IntervalCosts:
    bill, period = Bill.from_document(part["bill"]), lines.period_of(part)
    minutes, starts, energy, missing = _readings(supply_point_id, period, zone)
    labels = _labels(bill, period, zone, minutes)
    slice_of_slot = _slices(part, starts, zone)
    found = intervals.costs(
        bill,
        labels=labels,
        quantities=energy,
        slice_of_slot=slice_of_slot,
        places=minor_places(currency) + FINER_THAN_MINOR,
    )
    return IntervalCosts(
        identifier=part["identifier"],
        period=period,
        zone=zone,
        minutes=minutes,
        currency=currency,
        starts=starts,
        energy=energy,
        missing=missing,
        labels=next(iter(labels.values()), None),
        label_titles=label_titles.named(part)["label_titles"],
        lines=[
            LineCosts(line.code, line.title, str(line.channel), line.posted, found[line.code])
            for line in bill.posted
            if line.code in found
        ],
    )


def _readings(
    supply_point_id: int, period: Period, zone: ZoneInfo
) -> tuple[int, market_time.Instants, dict[str, Energy], npt.NDArray[np.bool_]]:
    channels = list(metering_queries.channels_of(supply_point_ids=[supply_point_id], kinds=METERED))
    recorded = metering_queries.recorded_minutes(channel_ids=[channel.pk for channel in channels], period=period)
    minutes = max(recorded.values(), default=60)
    start, end = period.instants(zone)
    block = metering_queries.interval_block(
        channel_ids=[channel.pk for channel in channels], start=start, end=end, minutes=minutes
    )
    rows = {kind: [n for n, channel in enumerate(channels) if channel.kind == kind] for kind in METERED}
    energy = {kind: block.values[held].sum(axis=0) for kind, held in rows.items() if held}
    used = block.missing[rows[METERED[0]]] if rows[METERED[0]] else block.missing
    missing: npt.NDArray[np.bool_] = np.asarray(used.all(axis=0))
    return minutes, block.starts, energy, missing


def _labels(bill: Bill, period: Period, zone: ZoneInfo, minutes: int) -> dict[str, Labels]:
    """The labels of each calendar of the energy lines, the first line's first."""
    names = dict.fromkeys(line.calendar for line in bill.posted if line.channel and line.calendar)
    calendars = {name: tariff_documents.calendar_of(name=name) for name in names if name}
    facts = tariff_queries.calendar_facts(
        names={fact for calendar in calendars.values() for fact in calendar.facts}, period=period
    )
    start, end = period.instants(zone)
    return {
        name: Labels(calendar.labels, calendar.labels_of(start=start, end=end, minutes=minutes, facts=facts))
        for name, calendar in calendars.items()
    }


def _slices(part: Mapping[str, Any], starts: market_time.Instants, zone: ZoneInfo) -> npt.NDArray[np.int8] | None:
    slices = part.get("slices") or []
    if len(slices) < 2:
        return None
    edges = [np.datetime64(_utc(dt.date.fromisoformat(each["from"]), zone), "s") for each in slices]
    return (np.searchsorted(np.array(edges), starts, side="right") - 1).astype(np.int8)


def _utc(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return market_time.day_bounds(day, zone)[0].replace(tzinfo=None)
