"""Units of quantities in words where they are no symbols."""

from __future__ import annotations

from django.utils.translation import pgettext


def many(unit: str) -> str:
    """Return the unit after a number: 31 days."""
    return {"day": pgettext("unit", "days"), "month": pgettext("unit", "months")}.get(unit, unit)


def one(unit: str) -> str:
    """Return the unit after a price: ¥1.20 / day."""
    return {"day": pgettext("unit", "day"), "month": pgettext("unit", "month")}.get(unit, unit)
