"""``{% load entering %}{% support_banner %}``: on every page of the console while somebody of the host looks at it."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from portal.shared import entering_words

register = template.Library()


@register.inclusion_tag("security/support_banner.html", takes_context=True)
def support_banner(context: Context) -> dict[str, Any]:
    """Return what the banner says; nothing for people of the company."""
    visit = getattr(context.get("user"), "support", None)
    if visit is None:
        return {}
    from portal.shared import entering  # the catalogue of components is served without people

    return {**entering.banner_of(visit, timezone.now()), "csrf_token": context.get("csrf_token", "")}


@register.simple_tag
def support_state(visit: Any) -> dict[str, Any]:
    """Return how a visit stands: label, tone, and what ended it."""
    state = visit.state
    note = entering_words.CAUSES.get(visit.cause, "")
    return {"label": entering_words.STATES[state], "tone": entering_words.TONES[state], "note": note}
