"""Tells the rooms above, by the name of their task, that an account's final bill is out."""

from __future__ import annotations

from functools import partial

from celery import current_app
from django.db import transaction

FINAL_TASK = "billing.arrears.tasks.settle_final_bill"
"""Told (account, invoice) when a final bill is out, where a room above has such a task: deposits are settled then.

The message may be lost; ``queries.final_invoices`` lists them for a sweep.
"""


def tell(*, account_id: int, invoice_id: int) -> None:
    """This will send the message once the transaction is committed, where there is such a task."""
    transaction.on_commit(partial(_send, account_id, invoice_id))


def _send(account_id: int, invoice_id: int) -> None:
    if FINAL_TASK not in current_app.tasks:
        current_app.loader.import_default_modules()
    if FINAL_TASK in current_app.tasks:
        current_app.tasks[FINAL_TASK].delay(account_id, invoice_id)
