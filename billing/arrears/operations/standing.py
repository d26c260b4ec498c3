"""What collections know of an account, and who keeps dunning back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import transaction

from billing.arrears import policies, words
from billing.arrears.models import AccountStanding, Hold
from kernel.errors import Invalid, NotFound, gettext_noop

HOLD = gettext_noop("hold")
LONGEST_NOTE = 400


@transaction.atomic
def set_standing(
    *, account_id: int, credit_class: str, flags: Collection[str], note: str, by: Any, at: dt.datetime
) -> AccountStanding:
    """This will note an account's credit class and protections; raises Invalid for names the market does not know."""
    if credit_class and credit_class not in policies.credit_classes():
        raise Invalid(reason=gettext_noop("“{value}” is no credit class."), value=credit_class, where="credit_class")
    unknown = sorted(set(flags) - set(policies.protections()))
    if unknown:
        raise Invalid(reason=gettext_noop("“{value}” is no protection here."), value=unknown[0], where="flags")
    known = {"credit_class": credit_class, "flags": sorted(set(flags)), "note": note[:LONGEST_NOTE]}
    made, _new = AccountStanding.objects.update_or_create(
        account_id=account_id, defaults={**known, "changed_at": at, "changed_by": words.name_of(by)}
    )
    return made


def hold(
    *, account_id: int, kind: str, note: str, since: dt.date, by: Any, at: dt.datetime, until: dt.date | None = None
) -> Hold:
    """This will keep dunning back from ``since`` up to, not including, ``until`` (open without it)."""
    if kind not in Hold.Kind.values:
        raise Invalid(reason=gettext_noop("“{value}” is no kind of hold."), value=kind, where="kind")
    if until is not None and until < since:
        raise Invalid(reason=gettext_noop("The end must not be earlier than the start."), where="until")
    dated = {"since": since, "until": until, "at": at}
    return Hold.objects.create(
        account_id=account_id, kind=kind, note=note[:LONGEST_NOTE], by=words.name_of(by), **dated
    )


@transaction.atomic
def end_hold(*, hold_id: int, on: dt.date) -> Hold:
    """This will let dunning go on from ``on``; raises NotFound."""
    found = Hold.objects.select_for_update().filter(pk=hold_id).first()
    if found is None:
        raise NotFound(what=HOLD, name=str(hold_id))
    if found.until is None or found.until > on:
        found.until = max(on, found.since)
        found.save(update_fields=["until"])
    return found
