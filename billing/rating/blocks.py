"""Puts accounts of the same shape side by side, so that their intervals are aggregated at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from billing.rating import inputs
from billing.rating.inputs import AccountInputs, Integers, Labels, Mask, Series, SliceInputs
from billing.rating.tariffs import Tariff


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One channel of all accounts: integers [accounts × intervals]."""

    values: Integers
    places: int
    missing: Mask | None
    labels: Labels | None
    free: bool


@dataclass(slots=True, eq=False)
class SliceBlock:
    """One slice (or, with ``at`` None, all of them in a row) of all accounts of a block."""

    at: int | None
    size: int
    days: int
    slots: int | None
    labels: Mapping[str, Labels]
    channels: Mapping[str, Channel]
    indices: Mapping[str, inputs.IndexValue]
    parameters: Sequence[Mapping[str, Decimal]]
    day_of_slot: npt.NDArray[np.int32] | None
    columns: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """Cache of the intervals of a cell, per calendar and label."""

    def one(self, account: int) -> SliceBlock:
        """This will return the block of a single account."""
        channels = {
            name: Channel(
                channel.values[account : account + 1],
                channel.places,
                None if channel.missing is None else channel.missing[account : account + 1],
                channel.labels,
                channel.free,
            )
            for name, channel in self.channels.items()
        }
        return SliceBlock(
            self.at,
            1,
            self.days,
            self.slots,
            self.labels,
            channels,
            self.indices,
            self.parameters[account : account + 1],
            self.day_of_slot,
            self.columns,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Accounts of one shape; ``whole`` is the period as one stretch."""

    accounts: Sequence[AccountInputs]
    slices: Sequence[SliceBlock]
    whole: SliceBlock

    def part(self, at: int | None) -> SliceBlock:
        return self.whole if at is None else self.slices[at]


def grouped(accounts: Sequence[AccountInputs]) -> list[list[int]]:
    """This will return the positions of accounts that fit into one block: same slots, labels, published values."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for position, account in enumerate(accounts):
        groups.setdefault(_shape(account), []).append(position)
    return list(groups.values())


def _shape(account: AccountInputs) -> tuple[Any, ...]:
    carried = tuple(sorted((name, len(values)) for name, values in account.carried.items()))
    return (account.period_days, carried, *(_slice_shape(part) for part in account.slices))


def _slice_shape(part: SliceInputs) -> tuple[Any, ...]:
    channels = tuple(sorted((name, *_channel_shape(channel)) for name, channel in part.channels.items()))
    labels = tuple(sorted((name, codes.tobytes()) for name, codes in part.labels.items()))
    indices = tuple(sorted((name, _index_shape(value)) for name, value in part.indices.items()))
    days = None if part.day_of_slot is None else part.day_of_slot.tobytes()
    return (part.days, part.period_start, channels, labels, indices, days)


def _channel_shape(channel: Integers | Series) -> tuple[Any, ...]:
    if not isinstance(channel, Series):
        return (len(channel), inputs.KILO)
    return (len(channel.values), channel.places, channel.free, channel.values.dtype == object, _own_labels(channel))


def _index_shape(value: inputs.IndexValue) -> Any:
    if isinstance(value, Series):
        return (
            "series",
            value.places,
            _digest(value.values),
            None if value.missing is None else _digest(value.missing),
            _own_labels(value),
        )
    return ("one", str(value)) if isinstance(value, Decimal) else ("labels", repr(sorted(value.items())))


def _own_labels(series: Series) -> tuple[Any, ...]:
    return () if series.labels is None else (series.labels.names, series.labels.codes.tobytes())


def _digest(values: npt.NDArray[Any]) -> bytes:
    content = repr(values.tolist()).encode() if values.dtype == object else values.tobytes()
    return hashlib.blake2b(content, digest_size=16).digest()


def build(tariff: Tariff, accounts: Sequence[AccountInputs]) -> Block:
    """This will stack accounts that ``grouped`` put together."""
    slices = [_slice_block(tariff, accounts, at) for at in range(len(accounts[0].slices))]
    return Block(accounts, slices, slices[0] if len(slices) == 1 else _joined(slices))


def _slice_block(tariff: Tariff, accounts: Sequence[AccountInputs], at: int) -> SliceBlock:
    parts = [account.slices[at] for account in accounts]
    first = parts[0]
    channels = {name: _stacked([_series(part.channels[name]) for part in parts]) for name in first.channels}
    for name, rule in tariff.carried.items():
        if name in first.channels:
            continue
        kept = [_kept(account.carried.get(name, ()), rule.keep, rule.first) for account in accounts]
        if kept[0]:
            channels[name] = _stacked_decimals(kept)
    labels = {
        name: Labels(tariff.calendars[name], codes) for name, codes in first.labels.items() if name in tariff.calendars
    }
    slots = next((len(codes) for codes in first.labels.values()), None)
    if slots is None:
        slots = next((len(values) for values in first.channels.values() if not isinstance(values, Series)), None)
    parameters = [part.parameters for part in parts]
    return SliceBlock(at, len(parts), first.days, slots, labels, channels, first.indices, parameters, first.day_of_slot)


def _kept(values: Sequence[Decimal], keep: int, first: Decimal | None) -> list[Decimal]:
    return list(values)[-keep:] or ([] if first is None else [first])


def _series(channel: Integers | Series) -> Series:
    return channel if isinstance(channel, Series) else Series(channel)


def _stacked(series: Sequence[Series]) -> Channel:
    first = series[0]
    missing = None
    if any(one.missing is not None for one in series):
        missing = np.stack(
            [np.zeros(len(one.values), np.bool_) if one.missing is None else one.missing for one in series]
        )
    return Channel(np.stack([one.values for one in series]), first.places, missing, first.labels, first.free)


def _stacked_decimals(rows: Sequence[Sequence[Decimal]]) -> Channel:
    flat = inputs.scaled([value for row in rows for value in row])
    return Channel(flat.values.reshape(len(rows), -1), flat.places, None, None, True)


def _joined(slices: Sequence[SliceBlock]) -> SliceBlock:
    """All slices in a row, for charges that no change cuts."""
    first = slices[0]
    names = [name for name in first.channels if all(name in part.channels for part in slices)]
    labels = {
        name: Labels(first.labels[name].names, np.concatenate([part.labels[name].codes for part in slices]))
        for name in first.labels
        if all(name in part.labels for part in slices)
    }
    slots = None if first.slots is None else sum(part.slots or 0 for part in slices)
    indices = {name: _joined_index([part.indices.get(name) for part in slices]) for name in first.indices}
    return SliceBlock(
        None,
        first.size,
        sum(part.days for part in slices),
        slots,
        labels,
        {name: _joined_channel([part.channels[name] for part in slices]) for name in names},
        {name: value for name, value in indices.items() if value is not None},
        slices[-1].parameters,
        _joined_days(slices),
    )


def _joined_channel(parts: Sequence[Channel]) -> Channel:
    first = parts[0]
    if first.free and all(
        part.values.shape == first.values.shape and (part.values == first.values).all() for part in parts
    ):
        return first
    places = max(part.places for part in parts)
    values = np.concatenate([part.values * 10 ** (places - part.places) for part in parts], axis=1)
    missing = None
    if any(part.missing is not None for part in parts):
        missing = np.concatenate(
            [np.zeros(part.values.shape, np.bool_) if part.missing is None else part.missing for part in parts], axis=1
        )
    return Channel(values, places, missing, _joined_labels([part.labels for part in parts]), first.free)


def _joined_labels(parts: Iterable[Labels | None]) -> Labels | None:
    found = [part for part in parts if part is not None]
    if not found:
        return None
    names = tuple(dict.fromkeys(name for part in found for name in part.names))
    codes = [np.array([names.index(part.names[code]) for code in part.codes], np.int8) for part in found]
    return Labels(names, np.concatenate(codes))


def _joined_index(parts: Sequence[inputs.IndexValue | None]) -> inputs.IndexValue | None:
    series = [part for part in parts if isinstance(part, Series)]
    if len(series) != len(parts):
        return parts[-1] if all(part is not None for part in parts) else None
    joined = _joined_channel(
        [Channel(np.stack([one.values]), one.places, _row(one.missing), one.labels, False) for one in series]
    )
    return Series(
        joined.values[0],
        joined.places,
        None if joined.missing is None else joined.missing[0],
        joined.labels,
        series[0].free,
    )


def _row(mask: Mask | None) -> Mask | None:
    return None if mask is None else cast(Mask, mask.reshape(1, -1))


def _joined_days(slices: Sequence[SliceBlock]) -> npt.NDArray[np.int32] | None:
    parts, before = [], 0
    for part in slices:
        if part.day_of_slot is None:
            return None
        parts.append(part.day_of_slot + before)
        before += part.days
    return np.concatenate(parts).astype(np.int32)
