"""What is done in a case is written down once a key."""

from __future__ import annotations

import datetime as dt
from typing import Any

from billing.arrears import words
from billing.arrears.models import Case, CaseEvent


def add(
    case: Case, kind: str, *, key: str, on: dt.date, at: dt.datetime, by: Any = None, **details: Any
) -> CaseEvent | None:
    """This will write an event down; None when one of that key stands already."""
    content = {"kind": kind, "on": on, "at": at, "by": words.name_of(by), "details": details}
    made, new = CaseEvent.objects.get_or_create(case=case, key=key, defaults=content)
    return made if new else None
