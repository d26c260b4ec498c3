"""``{% load start_notice %}{% start_notice %}``: to administrators of a company not live yet."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse

from identity.capabilities import Capability

register = template.Library()


@register.inclusion_tag("console/start_notice.html", takes_context=True)
def start_notice(context: Context) -> dict[str, Any]:
    """Return whether the notice is shown: not on the page it leads to, and not once the company is live."""
    request, user = context.get("request"), context.get("user")
    retailer = getattr(request, "retailer", None)
    if request is None or retailer is None or user is None or not user.is_authenticated:
        return {"shown": False}
    url = reverse("console:start")
    wanted = retailer.live_since is None and not retailer.is_demo
    return {"shown": wanted and request.path != url and user.can(Capability.MANAGE_STAFF), "url": url}
