"""``{% load audit %}``: deeds of the audit trail, what they were done to, and their details, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from portal.console import audit_words

register = template.Library()


@register.filter
def deed(action: str) -> str:
    """Return what an action is called: ``{{ row.action|deed }}``."""
    return audit_words.title(action)


@register.filter
def deed_subject(subject: str) -> str:
    """Return what it was done to, in words."""
    return audit_words.subject(subject)


@register.filter
def deed_details(details: Mapping[str, Any], zone: str) -> list[tuple[str, str]]:
    """Return title and value of each detail, moments at the company's clock."""
    return list(audit_words.details(details, zone=zone))
