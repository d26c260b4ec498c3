"""Closing: the books of a day are summed, proven and shut; what comes later is posted into an open day."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from billing.ledger import closing, queries
from billing.ledger.chain import plain_amount
from billing.ledger.models import ClosedDay
from billing.ledger.operations import posting
from kernel.errors import GridhallError, gettext_noop


class AlreadyClosed(GridhallError):
    """Days are closed once and in order."""

    code = "ledger_already_closed"
    template = gettext_noop("The books are closed up to {day} already.")


class NotOver(GridhallError):
    """A day that is not over still gets entries."""

    code = "ledger_day_not_over"
    template = gettext_noop("{day} is not over yet. Close it tomorrow.")


@transaction.atomic
def close_day(*, day: dt.date, today: dt.date, at: dt.datetime, closed_by: str = "") -> ClosedDay:
    """This will close the books up to the end of ``day`` and return the closing with its proof.

    ``today`` is the company's own day. Postings wait for it and it for them. Raises NotOver or AlreadyClosed.
    """
    if day >= today:
        raise NotOver(day=day.isoformat())
    head = posting.lock_head()
    last = ClosedDay.objects.order_by("-day").first()
    if last is not None and day <= last.day:
        raise AlreadyClosed(day=last.day.isoformat())
    made = closing.Closing(
        day=day,
        position=head.position,
        digest=head.digest,
        totals=_totals(day),
        previous=last.proof if last else closing.GENESIS,
    )
    return ClosedDay.objects.create(
        day=day,
        position=made.position,
        digest=made.digest,
        totals=[list(row) for row in made.totals],
        previous=made.previous,
        proof=made.computed(),
        closed_at=at,
        closed_by=closed_by,
    )


def _totals(day: dt.date) -> tuple[closing.Total, ...]:
    rows = queries.trial_balance(on=day)
    return tuple((row.code, row.currency, plain_amount(row.debit), plain_amount(row.credit)) for row in rows)
