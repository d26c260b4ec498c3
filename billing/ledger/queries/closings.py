"""Reads of closed days."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from billing.ledger.models import ClosedDay

_ONE_DAY = dt.timedelta(days=1)


def closings() -> QuerySet[ClosedDay]:
    """This will list the closed days, the latest first."""
    return ClosedDay.objects.order_by("-day")


def closing_of(*, day: dt.date) -> ClosedDay | None:
    """This will return the closing made for ``day``, or None."""
    return ClosedDay.objects.filter(day=day).first()


def first_open_day() -> dt.date | None:
    """This will return the first day that takes entries, or None while no day was closed."""
    last = ClosedDay.objects.order_by("-day").values_list("day", flat=True).first()
    return None if last is None else last + _ONE_DAY


def booking_day(*, on: dt.date) -> dt.date:
    """This will return the day to post what happened ``on``: that day, or the first open one when it is closed."""
    first = first_open_day()
    return on if first is None else max(on, first)
