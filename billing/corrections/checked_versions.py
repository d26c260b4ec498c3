"""What invoices were held against when they were last looked at, so that only another change brings them back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from billing.corrections.models import Correction

State = Correction.State


def of_invoices(*, invoice_ids: Collection[int], waiting: bool = True) -> dict[int, dict[str, Any]]:
    """This will return it of those that were looked at and stayed as they are; ``waiting``: or were rated and wait."""
    states = [State.UNCHANGED, State.DISMISSED, *((State.RATED, State.APPROVED) if waiting else ())]
    rows = (
        Correction.objects.filter(invoice_id__in=invoice_ids, state__in=states)
        .order_by("invoice_id", "-pk")
        .distinct("invoice_id")
    )
    return {row.invoice_id: row.checked for row in rows}


def left_alone(*, invoice_ids: Collection[int]) -> set[int]:
    """This will return those of which a person decided last that they stay as they are, while nothing else changed."""
    rows = Correction.objects.filter(invoice_id__in=invoice_ids).order_by("invoice_id", "-pk").distinct("invoice_id")
    return {row.invoice_id for row in rows if row.state == State.DISMISSED}
