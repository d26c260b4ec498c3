"""Which intervals a cell covers, and on which local day each of them lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from billing.rating.blocks import Channel, SliceBlock
from billing.rating.errors import NotReady, RatingError
from billing.rating.inputs import Labels, Series
from billing.rating.scopes import CellScope
from kernel.errors import gettext_noop

Columns: TypeAlias = npt.NDArray[np.intp] | slice
ALL = slice(None)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Which intervals of which series a cell covers."""

    columns: Columns
    total: int
    width: int
    labels: Labels | None

    @classmethod
    def of(cls, channel: Channel, part: SliceBlock, scope: CellScope) -> Frame:
        total = int(channel.values.shape[1])
        labels = channel.labels or (None if channel.free else part.labels.get(scope.calendar or ""))
        return cls._cut(columns_of_channel(channel, part, scope), total, labels)

    @classmethod
    def of_slots(cls, part: SliceBlock, scope: CellScope) -> Frame:
        return cls._cut(columns_of(None, False, part, scope), part.slots or 0, part.labels.get(scope.calendar or ""))

    @classmethod
    def _cut(cls, columns: Columns, total: int, labels: Labels | None) -> Frame:
        return cls(columns, total, total if isinstance(columns, slice) else len(columns), labels)

    def labels_met(self) -> list[str]:
        """This will return the labels that occur among the intervals."""
        assert self.labels is not None
        return [self.labels.names[code] for code in np.unique(self.labels.codes[self.columns])]

    def has_label(self, label: str) -> npt.NDArray[np.bool_]:
        """This will mark the intervals of ``label``."""
        assert self.labels is not None
        marked: npt.NDArray[np.bool_] = self.labels.codes[self.columns] == self.labels.names.index(label)
        return marked

    def label_at(self, column: int) -> str:
        assert self.labels is not None
        return self.labels.names[int(self.labels.codes[self.columns][column])]

    def days(self, part: SliceBlock) -> npt.NDArray[np.int32]:
        """The local day of each interval; without one stated, the intervals of a label spread evenly over the days."""
        if part.day_of_slot is not None and len(part.day_of_slot) == self.total:
            return part.day_of_slot[self.columns]
        if self.labels is not None and part.slots is None:
            return self._days_per_label(part)
        return _spread(self.total, part.days)[self.columns]

    def _days_per_label(self, part: SliceBlock) -> npt.NDArray[np.int32]:
        assert self.labels is not None
        whole = np.zeros(self.total, np.int32)
        for code in np.unique(self.labels.codes):
            chosen = self.labels.codes == code
            whole[chosen] = _spread(int(chosen.sum()), part.days)
        return whole[self.columns]


def _spread(count: int, days: int) -> npt.NDArray[np.int32]:
    if days < 1 or count % days:
        raise RatingError(
            gettext_noop("{count} intervals do not spread evenly over {days} days."), count=count, days=days
        )
    return np.repeat(np.arange(days, dtype=np.int32), count // days)


def columns_of(own: Labels | None, free: bool, part: SliceBlock, scope: CellScope) -> Columns:
    """The intervals of the cell's label; all where no label applies."""
    if scope.label is None or (free and own is None):
        return ALL
    labels = own or part.labels.get(scope.calendar or "")
    if labels is None:
        raise NotReady("calendar", scope.calendar or "–")
    key = (scope.label, id(labels))
    if key not in part.columns:
        code = labels.names.index(scope.label) if scope.label in labels.names else -1
        part.columns[key] = np.flatnonzero(labels.codes == code)
    found: Columns = part.columns[key]
    return found


def columns_of_channel(channel: Channel, part: SliceBlock, scope: CellScope) -> Columns:
    """The intervals of a channel that belong to the cell."""
    labels = None if channel.free or channel.labels is not None else part.labels.get(scope.calendar or "")
    total = channel.values.shape[1]
    if labels is not None and scope.label is not None and len(labels.codes) != total:
        raise RatingError(
            gettext_noop("Series of {least} and {most} intervals cannot be put together."),
            least=min(total, len(labels.codes)),
            most=max(total, len(labels.codes)),
        )
    return columns_of(channel.labels, channel.free, part, scope)


def columns_of_series(series: Series, frame: Frame | None, part: SliceBlock, scope: CellScope) -> Columns:
    """The intervals of a published series that belong to the cell."""
    if series.labels is not None:
        return columns_of(series.labels, False, part, scope)
    if frame is not None and len(series.values) == frame.total:
        return frame.columns
    if frame is None and part.slots == len(series.values):
        return Frame.of_slots(part, scope).columns
    return ALL
