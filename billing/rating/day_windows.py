"""Cuts a stretch into its local days, for tiers whose window is a day."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from billing.rating import aggregates
from billing.rating.blocks import Channel, SliceBlock
from billing.rating.frames import Frame
from billing.rating.inputs import IndexValue, Labels, Series
from billing.rating.scopes import CellScope

Mask = npt.NDArray[np.bool_]


def days_of(scope: CellScope) -> Iterator[CellScope]:
    """This will yield the scope of each local day of the stretch, in order."""
    part = scope.part.one(scope.position)
    whole = dataclasses.replace(scope, part=part, position=0, label=None)
    day_of = {name: _days(channel, part, whole, name) for name, channel in part.channels.items()}
    for day in range(part.days):
        masks = {name: None if days is None else days == day for name, days in day_of.items()}
        yield dataclasses.replace(whole, part=_cut(part, masks, day), aggregate_of=aggregates.value_alone)


def _days(channel: Channel, part: SliceBlock, scope: CellScope, name: str) -> npt.NDArray[np.int32] | None:
    """The day of each interval; None for carried values, which have none."""
    return None if name in scope.tariff.carried else Frame.of(channel, part, scope).days(part)


def _cut(part: SliceBlock, masks: dict[str, Mask | None], day: int) -> SliceBlock:
    by_length = {len(mask): mask for mask in masks.values() if mask is not None}
    if part.day_of_slot is not None:
        by_length[len(part.day_of_slot)] = part.day_of_slot == day
    channels = {name: _cut_channel(channel, masks[name]) for name, channel in part.channels.items()}
    labels = {name: _cut_labels(found, by_length.get(len(found.codes))) for name, found in part.labels.items()}
    slots = next((int(mask.sum()) for length, mask in by_length.items() if length == part.slots), part.slots)
    return dataclasses.replace(
        part,
        slots=slots,
        channels=channels,
        labels=labels,
        indices={name: _cut_index(value, by_length) for name, value in part.indices.items()},
        day_of_slot=None,
        columns={},
    )


def _cut_channel(channel: Channel, mask: Mask | None) -> Channel:
    if mask is None:
        return channel
    missing = None if channel.missing is None else channel.missing[:, mask]
    labels = None if channel.labels is None else _cut_labels(channel.labels, mask)
    return Channel(channel.values[:, mask], channel.places, missing, labels, channel.free)


def _cut_labels(labels: Labels, mask: Mask | None) -> Labels:
    return labels if mask is None else Labels(labels.names, labels.codes[mask])


def _cut_index(value: IndexValue, by_length: dict[int, Mask]) -> IndexValue:
    mask = by_length.get(len(value.values)) if isinstance(value, Series) else None
    if not isinstance(value, Series) or mask is None:
        return value
    missing = None if value.missing is None else value.missing[mask]
    labels = None if value.labels is None else _cut_labels(value.labels, mask)
    return Series(value.values[mask], value.places, missing, labels, value.free)
