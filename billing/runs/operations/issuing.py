"""The second phase: what was used is checked again, then numbered, frozen and posted, chunk by chunk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F, QuerySet

from billing.charges import operations as charge_operations
from billing.invoices import operations as invoice_operations
from billing.invoices import queries as invoice_queries
from billing.invoices import terms as invoice_terms
from billing.runs import outcomes, queries, reasons, schedules, used_versions
from billing.runs.models import BillRun, BillRunItem
from billing.runs.operations import final_bills
from kernel.errors import GridhallError
from tenancy import context

ItemState = BillRunItem.State
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Issued:
    """What a chunk did; nothing at all means that nothing was left to claim."""

    issued: int = 0
    sent_back: int = 0
    refused: int = 0

    @property
    def claimed(self) -> int:
        return self.issued + self.sent_back + self.refused


@transaction.atomic
def issue_chunk(*, run_id: int, at: dt.datetime, limit: int = CHUNK) -> Issued:
    """This will issue up to ``limit`` drafts of a run in one transaction; a run that is not issuing is left alone.

    A draft whose readings, agreement or indices changed since it was rated goes back to be rated anew. One that the
    ledger, the invoices or the database itself refuse is set aside with the refusal, and the others are issued.
    """
    run = queries.run_by_id(run_id=run_id)
    if run.state != BillRun.State.ISSUING or run.billing_date is None or run.held_at is not None:
        return Issued()
    items = _claim(run_id, limit)
    if not items:
        return Issued()
    drafts = [item.draft_id for item in items if item.draft_id]
    versions = invoice_queries.versions_of_drafts(draft_ids=drafts)
    for period, alike in used_versions.by_period(items).items():
        charge_operations.accrue(account_ids=[item.account_id for item in alike], until=period.end, at=at)
    stale = used_versions.changed(items=items, versions=versions, steps=schedules.steps_of(run))
    back = [item for item in items if item.pk in stale]
    fresh = [item for item in items if item.pk not in stale]
    _send_back(back, at)
    terms = invoice_terms.of_retailer(retailer=context.current_retailer(), issued_on=run.billing_date, posted_at=at)
    refused = _issue(fresh, versions, terms, at)
    return Issued(issued=len(fresh) - refused, sent_back=len(back), refused=refused)


def _claim(run_id: int, limit: int) -> list[BillRunItem]:
    """Lock drafts that are billed alone; when there are none left, all drafts of one collective account."""
    drafted = BillRunItem.objects.filter(run_id=run_id, state=ItemState.DRAFTED).order_by("pk")
    members = invoice_queries.collective_member_ids()
    alone = drafted.exclude(account_id__in=members)
    claimed = alone.select_for_update(skip_locked=True, of=("self",)).select_related("run")[:limit]
    return list(claimed) or _claim_collective(drafted, members)


def _claim_collective(drafted: QuerySet[BillRunItem], members: QuerySet[Any]) -> list[BillRunItem]:
    """Whoever comes second to a collective account waits and finds it issued: a group never becomes two invoices."""
    waiting = drafted.filter(account_id__in=members)
    while (account_id := waiting.values_list("account_id", flat=True).first()) is not None:
        [collective] = invoice_queries.collective_groups(account_ids=[account_id]).values()
        with connection.cursor() as cursor:
            key = f"collective {context.required_schema()} {collective}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        members_here = invoice_queries.collective_member_ids(collective_id=collective)
        group = waiting.filter(account_id__in=members_here)
        claimed = list(group.select_for_update(of=("self",)).select_related("run"))
        if claimed:
            return claimed
    return []


def _send_back(items: Sequence[BillRunItem], at: dt.datetime) -> None:
    drafts = [item.draft_id for item in items if item.draft_id]
    BillRunItem.objects.filter(pk__in=[item.pk for item in items]).update(
        state=ItemState.WAITING,
        reason=reasons.INPUTS_CHANGED,
        reason_params={},
        released=False,
        draft=None,
        attempts=F("attempts") + 1,
        changed_at=at,
    )
    invoice_operations.discard_drafts(draft_ids=drafts)


def _issue(
    items: Sequence[BillRunItem],
    versions: used_versions.Versions,
    terms: invoice_terms.IssueTerms,
    at: dt.datetime,
) -> int:
    """Issue all at once; when one is refused, issue one by one and set the refused aside. Returns how many were."""
    if not items:
        return 0
    try:
        with transaction.atomic():
            _issue_together(items, versions, terms, at)
    except (GridhallError, IntegrityError, DataError) as refusal:
        if len(items) > 1:
            return sum(_issue([item], versions, terms, at) for item in items)
        _refuse(items[0], refusal, at)
        return 1
    return 0


def _issue_together(
    items: Sequence[BillRunItem],
    versions: used_versions.Versions,
    terms: invoice_terms.IssueTerms,
    at: dt.datetime,
) -> None:
    drafts = [item.draft_id for item in items if item.draft_id]
    issued = invoice_operations.issue_drafts(draft_ids=drafts, terms=terms)
    charge_operations.mark_billed(
        charges={issued[draft]: versions[draft]["charges"] for draft in drafts if "charges" in versions[draft]}
    )
    for item in items:
        item.state, item.invoice_id = ItemState.ISSUED, issued[item.draft_id or 0]
        item.reason, item.reason_params = "", {}
    outcomes.write(items=items, at=at)
    if items[0].run.kind == BillRun.Kind.FINAL:
        for item in items:
            final_bills.tell(account_id=item.account_id, invoice_id=item.invoice_id or 0)


def _refuse(item: BillRunItem, refusal: Exception, at: dt.datetime) -> None:
    item.state = ItemState.REFUSED
    item.reason, item.reason_params = reasons.of_error(refusal)
    outcomes.write(items=[item], at=at)
