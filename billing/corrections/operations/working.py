"""The whole way from a change to the corrected bill, step by step in this very process; and many decisions at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.corrections.models import OPEN, Correction
from billing.corrections.operations import acting, checking, looking, previewing
from kernel.errors import GridhallError, Invalid, gettext_noop

MOST_AT_ONCE = 500
MOST_ROUNDS = 20
"""A chain that comes back again and again means that its inputs never rest; a person looks."""


class TooMany(Invalid):
    """A decision about more corrections than one looks at."""

    code = "corrections_too_many"
    template = gettext_noop("At most {limit} corrections are approved at once.")


@dataclass(frozen=True, slots=True)
class Many:
    """What approving many corrections would do, or did."""

    count: int
    before: dict[str, Decimal]
    after: dict[str, Decimal]
    done: int = 0
    waiting: int = 0
    refused: tuple[tuple[str, GridhallError], ...] = ()


def run_now(*, at: dt.datetime, everything: bool = False) -> int:
    """This will look at what changed, hold the bills against it and queue them; returns how many are open then."""
    looking.look(at=at, everything=everything)
    while checking.check_suspects(at=at):
        pass
    return Correction.objects.filter(state__in=OPEN).count()


def work(*, at: dt.datetime, everything: bool = False) -> int:
    """This will do all that goes without a person, until nothing is left to do; returns how many bills it corrected."""
    before = Correction.objects.filter(state=Correction.State.DONE).count()
    for _ in range(MOST_ROUNDS):
        run_now(at=at, everything=everything)
        moved = previewing.preview_found(at=at)
        done = Correction.objects.filter(state=Correction.State.DONE).count()
        acting.act_due(at=at)
        if not moved and done == Correction.objects.filter(state=Correction.State.DONE).count():
            break
    return Correction.objects.filter(state=Correction.State.DONE).count() - before


def preview_many(*, correction_ids: Collection[int]) -> Many:
    """This will add up what the corrections come to as they were rated last, by currency; raises TooMany."""
    rows = _open(correction_ids)
    before: dict[str, Decimal] = {}
    after: dict[str, Decimal] = {}
    for row in rows:
        before[row.currency] = before.get(row.currency, Decimal(0)) + row.before
        after[row.currency] = after.get(row.currency, Decimal(0)) + (row.before if row.after is None else row.after)
    return Many(len(rows), before, after)


def approve_many(
    *, correction_ids: Collection[int], at: dt.datetime, by: Any, seen: Mapping[int, Decimal] | None = None
) -> Many:
    """This will approve each of the corrections, chain by chain; a refused one does not stop the others.

    ``seen`` is what each bill of their chains came to as the person saw it; where one comes out otherwise or another
    joined, the chain is refused.
    """
    shown = preview_many(correction_ids=correction_ids)
    done = waiting = 0
    refused: list[tuple[str, GridhallError]] = []
    for row in _open(correction_ids):
        row.refresh_from_db()
        if row.state not in OPEN:
            done += row.state == Correction.State.DONE
            continue
        try:
            outcome = acting.approve(correction_id=row.pk, at=at, by=by, seen=seen)
        except GridhallError as refusal:
            refused.append((row.invoice.number, refusal))
        else:
            done, waiting = done + outcome.done, waiting + (not outcome.done)
    return Many(shown.count, shown.before, shown.after, done, waiting, tuple(refused))


def _open(correction_ids: Collection[int]) -> list[Correction]:
    wanted = set(correction_ids)
    if len(wanted) > MOST_AT_ONCE:
        raise TooMany(limit=MOST_AT_ONCE)
    found = Correction.objects.filter(pk__in=wanted, state__in=OPEN).select_related("invoice")
    return list(found.order_by("period", "pk"))
