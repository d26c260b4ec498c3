"""``{% load console %}``: the navigation of the person who reads, tones of states, ranges of days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.template import Context
from django.utils.translation import gettext as _

from kernel.periods import Period
from portal.console import code_words, navigation, states, waiting
from portal.shared import formats

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation_sections(context: Context) -> list[navigation.Section]:
    """Return the sections of the navigation that the reader may open."""
    user = context.get("user")
    return navigation.sections(user.capabilities) if user is not None and user.is_authenticated else []


@register.simple_tag(takes_context=True)
def navigation_here(context: Context, sections: list[navigation.Section]) -> str:
    """Return the address of the item whose page this is; pages of a room belong to the nearest item above them."""
    request = context.get("request")
    return navigation.here(sections, path=request.path) if request is not None else ""


@register.filter
def called(code: str, kind: str) -> str:
    """Return what a code of a record is called: ``{{ message.template|called:"message" }}``."""
    return code_words.word(kind, str(code or ""))


@register.filter
def run_name(run: Any) -> str:
    """Return what a bill run is called."""
    return waiting.run_name(run)


@register.filter
def tone(state: str) -> str:
    """Return how a state looks."""
    return states.TONES.get(state, "neutral")


@register.filter
def at_work(state: str) -> bool:
    """Return whether a state means that something is being done just now."""
    return state in states.WORKING


@register.filter
def days(value: Any) -> str:
    """Write a range of days: 1–31 Mar 2026, or since 1 Mar 2026 while it has no end."""
    if value.upper is None:
        return _("since {day}").format(day=formats.day(value.lower))
    return formats.period(Period(value.lower, value.upper))


@register.filter
def month_of(value: Any) -> str:
    """Write a range that is a calendar month as that month, another as its days."""
    whole = value.lower.day == 1 and value.upper == Period.of_month(value.lower.year, value.lower.month).end
    return formats.month(value.lower) if whole else days(value)


@register.filter
def iso(value: dt.date) -> str:
    """Write a day for an input of type date."""
    return value.isoformat()


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """Return what stands under a key, nothing when nothing does."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def joined(value: Any) -> str:
    """Write a value of an event's details; several are put beside each other."""
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
