"""Drafts: stored by a bill run, replaced when an input changed, thrown away when nobody wants them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction
from psycopg import sql

from billing.invoices import lines
from billing.invoices.drafts import NewDraft
from billing.invoices.models import Draft
from billing.invoices.stored_json import as_text
from billing.ledger import copying
from kernel.errors import GridhallError, gettext_noop
from tenants.customers import refusals

_FIELDS = ("id", "account", "supply_period", "currency", "total", "parts", "versions", "run_item", "created_at")


class DraftIssued(GridhallError):
    """An issued draft is part of an invoice and stays."""

    code = "draft_issued"
    template = gettext_noop("The draft was already issued as an invoice; credit the invoice instead.")


class DraftTotalDiffers(GridhallError):
    """The total of a draft is not the sum of its lines."""

    code = "draft_total_differs"
    template = gettext_noop("The total of the draft is {total}, but its lines sum to {lines}.")


def store_drafts(*, drafts: Sequence[NewDraft], created_at: dt.datetime) -> list[int]:
    """This will store drafts in one COPY and return their keys in the given order.

    A draft with a ``run_item`` replaces the former draft of that item, so that a chunk can be rated twice.
    Raises DraftTotalDiffers, or DraftIssued when a former draft was issued; nothing is stored then.
    """
    for draft in drafts:
        _check_total(draft)
    items = [draft.run_item for draft in drafts if draft.run_item is not None]
    with transaction.atomic(), refusals.named({"invoices_draft_issued": DraftIssued()}):
        _delete("run_item", items)
        keys = copying.reserve_ids(model=Draft, count=len(drafts))
        rows = (_row(key, draft, created_at) for key, draft in zip(keys, drafts, strict=True))
        copying.copy_rows(model=Draft, fields=_FIELDS, rows=rows)
    return keys


def discard_drafts(*, draft_ids: Sequence[int]) -> int:
    """This will delete drafts and return how many there were; raises DraftIssued and deletes none."""
    with transaction.atomic(), refusals.named({"invoices_draft_issued": DraftIssued()}):
        return _delete("id", draft_ids)


def _delete(column: str, values: Sequence[int]) -> int:
    """In SQL: what points at a draft (an item of a run) is checked at commit, when it points at the new one."""
    statement = sql.SQL("DELETE FROM invoices_draft WHERE {} = ANY(%s)").format(sql.Identifier(column))
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(values)])
        return int(cursor.rowcount)


def _check_total(draft: NewDraft) -> None:
    total = lines.posted_total([part.bill for part in draft.parts])
    if total != draft.total:
        raise DraftTotalDiffers(total=draft.total, lines=total)


def _row(key: int, draft: NewDraft, created_at: dt.datetime) -> tuple[object, ...]:
    period = f"[{draft.supply_period.start},{draft.supply_period.end})"
    parts = [part.as_json() for part in draft.parts]
    return (
        *(key, draft.account_id, period, draft.currency, draft.total),
        *(as_text(parts), as_text(draft.versions), draft.run_item, created_at),
    )
