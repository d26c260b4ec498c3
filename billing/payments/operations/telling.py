"""Upper rooms hear of changed balances: by the tasks that the settings list, after commit.

A message may be lost. Who must not miss a change asks ``queries.accounts_changed_since`` from time to time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction

from tenancy import context
from tenancy.tasks import HEADER


def changed(*, account_ids: Sequence[int]) -> None:
    """This will send each task named in ``settings.PAYMENT_LISTENERS`` once for each account, after commit."""
    for name in getattr(settings, "PAYMENT_LISTENERS", ()):
        for account_id in account_ids:
            transaction.on_commit(partial(_send, name, account_id, context.required_schema()))


def _send(name: str, account_id: int, schema: str) -> None:
    current_app.send_task(name, args=[account_id], headers={HEADER: schema})
