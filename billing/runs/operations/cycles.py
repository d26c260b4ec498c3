"""Billing cycles and lots: set up, filled with accounts, and their runs started when they are due."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction

from billing.runs import queries
from billing.runs.models import BillingCycle, BillingLot, BillRun, LotAccount
from billing.runs.operations import lifecycle
from kernel.errors import Conflict, Invalid, gettext_noop
from tenants.customers import queries as customer_queries
from tenants.customers import refusals

MONTHS = (1, 2, 3, 6, 12)
LATEST_CUT_OFF = 28
MOST_BILLING_DAYS = 60
ROWS_AT_ONCE = 5000
RULE_KEYS = frozenset({"kinds", "segments", "regions", "list_only"})


class CodeTaken(Conflict):
    """Codes of cycles, and of lots, are given once."""

    code = "code_taken"
    template = gettext_noop("“{code}” is taken.")


class ScheduleImplausible(Invalid):
    """A cycle or lot that no calendar knows."""

    code = "schedule_implausible"
    template = gettext_noop("{reason}")


class UnknownAccounts(Invalid):
    """A list names accounts that are not there."""

    code = "accounts_unknown"
    template = gettext_noop("There is no account {numbers}.")


@transaction.atomic
def create_cycle(
    *, code: str, titles: Mapping[str, str], months: int, cut_off_day: int, first_month: dt.date
) -> BillingCycle:
    """This will make a cycle whose first period starts on ``cut_off_day`` of ``first_month``.

    Raises ScheduleImplausible or CodeTaken.
    """
    if months not in MONTHS:
        raise ScheduleImplausible(where="months", reason=gettext_noop("A bill covers 1, 2, 3, 6 or 12 months."))
    if not 1 <= cut_off_day <= LATEST_CUT_OFF:
        raise ScheduleImplausible(where="cut_off_day", reason=gettext_noop("The cut-off is on a day from 1 to 28."))
    cycle = BillingCycle(
        code=code, titles=dict(titles), months=months, cut_off_day=cut_off_day, first_month=first_month.replace(day=1)
    )
    with refusals.named({"runs_cycle_code_once": CodeTaken(where="code", code=code)}):
        cycle.save()
    return cycle


@transaction.atomic
def end_cycle(*, code: str, on: dt.date) -> BillingCycle:
    """This will let no period of the cycle start on ``on`` or later; runs that stand stay. Raises NotFound."""
    cycle = queries.cycle(code=code)
    cycle.ended_on = on
    cycle.save(update_fields=["ended_on"])
    return cycle


@transaction.atomic
def create_lot(
    *,
    cycle_code: str,
    code: str,
    titles: Mapping[str, str],
    billing_days: int = 1,
    working_days: bool = False,
    rule: Mapping[str, Any] | None = None,
) -> BillingLot:
    """This will add a lot to a cycle, billed so many days or working days after the cut-off.

    ``rule`` as ``BillingLot`` says. Raises NotFound, ScheduleImplausible or CodeTaken.
    """
    if not 0 <= billing_days <= MOST_BILLING_DAYS:
        raise ScheduleImplausible(where="billing_days", reason=gettext_noop("Bills go out 0 to 60 days after the cut."))
    unknown = sorted(set(rule or {}) - RULE_KEYS)
    if unknown:
        raise ScheduleImplausible(
            where="rule", reason=gettext_noop("A rule has no “{name}”; it has kinds, segments, regions, list_only."),
            name=unknown[0],
        )  # fmt: skip
    kinds = BillingLot.DayKind
    lot = BillingLot(
        cycle=queries.cycle(code=cycle_code),
        code=code,
        titles=dict(titles),
        billing_days=billing_days,
        billing_day_kind=kinds.WORKING if working_days else kinds.CALENDAR,
        rule=dict(rule or {}),
    )
    with refusals.named({"runs_lot_code_once": CodeTaken(where="code", code=code)}):
        lot.save()
    return lot


@transaction.atomic
def assign(*, lot_code: str, account_numbers: Sequence[str], at: dt.datetime) -> int:
    """This will put the listed accounts into a lot, taking them out of another; returns how many moved.

    Raises NotFound, or UnknownAccounts naming the first few; then none is moved.
    """
    lot = queries.lot(code=lot_code)
    wanted = set(account_numbers)
    found = dict(customer_queries.accounts().filter(number__in=wanted).values_list("number", "pk"))
    unknown = sorted(wanted - found.keys())
    if unknown:
        raise UnknownAccounts(where="accounts", numbers=", ".join(unknown[:5]))
    there = set(LotAccount.objects.filter(lot=lot).values_list("account_id", flat=True))
    moved = [pk for pk in found.values() if pk not in there]
    _put(((pk, lot.pk) for pk in moved), at, by_rule=False, move=True)
    return len(moved)


@transaction.atomic
def take_out(*, account_ids: Collection[int]) -> int:
    """This will take accounts out of their lots; they are then listed as belonging to none."""
    return LotAccount.objects.filter(account_id__in=account_ids).delete()[0]


@transaction.atomic
def assign_by_rule(*, at: dt.datetime, on: dt.date) -> dict[str, int]:
    """This will put every open account without a lot into the smallest lot whose rule takes it.

    Returns how many went into each lot, by code. What was assigned before stays; asked again it moves none.
    """
    lots = list(queries.lots(running_on=on))
    if not lots:
        return {}
    sizes: dict[int, int] = {lot.pk: lot.member_count for lot in lots}  # type: ignore[attr-defined]
    fitting: dict[tuple[str, str, str], list[int]] = {}
    chosen: list[tuple[int, int]] = []
    for account_id, *marks in queries.marks_without_lot(on=on):
        key = (marks[0] or "", marks[1] or "", marks[2] or "")
        if key not in fitting:
            fitting[key] = [lot.pk for lot in lots if _takes(lot.rule, key)]
        if fitting[key]:
            smallest = min(fitting[key], key=lambda lot: sizes[lot])
            sizes[smallest] += 1
            chosen.append((account_id, smallest))
    _put(chosen, at, by_rule=True, move=False)
    codes = {lot.pk: lot.code for lot in lots}
    return dict(Counter(codes[lot] for _account, lot in chosen))


def start_due_runs(*, on: dt.date, at: dt.datetime) -> list[BillRun]:
    """This will start the run of every lot whose period has ended by ``on`` and has none; asked again it starts none.

    Bills are rated from then on as their readings come in, and are to be issued on the lot's billing day. A period
    without an account to bill gets no run.
    """
    started = []
    for lot, period in queries.due_periods(on=on):
        try:
            run = lifecycle.create_lot_run(lot=lot, period=period, at=at)
        except (lifecycle.NothingToBill, lifecycle.LotRunExists):
            continue
        started.append(run)
    return started


def _takes(rule: Mapping[str, Any], marks: tuple[str, str, str]) -> bool:
    if rule.get("list_only"):
        return False
    wanted = zip(("kinds", "segments", "regions"), marks, strict=True)
    return all(not rule.get(name) or mark in rule[name] for name, mark in wanted)


def _put(pairs: Any, at: dt.datetime, *, by_rule: bool, move: bool) -> None:
    rows = [LotAccount(account_id=pk, lot_id=lot, by_rule=by_rule, assigned_at=at) for pk, lot in pairs]
    if move:
        LotAccount.objects.filter(account_id__in=[row.account_id for row in rows]).delete()
    LotAccount.objects.bulk_create(rows, ignore_conflicts=True, batch_size=ROWS_AT_ONCE)
