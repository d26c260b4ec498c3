"""A day of readings as bytes: little-endian int32, and one quality byte a slot or one for all; pure."""

from __future__ import annotations

import numpy as np

from tenants.metering.formats.base import Qualities, Quality, Values

VALUE_BYTES = 4


def pack_values(values: Values) -> bytes:
    """Return the values as little-endian int32."""
    return values.astype("<i4", copy=False).tobytes()


def pack_quality(quality: Qualities) -> bytes:
    """Return one byte a slot; a single byte when all slots are alike, as most days are."""
    first = quality[:1]
    return first.tobytes() if bool((quality == first).all()) else quality.astype(np.uint8, copy=False).tobytes()


def unpack_values(packed: bytes | memoryview) -> Values:
    """Return the values; the array is read-only."""
    return np.frombuffer(packed, dtype="<i4")


def unpack_quality(packed: bytes | memoryview, *, slots: int) -> Qualities:
    """Return one quality a slot."""
    found = np.frombuffer(packed, dtype=np.uint8)
    return found if found.size == slots else np.full(slots, found[0], dtype=np.uint8)


def over(*, newer: tuple[Values, Qualities], older: tuple[Values, Qualities]) -> tuple[Values, Qualities]:
    """Lay the newer readings over the older ones of the same slots; a missing slot never hides a reading."""
    there = newer[1] != Quality.MISSING
    return np.where(there, newer[0], older[0]), np.where(there, newer[1], older[1])
