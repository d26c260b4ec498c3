"""``{% load single_sign_on %}{% sign_in_service next as service %}``: the company's own service."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse

register = template.Library()


@register.simple_tag
def sign_in_service(then: str = "") -> dict[str, Any] | None:
    """Return name and address of the service people may sign in at now, or None; ``then`` is where they go on."""
    from identity import single_sign_on  # the catalogue of components is served without people

    rules = single_sign_on.offered()
    if rules is None:
        return None
    return {"title": rules.title, "url": reverse("sso_start") + (f"?{urlencode({'next': then})}" if then else "")}
