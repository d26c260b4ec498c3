"""What each interval costs: its quantity at the mean price of its cell, shown so that the intervals sum to the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt

from billing.rating import inputs
from billing.rating.bills import Bill, Line
from billing.rating.inputs import Integers, Labels
from kernel import money

ZERO = Decimal(0)


def costs(
    bill: Bill,
    *,
    labels: Mapping[str, Labels],
    quantities: Mapping[str, Integers],
    slice_of_slot: npt.NDArray[np.int8] | None = None,
    places: int | None = None,
) -> dict[str, list[Decimal]]:
    """This will return the cost of every interval, for each posted line whose quantity is the sum of a channel.

    ``labels`` by calendar, ``quantities`` (Wh per slot) by channel, ``slice_of_slot`` where there are several slices.
    The costs of a line sum to its posted amount exactly, in steps of 10^-``places`` (default: the minor unit).
    """
    places = money.minor_places(bill.currency) if places is None else places
    found = {}
    for line in bill.posted:
        if line.channel is not None and line.channel in quantities:
            exact = unrounded(line, labels=labels, quantities=quantities[line.channel], slice_of_slot=slice_of_slot)
            with localcontext(money.EXACT):
                found[line.code] = shown(line.posted, exact, places=places)
    return found


def unrounded(
    line: Line,
    *,
    labels: Mapping[str, Labels],
    quantities: Integers,
    slice_of_slot: npt.NDArray[np.int8] | None = None,
) -> list[Decimal]:
    """This will return quantity × mean price of the cell for every interval; 0 where the line has no cell."""
    slots = len(quantities)
    own = labels.get(line.calendar or "")
    slices = np.zeros(slots, np.int8) if slice_of_slot is None else slice_of_slot
    prices: dict[tuple[int, int], Decimal] = {}
    found = []
    with localcontext(money.EXACT):
        for at in range(slots):
            key = (int(slices[at]), -1 if own is None else int(own.codes[at]))
            if key not in prices:
                prices[key] = line.mean_price(slice=key[0], label=None if own is None else own.names[key[1]])
            found.append(int(quantities[at]) * prices[key] / 10**inputs.KILO)
    return found


def shown(total: Decimal, exact: Sequence[Decimal], *, places: int) -> list[Decimal]:
    """This will round ``exact`` to ``places`` so that they sum to ``total``: largest remainders, credits apart."""
    costing = [at for at, value in enumerate(exact) if value > 0]
    crediting = [at for at, value in enumerate(exact) if value < 0]
    shares = [money.round_half_up(ZERO, places)] * len(exact)
    if not costing and not crediting:
        return [total, *shares[1:]] if shares else shares
    if not crediting:
        return _spread(shares, exact, costing, total, places)
    cost = sum((exact[at] for at in costing), ZERO)
    above = money.round_half_up(cost, places) if costing else ZERO
    return _spread(_spread(shares, exact, costing, above, places), exact, crediting, total - above, places)


def _spread(
    shares: list[Decimal], exact: Sequence[Decimal], chosen: Sequence[int], total: Decimal, places: int
) -> list[Decimal]:
    parts = money.largest_remainder(total, [exact[at] for at in chosen], places=places)
    filled = list(shares)
    for at, part in zip(chosen, parts, strict=True):
        filled[at] = part
    return filled
