"""``{% load customer %}``: what only the customer's pages need."""

from __future__ import annotations

from typing import Any

from django import template

from kernel.periods import Period
from portal.shared import formats

register = template.Library()


@register.filter
def dates(value: Any) -> str:
    """Show a stored range of days with its last day: 1–31 Mar 2026."""
    return formats.period(Period(value.lower, value.upper))
