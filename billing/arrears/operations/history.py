"""What is done in a case is written down once a key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from billing.arrears import words
from billing.arrears.models import Case, CaseEvent

BATCH = 5000


def add(
    case: Case, kind: str, *, key: str, on: dt.date, at: dt.datetime, by: Any = None, **details: Any
) -> CaseEvent | None:
    """This will write an event down; None when one of that key stands already."""
    content = {"kind": kind, "on": on, "at": at, "by": words.name_of(by), "details": details}
    made, new = CaseEvent.objects.get_or_create(case=case, key=key, defaults=content)
    return made if new else None


class Book:
    """Events of many cases that are written down together, once a key; the cases are locked while it is open."""

    def __init__(self, *, case_ids: Collection[int], on: dt.date, at: dt.datetime) -> None:
        self._known = set(CaseEvent.objects.filter(case_id__in=case_ids).values_list("case_id", "key"))
        self._new: list[CaseEvent] = []
        self._on, self._at = on, at

    def add(self, case: Case, kind: str, *, key: str, **details: Any) -> bool:
        """Note an event; False when one of that key stands already."""
        if (case.pk, key) in self._known:
            return False
        self._known.add((case.pk, key))
        self._new.append(CaseEvent(case=case, key=key, kind=kind, on=self._on, at=self._at, by="", details=details))
        return True

    def write(self) -> None:
        """Write down what was noted."""
        events, self._new = self._new, []
        CaseEvent.objects.bulk_create(events, batch_size=BATCH)
