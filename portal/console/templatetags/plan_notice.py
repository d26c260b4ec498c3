"""``{% load plan_notice %}{% plan_notice %}``: how the company stands with its host, on every page of the console."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.urls import reverse
from django.utils import timezone

from hosting import plans
from identity.capabilities import Capability
from portal.shared import plan_words

register = template.Library()
SOON = dt.timedelta(days=7)


@register.inclusion_tag("console/plan_notice.html", takes_context=True)
def plan_notice(context: Context) -> dict[str, Any]:
    """Return what the notice says: to everybody when work is touched, to administrators what is to be decided."""
    request = context.get("request")
    retailer = getattr(request, "retailer", None)
    user = context.get("user")
    if retailer is None or user is None or not user.is_authenticated:
        return {"standing": plans.Standing()}
    standing = plans.of(retailer)
    may = user.can(Capability.MANAGE_STAFF)
    here = request.path == reverse("console:plan") if request else False
    return {
        "standing": standing,
        "may": may,
        "url": "" if here else reverse("console:plan"),
        "zone": ZoneInfo(retailer.time_zone),
        "ending": standing.until is not None and standing.until - timezone.now() <= SOON,
        "near": [] if here or not may else [_near(each) for each in standing.near],
    }


def _near(each: plans.Near) -> dict[str, Any]:
    (bar,) = (
        b for b in plan_words.bars({each.limit: each.allowed}, {each.limit: each.present}) if b.name == each.limit
    )
    return {"label": bar.label, "shown": bar.shown, "passed": each.passed}
