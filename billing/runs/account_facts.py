"""Dated values of accounts that tariffs ask for and no agreement fixes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q

from billing.runs.models import AccountFact
from billing.runs.sections import Section

Stated = tuple[dt.date | None, dt.date | None, Decimal]
"""First day (None: ever since), the day after the last (None: for ever), value."""


@dataclass(frozen=True, slots=True)
class FactBook:
    """What was stated, by account, supply point (None: all of the account's) and name."""

    stated: Mapping[tuple[int, int | None, str], Sequence[Stated]] = field(default_factory=dict)

    def of(self, section: Section) -> dict[str, Decimal]:
        """This will return the facts of the section's tariff that hold on its last day.

        What is stated for the supply point comes before what is stated for the account; what nobody stated is absent,
        and the engine says which it is.
        """
        day = section.period.end - dt.timedelta(days=1)
        found: dict[str, Decimal] = {}
        for name in sorted(section.tariff.facts):
            for point in (section.supply_point.pk, None):
                held = [value for value in self.stated.get((section.account_id, point, name), ()) if _on(value, day)]
                if held:
                    found[name] = held[0][2]
                    break
        return found


def of_sections(sections: Sequence[Section]) -> FactBook:
    """This will read what is stated for the sections whose tariffs ask for facts; without any it asks nothing."""
    asking = [section for section in sections if section.tariff.facts]
    if not asking:
        return FactBook()
    stated: dict[tuple[int, int | None, str], list[Stated]] = {}
    rows = AccountFact.objects.filter(
        Q(supply_point__isnull=True) | Q(supply_point_id__in={section.supply_point.pk for section in asking}),
        account_id__in={section.account_id for section in asking},
        name__in={name for section in asking for name in section.tariff.facts},
    ).values_list("account_id", "supply_point_id", "name", "period", "value")
    for account_id, point, name, period, value in rows:
        stated.setdefault((account_id, point, name), []).append((period.lower, period.upper, value.normalize()))
    return FactBook(stated)


def _on(stated: Stated, day: dt.date) -> bool:
    first, end, _value = stated
    return (first is None or first <= day) and (end is None or day < end)
