"""The moment at which readings are given, with what the market's clocks may be ahead of it."""

from __future__ import annotations

import datetime as dt

from tenants.metering import present as pure
from tenants.metering.operations import staged_days

NO_DRIFT = dt.timedelta()


def present(*, at: dt.datetime) -> pure.Present:
    """This will return the present as readings given ``at`` are held against it: clocks may be off by check V2."""
    minutes = staged_days.market_policy().get("clock_minutes")
    return pure.Present(at, NO_DRIFT if minutes is None else dt.timedelta(minutes=int(minutes)))
