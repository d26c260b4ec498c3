"""Dunning day by day: cases are opened, advanced by their paths, put to rest and closed; each day once a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from billing.arrears import covers, paths, policies, resting
from billing.arrears.covers import Overdue
from billing.arrears.models import AccountStanding, Case, DunningPath
from billing.arrears.operations import agreeing, editing, settling, steps
from billing.rating.calendar_days import DayKinds
from kernel.periods import Period
from tenants.customers import queries as customer_queries

ONE_DAY = dt.timedelta(days=1)
CHUNK = 5000
State = Case.State
_CHANGED = {
    "state": "text",
    "reason": "text",
    "step": "integer",
    "next_on": "date",
    "advanced_on": "date",
    "closed_on": "date",
    "due_since": "date",
    "overdue": "numeric",
}
_WRITE = f"""
UPDATE arrears_case AS old SET {", ".join(f"{name} = new.{name}" for name in _CHANGED)}
  FROM unnest(%s::bigint[], {", ".join(f"%s::{kind}[]" for kind in _CHANGED.values())})
       AS new (id, {", ".join(_CHANGED)})
 WHERE old.id = new.id
"""


def advance(*, on: dt.date, at: dt.datetime) -> int:
    """This will do a day's dunning in this process and return how many cases were looked at.

    Promises and plans are judged first; a second call on the same day finds nothing to do.
    """
    agreeing.judge(on=on, at=at)
    open_cases(on=on, at=at)
    looked_at = 0
    while count := advance_chunk(on=on, at=at):
        looked_at += count
    return looked_at


@transaction.atomic
def open_cases(*, on: dt.date, at: dt.datetime) -> int:
    """This will open a case for every account with something overdue that has none; return how many."""
    found = covers.overdue(on=on)
    known = set(Case.objects.filter(closed_on__isnull=True).values_list("account_id", flat=True))
    new = sorted(set(found) - known)
    if not new:
        return 0
    chosen = _Chooser(at)
    rows = [
        case
        for place in range(0, len(new), CHUNK)
        for case in _new_cases(new[place : place + CHUNK], found, chosen, on)
    ]
    return len(Case.objects.bulk_create(rows, ignore_conflicts=True, batch_size=CHUNK))


@transaction.atomic
def advance_chunk(*, on: dt.date, at: dt.datetime, size: int = CHUNK) -> int:
    """This will advance some cases that were not looked at on ``on``; 0 when there are none left.

    Several workers may do so at once; one that is killed leaves its cases as they were.
    """
    waiting = Case.objects.filter(closed_on__isnull=True, advanced_on__lt=on).order_by("advanced_on", "pk")
    cases = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("path")[:size])
    if not cases:
        return 0
    account_ids = [case.account_id for case in cases]
    found = covers.overdue(on=on, account_ids=account_ids)
    rests = resting.reasons(account_ids=account_ids, on=on)
    read, regions = _Read(), _regions(account_ids, on)
    desk = steps.Desk(cases=cases, on=on, at=at)
    for case in cases:
        region = policies.day_kinds(region=regions.get(case.account_id, ""))
        day = _Day(path=read.path(case), kinds=region, rests=rests.get(case.account_id, ""), desk=desk)
        _advance(case, found.get(case.account_id), day)
    desk.clear()
    _write(cases)
    settling.lift([case.account_id for case in cases if case.closed_on is not None], at=at)
    return len(cases)


def _write(cases: Sequence[Case]) -> None:
    """Store what became of locked cases in one statement: the ORM's bulk update takes most of a quiet day."""
    columns = [[getattr(case, name) for case in cases] for name in ("pk", *_CHANGED)]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, columns)


@dataclass(frozen=True, slots=True)
class _Day:
    """The day on which a case is looked at: its path, the working days of its place, and why it rests."""

    path: paths.Path
    kinds: DayKinds
    rests: str
    desk: steps.Desk

    @property
    def on(self) -> dt.date:
        return self.desk.on


