"""Reads of bill runs: their progress, their items, and what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext

from billing.runs import reasons
from billing.runs.models import BillRun, BillRunItem
from kernel import sentences
from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges

RUN, ITEM = gettext_noop("bill run"), gettext_noop("bill run item")
OPEN_STATES = ("waiting", "drafted", "parked", "released", "held", "refused")
FOR_REVIEW = ("parked", "released", "held", "refused")


@dataclass(frozen=True, slots=True)
class Progress:
    """How many items stand in each state, and what they come to per currency."""

    counts: dict[str, int]
    totals: dict[str, Decimal]

    @property
    def items(self) -> int:
        return sum(self.counts.values()) - self.counts.get("cancelled", 0)

    @property
    def rated(self) -> int:
        return self.items - self.counts.get("waiting", 0)

    @property
    def issued(self) -> int:
        return self.counts.get("issued", 0)

    @property
    def for_review(self) -> int:
        return sum(self.counts.get(state, 0) for state in FOR_REVIEW)

    @property
    def rated_share(self) -> int:
        """Whole percents, for a progress bar."""
        return 100 if not self.items else self.rated * 100 // self.items

    @property
    def issued_share(self) -> int:
        return 100 if not self.items else self.issued * 100 // self.items


def runs() -> QuerySet[BillRun]:
    """This will list bill runs, the latest first, with ``item_count``, ``issued_count`` and ``review_count``."""
    states = {"issued_count": ("issued",), "review_count": FOR_REVIEW}
    counts: dict[str, Any] = {
        name: Count("items", filter=Q(items__state__in=values)) for name, values in states.items()
    }
    found = BillRun.objects.select_related("lot").order_by("-number")
    return found.annotate(item_count=Count("items", filter=~Q(items__state="cancelled")), **counts)


def run(*, number: int) -> BillRun:
    """This will return the run; raises NotFound."""
    found = BillRun.objects.filter(number=number).first()
    if found is None:
        raise NotFound(what=RUN, name=str(number))
    return found


def run_by_id(*, run_id: int) -> BillRun:
    """This will return the run with that key; raises NotFound."""
    found = BillRun.objects.filter(pk=run_id).first()
    if found is None:
        raise NotFound(what=RUN, name=str(run_id))
    return found


def open_run(*, period: Period) -> BillRun | None:
    """This will return the latest run over exactly ``period`` that is neither done nor cancelled, or None."""
    ended = (BillRun.State.DONE, BillRun.State.CANCELLED)
    return BillRun.objects.filter(period=date_ranges.of_period(period)).exclude(state__in=ended).first()


def progress(*, run: BillRun) -> Progress:
    """This will count a run's items by state and sum their totals by currency, in one query."""
    rows = (
        BillRunItem.objects.filter(run=run)
        .values("state", "account__currency")
        .annotate(count=Count("pk"), total=Sum("total", filter=~Q(state="cancelled")))
        .order_by("state")
    )
    counts: dict[str, int] = {}
    totals: dict[str, Decimal] = {}
    for row in rows:
        counts[row["state"]] = counts.get(row["state"], 0) + row["count"]
        if row["total"] is not None:
            totals[row["account__currency"]] = totals.get(row["account__currency"], Decimal(0)) + row["total"]
    return Progress(counts=counts, totals=totals)


def items(*, run: BillRun, state: str = "", reason: str = "", search: str = "") -> QuerySet[BillRunItem]:
    """This will list a run's items with account, customer, draft and invoice."""
    found = BillRunItem.objects.filter(run=run).select_related("account__customer", "draft", "invoice").order_by("pk")
    if state:
        found = found.filter(state=state)
    if reason:
        found = found.filter(reason=reason)
    if search.strip():
        words = search.strip()
        found = found.filter(Q(account__number__istartswith=words) | Q(account__customer__name__holds=words))
    return found


def item(*, run: BillRun, item_id: int) -> BillRunItem:
    """This will return one item of the run with its draft; raises NotFound."""
    found = items(run=run).filter(pk=item_id).first()
    if found is None:
        raise NotFound(what=ITEM, name=str(item_id))
    return found


def reason_counts(*, run: BillRun) -> dict[str, int]:
    """This will count why items were parked, held, refused or sent back, the most frequent first."""
    rows = (
        BillRunItem.objects.filter(run=run, state__in=OPEN_STATES)
        .exclude(reason="")
        .values_list("reason")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    return dict(rows)


def final_invoices(*, after: int = 0) -> list[tuple[int, int]]:
    """This will list (account, invoice) of the final bills that are out, by invoice, from the one after ``after``."""
    found = BillRunItem.objects.filter(
        run__kind=BillRun.Kind.FINAL, state=BillRunItem.State.ISSUED, invoice_id__gt=after
    ).order_by("invoice_id")
    return [(account_id, invoice_id or 0) for account_id, invoice_id in found.values_list("account_id", "invoice_id")]


def unfinished_run_ids() -> dict[int, str]:
    """This will return the runs whose work is not done, with their state: what a sweep enqueues again.

    A held run rests.
    """
    states = (BillRun.State.RATING, BillRun.State.ISSUING)
    return dict(BillRun.objects.filter(state__in=states, held_at__isnull=True).values_list("pk", "state"))


def waiting_count(*, run_id: int) -> int:
    """This will count the items still to be rated."""
    return BillRunItem.objects.filter(run_id=run_id, state=BillRunItem.State.WAITING).count()


def drafted_count(*, run_id: int) -> int:
    """This will count the drafts still to be issued."""
    return BillRunItem.objects.filter(run_id=run_id, state=BillRunItem.State.DRAFTED).count()


def reason_sentence(*, item: BillRunItem) -> str:
    """This will say in the present language why an item stands where it does; nothing when all is well."""
    return brake_sentence(code=item.reason, params=item.reason_params)


def brake_sentence(*, code: str, params: Mapping[str, Any]) -> str:
    """This will say one brake or reason in the present language."""
    template = reasons.template_of(code, params)
    details = reasons.Text(params)
    word = reasons.KINDS.get(details.get("kind", ""))
    if word is not None:
        details["kind"] = gettext(word)
    return sentences.fill(gettext(template), details) if template else ""
