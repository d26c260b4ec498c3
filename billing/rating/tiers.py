"""Runs a quantity through bands: graduated, or slab; what earlier bills filled is kept per band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


class Part(NamedTuple):
    """A band's share of a quantity; ``flats`` counts how often its flat amount is due (or given back, -1)."""

    band: int
    quantity: Decimal
    flats: int = 0


def widths(limits: Sequence[Decimal]) -> list[Decimal]:
    """This will return the width of every band but the open last one; a limit below the one before gives 0."""
    found, below = [], ZERO
    for limit in limits:
        top = max(limit, below)
        found.append(top - below)
        below = top
    return found


def filled(quantity: Decimal, limits: Sequence[Decimal]) -> list[Decimal]:
    """This will fill a single number into the bands at today's limits; below zero it stays in the first band."""
    return spread(quantity, [ZERO] * (len(limits) + 1), limits)


def spread(quantity: Decimal, already: Sequence[Decimal], limits: Sequence[Decimal]) -> list[Decimal]:
    """This will return each band's share of ``quantity`` after ``already`` per band.

    A band takes its width less what it holds, the last one the rest. A negative quantity is taken out of the highest
    bands first; what is more than they hold goes below zero in the first.
    """
    return _taken_out(-quantity, already) if quantity < 0 else _put_in(quantity, already, limits)


def _put_in(quantity: Decimal, already: Sequence[Decimal], limits: Sequence[Decimal]) -> list[Decimal]:
    shares = []
    for width, held in zip(widths(limits), already, strict=False):
        share = min(quantity, max(ZERO, width - held))
        shares.append(share)
        quantity -= share
    return [*shares, quantity]


def _taken_out(quantity: Decimal, already: Sequence[Decimal]) -> list[Decimal]:
    shares = []
    for held in reversed(already[1:]):
        share = min(quantity, max(ZERO, held))
        shares.append(-share)
        quantity -= share
    return [-quantity, *reversed(shares)]


def graduated(quantity: Decimal, already: Sequence[Decimal], limits: Sequence[Decimal]) -> list[Part]:
    """This will return a part for every band with quantity; a flat is due once in the window, on entering a band."""
    return entered(spread(quantity, already, limits), already)


def entered(shares: Sequence[Decimal], already: Sequence[Decimal]) -> list[Part]:
    """This will return a part for every band with a share, or with a flat that falls due or is given back."""
    parts = []
    for band, (share, held) in enumerate(zip(shares, already, strict=True)):
        flats = int(held + share != 0) - int(held != 0)
        if share != 0 or flats:
            parts.append(Part(band, share, flats))
    return parts


def slab(quantity: Decimal, already: Sequence[Decimal], limits: Sequence[Decimal]) -> list[Part]:
    """This will put all of ``quantity`` into the band that the cumulated quantity reaches; bands are (from, to]."""
    reached = sum(already, ZERO) + quantity
    band = next((at for at, limit in enumerate(limits) if reached <= limit), len(limits))
    return [Part(band, quantity, 1)]


def shared(part: Part, quantities: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """This will split a band's quantity by the labels' share of the whole; the last label takes what division leaves.

    With a whole of zero every label keeps its own quantity.
    """
    whole = sum(quantities.values(), ZERO)
    if whole in (0, part.quantity):
        return dict(quantities)
    split = {label: part.quantity * quantity / whole for label, quantity in quantities.items()}
    last = next((label for label in reversed(split) if quantities[label] != 0), None)
    if last is not None:
        split[last] = part.quantity - sum((share for label, share in split.items() if label != last), ZERO)
    return split