def _advance(case: Case, owed: Overdue | None, day: _Day) -> None:
    case.advanced_on = day.on
    if owed is None:
        settling.end(case, "paid", on=day.on)
        day.desk.book.add(case, settling.CLOSED, key=settling.CLOSED, reason="paid")
        return
    if owed.due_since > case.due_since:
        _start_again(case, owed, day)
    case.due_since, case.overdue = owed.due_since, owed.amount
    if day.rests:
        case.state, case.reason = State.RESTING, day.rests
        return
    case.state, case.reason = State.RUNNING, ""
    if case.next_on is not None and case.next_on <= day.on and case.step < len(day.path.steps):
        _take_step(case, owed, day)


def _take_step(case: Case, owed: Overdue, day: _Day) -> None:
    steps_of = day.path.steps
    if owed.amount < steps_of[case.step].minimum:
        return
    again_on = steps.perform(case=case, step=steps_of[case.step], owed=owed, desk=day.desk)
    if again_on is not None:
        case.next_on = again_on
        return
    case.step += 1
    following = steps_of[case.step] if case.step < len(steps_of) else None
    case.next_on = paths.next_day(after=day.on, step=following, days=day.kinds) if following else None


def _start_again(case: Case, owed: Overdue, day: _Day) -> None:
    """What was due is paid, and something else is due since: its path begins at the first step."""
    case.step = 0
    case.next_on = max(paths.next_day(after=owed.due_since, step=day.path.steps[0], days=day.kinds), day.on)


class _Read:
    """Paths read once, however many cases are on them."""

    def __init__(self) -> None:
        self._paths: dict[int, paths.Path] = {}

    def path(self, case: Case) -> paths.Path:
        if case.path_id not in self._paths:
            self._paths[case.path_id] = paths.read(case.path.document)
        return self._paths[case.path_id]


class _Chooser:
    """Which path an account takes, among those in force."""

    def __init__(self, at: dt.datetime) -> None:
        standard = editing.standard_path(at=at)
        found = list(DunningPath.objects.filter(state=DunningPath.State.PUBLISHED).order_by("code"))
        self.standard = standard
        self.candidates = [
            (paths.Audience(kinds=row.kinds, segments=row.segments, credit_classes=row.credit_classes), row)
            for row in found
        ]
        self.read = {row.pk: paths.read(row.document) for row in [*found, standard]}

    def path_for(self, *, kind: str, segment: str, credit_class: str) -> DunningPath:
        found = paths.choose(self.candidates, kind=kind, segment=segment, credit_class=credit_class or policies.USUAL)
        return found or self.standard


def _new_cases(account_ids: Sequence[int], found: dict[int, Overdue], chosen: _Chooser, on: dt.date) -> list[Case]:
    rows = customer_queries.accounts().filter(pk__in=account_ids).order_by("pk")
    classes = dict(AccountStanding.objects.filter(account_id__in=account_ids).values_list("account_id", "credit_class"))
    regions = _regions(account_ids, on)
    made = []
    for pk, kind, segment in rows.values_list("pk", "customer__kind", "customer__segment"):
        owed = found[pk]
        row = chosen.path_for(kind=kind, segment=segment, credit_class=classes.get(pk, ""))
        path = chosen.read[row.pk]
        if owed.amount < path.minimum:
            continue
        days = policies.day_kinds(region=regions.get(pk, ""))
        first = paths.next_day(after=owed.due_since, step=path.steps[0], days=days)
        made.append(
            Case(
                account_id=pk,
                path=row,
                next_on=max(first, on),
                advanced_on=on - ONE_DAY,
                opened_on=on,
                due_since=owed.due_since,
                overdue=owed.amount,
                currency=owed.money.currency,
            )
        )
    return made


def _regions(account_ids: Sequence[int], on: dt.date) -> dict[int, str]:
    """The region of each account's first supply point, whose working days and holidays count."""
    held = customer_queries.occupancies_in(period=Period(on, on + ONE_DAY), account_ids=account_ids)
    return {each.account_id: each.supply_point.premises.region for each in reversed(held)}
