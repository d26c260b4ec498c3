"""Top-ups by standing authority: asked for where the balance runs low, before anybody is warned or stopped."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction

from billing.payments.providers import tasks as provider_tasks
from billing.payments.providers.queries import TopUp
from billing.prepayment.models import PrepaidAccount, PrepaymentEvent, What
from billing.prepayment.positions import Position
from tenancy import context
from tenancy.tasks import HEADER


def asks(*, row: PrepaidAccount, position: Position, top_up: TopUp | None, on: dt.date, at: dt.datetime) -> bool:
    """This will ask for the agreed top-up, once a day, and tell whether it is on its way: nobody is warned meanwhile.

    False without an authority, after a collection of the day that came to nothing (or was not enough), and while one
    of an earlier day has no answer: then the account is warned and stopped like any other.
    """
    if top_up is None or top_up.is_stuck:
        return False
    if top_up.tried:
        return top_up.is_under_way
    asked = PrepaymentEvent.objects.filter(prepaid=row, what=What.TOP_UP_ASKED, figures__on=on.isoformat())
    if not asked.exists():
        figures = {**position.figures(), "amount": f"{top_up.amount:f}", "on": on.isoformat()}
        PrepaymentEvent.objects.create(prepaid=row, at=at, what=What.TOP_UP_ASKED, figures=figures)
    transaction.on_commit(partial(_send, top_up.authority_id, context.required_schema()))
    return True


def is_below(*, position: Position, top_up: TopUp | None) -> bool:
    """This will tell whether what is left of the customer's own money is below what he agreed to."""
    return top_up is not None and position.available - position.limit < top_up.threshold


def _send(authority_id: int, schema: str) -> None:
    provider_tasks.top_up.apply_async(args=[authority_id], headers={HEADER: schema})
