"""Where a new read stands among those of its register, and whether it can be believed; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tenants.metering.registers import dials

BACKWARD, IMPLAUSIBLE, SUSPENDED_USE = "backward", "implausible", "suspended_use"


@dataclass(frozen=True, slots=True)
class Standing:
    """A read as the order of reads sees it: ``leaves`` is what the register counts on from."""

    day: dt.date
    value: Decimal
    leaves: Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    """The dial and what a market believes of it; days of ``suspended`` have no supply."""

    digits: int | None
    rollover_share: Decimal
    suspended: Sequence[tuple[dt.date, dt.date | None]] = ()


def doubt(*, before: Standing | None, given: Standing, after: Standing | None, rules: Rules) -> str:
    """This will say why a read is not believed beside its believed neighbours: a code, or "" when it is.

    Backward against either of them (V10); so far ahead that it may as well have run backward; or a register that
    counted although supply was suspended all the time.
    """
    for start, end in ((before, given), (given, after)):
        if start is None or end is None:
            continue
        went = dials.advance(
            start=start.leaves, end=end.value, digits=rules.digits, rollover_share=rules.rollover_share
        )
        if went is None:
            return BACKWARD
        if rules.digits is not None and went >= rules.rollover_share * dials.capacity(digits=rules.digits):
            return IMPLAUSIBLE
    if before is not None and given.value != before.leaves and _suspended(before.day, given.day, rules):
        return SUSPENDED_USE
    return ""


def _suspended(start: dt.date, end: dt.date, rules: Rules) -> bool:
    return any(first <= start and (last is None or end <= last) for first, last in rules.suspended)


def estimate(
    *, earlier: Standing, latest: Standing, day: dt.date, digits: int | None, decimals: int, rollover_share: Decimal
) -> Decimal | None:
    """This will say what a register should show on ``day`` if use went on as between two reads; None if unknown.

    Cut down to the register's decimals; over the end of its digits it starts anew.
    """
    went = dials.advance(start=earlier.leaves, end=latest.value, digits=digits, rollover_share=rollover_share)
    if went is None or latest.day <= earlier.day or day <= latest.day:
        return None
    step = Decimal(1).scaleb(-decimals)
    more = went * (day - latest.day).days / (latest.day - earlier.day).days
    value = latest.leaves + more
    if digits is not None:
        value %= dials.capacity(digits=digits)
    return value // step * step
