"""Rates bills that are out once more, from what stands now, as if they had never been issued.

An ``Overlay`` holds bills that were rated anew and not issued yet: later ones are rated on them, so that a whole chain
can be looked at before anything is changed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing.charges import queries as charge_queries
from billing.invoices.drafts import NewDraft
from billing.runs import drafting_parts as parts_of
from billing.runs import gathering, rated, readings, schedules, used_versions
from billing.runs.gathering import Plan
from billing.runs.history import History, Past
from billing.runs.models import BillRunItem
from billing.runs.rated import RatedPart
from billing.runs.sections import Section
from kernel.errors import GridhallError
from kernel.periods import Period
from tenants.customers import date_ranges

Used = list[dict[str, Any]]
"""What each section of a bill was rated from, in the order of the draft's parts."""


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """A bill rated anew: its parts, or the refusal that stands in its place; neither where nothing is to be billed."""

    item: BillRunItem
    parts: tuple[RatedPart, ...] = ()
    charges: tuple[Any, ...] = ()
    refusal: GridhallError | None = None

    @property
    def used(self) -> Used:
        return [dict(part.used) for part in self.parts]

    @property
    def total(self) -> Decimal:
        energy = sum((part.bill.total for part in self.parts), Decimal(0))
        return energy + sum((Decimal(charge.amount) for charge in self.charges), Decimal(0))

    @property
    def energy_wh(self) -> int:
        return sum(part.past.energy_wh for part in self.parts)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to bill: nobody answers for anything in these days any more."""
        return not self.parts and not self.charges

    def draft(self) -> NewDraft:
        """This will return the bill as a draft of no run."""
        return parts_of.draft_of(self.item, self.parts, self.charges, total=self.total, run_item=None)


@dataclass(slots=True)
class Overlay:
    """Bills rated anew that stand in for those in force, by account."""

    bills: dict[int, list[tuple[Period, tuple[RatedPart, ...]]]] = field(default_factory=dict)

    def put(self, again: Again) -> None:
        """This will let later bills be rated on this one."""
        days = date_ranges.to_period(again.item.period)
        held = [each for each in self.bills.get(again.item.account_id, ()) if each[0] != days]
        self.bills[again.item.account_id] = [*held, (days, again.parts)]

    def on(self, history: History) -> None:
        """This will change a history that was read from what is in force."""
        for (account_id, point), past in history.past.items():
            replaced = [days for days, _parts in self.bills.get(account_id, ())]
            past[:] = [each for each in past if not any(_inside(each, days) for days in replaced)]
            history.past[account_id, point] = past
        for account_id, bills in self.bills.items():
            for part in itertools.chain.from_iterable(parts for _days, parts in bills):
                history.past.setdefault((account_id, part.section.supply_point.pk), []).append(part.past)
        for past in history.past.values():
            past.sort(key=lambda each: each.start)


def used_now(*, items: Sequence[BillRunItem], overlay: Overlay | None = None) -> dict[int, Used | None]:
    """This will say what each bill would be rated from now, reading no interval; None where that cannot be said.

    What the first section of a supply point leaves to the second in the same bill is taken from the draft.
    """
    found: dict[int, Used | None] = {}
    for alike, made in _plans(items, overlay):
        channels = readings.versions_of(points=gathering.supply_points(made), period=made.period)
        by_item = used_versions.sections_of(made)
        for item in alike:
            found[item.pk] = _used(item, made, by_item.get(item.pk, ()), channels)
    return found


def rate(*, items: Sequence[BillRunItem], overlay: Overlay | None = None) -> dict[int, Again]:
    """This will rate the bills from what stands now, with the charges they carry; nothing is stored."""
    found: dict[int, Again] = {}
    charges = _charges(items)
    for alike, made in _plans(items, overlay):
        by_item: dict[int, list[RatedPart]] = {}
        for part in rated.rate(made=made, read=gathering.read(made)):
            by_item.setdefault(part.section.item_id, []).append(part)
        for item in alike:
            parts = sorted(by_item.get(item.pk, ()), key=_place)
            refusal = made.refusals.get(item.pk)
            found[item.pk] = Again(item, () if refusal else tuple(parts), charges.get(item.pk, ()), refusal)
    return found


def _used(
    item: BillRunItem, made: Plan, sections: Sequence[Section], channels: Mapping[int, Mapping[Any, str]]
) -> Used | None:
    before = list(item.draft.versions.get("parts", ())) if item.draft else []
    padded = [*before, *[{} for _ in range(len(sections) - len(before))]][: len(sections)]
    found = used_versions.now(made, sections, channels, padded)
    return None if item.pk in made.refusals or len(found) != len(sections) else found


def _plans(items: Sequence[BillRunItem], overlay: Overlay | None) -> Iterator[tuple[list[BillRunItem], Plan]]:
    by_run: dict[int, list[BillRunItem]] = {}
    for item in items:
        by_run.setdefault(item.run_id, []).append(item)
    for held in by_run.values():
        steps = schedules.steps_of(held[0].run)
        for period, alike in used_versions.by_period(held).items():
            made = gathering.plan(items=alike, period=period, steps=steps)
            if overlay is not None:
                overlay.on(made.history)
            yield alike, made


def _charges(items: Sequence[BillRunItem]) -> Mapping[int, tuple[Any, ...]]:
    wanted = {item.pk: item.draft.versions.get("charges", ()) for item in items if item.draft}
    keys = {key for held in wanted.values() for key in held}
    rows = {row.pk: row for row in charge_queries.by_ids(charge_ids=sorted(keys))} if keys else {}
    return {pk: tuple(rows[key] for key in held if key in rows) for pk, held in wanted.items()}


def _inside(past: Past, days: Period) -> bool:
    return days.start <= past.start and past.end <= days.end


def _place(part: RatedPart) -> tuple[str, int]:
    return part.section.supply_point.identifier, part.section.place
