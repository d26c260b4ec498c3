"""The queue of corrections, and one of them with the bills that follow from it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from billing.corrections import chains, sentences
from billing.corrections.models import OPEN, Correction, Look, Suspect
from kernel.errors import NotFound, gettext_noop

CORRECTION = gettext_noop("correction")
OPEN_STATES = OPEN
STATES = tuple(Correction.State.values)
WHAT = ("readings", "register", "quantity_correction", "parameter", "terms", "product", "index", "fact")
_MONEY = DecimalField(max_digits=20, decimal_places=4)


def corrections(
    *, state: str = "", needs: str = "", what: str = "", search: str = "", account_ids: list[int] | None = None
) -> QuerySet[Correction]:
    """This will list corrections with account, customer and invoice, the oldest open ones first, then the newest.

    ``state`` is one of STATES, or "open"; ``what`` a kind of change; ``search`` meets numbers of accounts and bills
    and names. Each has ``difference`` (None while it is not rated).
    """
    found = Correction.objects.select_related("account__customer", "invoice", "credit_note", "follows__invoice")
    found = found.annotate(difference=F("after") - F("before"))
    if state == "open":
        found = found.filter(state__in=OPEN)
    elif state:
        found = found.filter(state=state)
    if needs:
        found = found.filter(needs=needs)
    if what:
        found = found.filter(reasons__contains=[{"what": what}])
    if account_ids is not None:
        found = found.filter(account_id__in=account_ids)
    if search.strip():
        words = search.strip()
        found = found.filter(
            Q(account__number__istartswith=words)
            | Q(invoice__number__istartswith=words)
            | Q(account__customer__name__holds=words)
        )
    return found.order_by("pk" if state == "open" else "-pk")


def correction(*, correction_id: int) -> Correction:
    """This will return one correction with ``difference``; raises NotFound."""
    found = corrections().filter(pk=correction_id).first()
    if found is None:
        raise NotFound(what=CORRECTION, name=str(correction_id))
    return found


def of_chain(*, correction: Correction) -> list[Correction]:
    """This will return the open corrections that are decided together with an open one, by days; else itself alone."""
    if correction.state not in OPEN:
        return [correction]
    accounts, _since = chains.reach(invoice_ids=[correction.invoice_id])
    found = corrections(state="open").filter(
        Q(account_id__in=accounts) | Q(pk=correction.pk) | Q(follows=correction.pk) | Q(pk=correction.follows_id)
    )
    return sorted(found, key=lambda row: (row.period.lower, row.pk))


def of_chains(*, correction_ids: list[int]) -> list[Correction]:
    """This will return the open ones of these corrections with all that are decided together with them, by days."""
    keys = list(Correction.objects.filter(pk__in=correction_ids, state__in=OPEN).values_list("invoice_id", flat=True))
    accounts, _since = chains.reach(invoice_ids=keys)
    found = corrections(state="open").filter(Q(account_id__in=accounts) | Q(pk__in=correction_ids))
    return sorted(found, key=lambda row: (row.period.lower, row.pk))


def state_counts() -> dict[str, int]:
    """This will count the open corrections by state, and those that a person decides (``person``, ``two``)."""
    rows = Correction.objects.filter(state__in=OPEN).values_list("state").annotate(count=Count("pk")).order_by()
    counts = dict.fromkeys(OPEN, 0) | dict(rows)
    waiting = Correction.objects.filter(state="rated").values_list("needs").annotate(count=Count("pk")).order_by()
    return counts | dict(waiting)


def waiting_totals() -> dict[str, Decimal]:
    """This will sum up by currency what the open corrections would change."""
    change = Coalesce(F("after") - F("before"), Decimal(0), output_field=_MONEY)
    rows = Correction.objects.filter(state__in=OPEN).values_list("currency").annotate(total=Sum(change)).order_by()
    return dict(rows)


def suspects() -> int:
    """This will count the bills near a change that were not held against it yet."""
    return Suspect.objects.count()


def last_look() -> dt.datetime | None:
    """This will return when changes were looked at last."""
    return Look.objects.filter(pk=1).values_list("looked_at", flat=True).first()


def reason_sentences(*, correction: Correction) -> dict[str, Any]:
    """This will say in the present language what changed, why a person decides, and why it cannot be rated."""
    return {
        "what": [sentences.of_cause(cause) for cause in correction.reasons],
        "needs": sentences.of_needs(correction.needs_because),
        "trouble": sentences.of_trouble(correction),
    }
