"""How far a register went between two reads: forward, over the end of its digits, or backward, which is refused."""

from __future__ import annotations

from decimal import Decimal

from kernel.errors import GridhallError, gettext_noop


class Backward(GridhallError):
    """A register counts up; what stands lower than before and has not rolled over is a mistake."""

    code = "read_backward"
    template = gettext_noop(
        "{value} on {day} is below {before} on {before_day}, and no rollover explains it. Check the read, or record a "
        "reset or an exchange of the meter."
    )


def capacity(*, digits: int) -> Decimal:
    """This will return how many units a dial counts before it starts anew: 5 digits, 100,000."""
    return Decimal(10) ** digits


def advance(*, start: Decimal, end: Decimal, digits: int | None, rollover_share: Decimal) -> Decimal | None:
    """This will return by how much a dial went from ``start`` to ``end``, in its own units, exactly.

    An ``end`` below ``start`` is a rollover when (10^digits − start + end) is less than ``rollover_share`` of the
    dial (market-rules.md, V10); else, or with unknown digits, None: the register went backward.
    """
    if end >= start:
        return end - start
    if digits is None:
        return None
    whole = capacity(digits=digits)
    rolled = whole - start + end
    return rolled if rolled < rollover_share * whole else None
