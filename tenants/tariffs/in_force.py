"""Which version of a product is in force when; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol, TypeVar

from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period


class Dated(Protocol):
    """A version that holds from a day on, until the next one does."""

    valid_from: dt.date


Version = TypeVar("Version", bound=Dated)


class NoVersionInForce(GridhallError):
    """A product has no published price on a day that must be billed."""

    code = "no_version_in_force"
    template = gettext_noop("The product {product} has no published version in force on {date}.")


def versions_over(*, versions: Sequence[Version], period: Period) -> list[tuple[Period, Version]]:
    """This will cut ``period`` where the version changes, in order of time.

    Each version holds from its ``valid_from`` until the next one's; days before the first one are left out.
    """
    ordered = sorted(versions, key=lambda version: version.valid_from)
    slices: list[tuple[Period, Version]] = []
    for version, following in zip(ordered, [*ordered[1:], None], strict=True):
        start = max(version.valid_from, period.start)
        end = period.end if following is None else min(following.valid_from, period.end)
        if start < end:
            slices.append((Period(start, end), version))
    return slices
