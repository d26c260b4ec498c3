"""What a company asks of those who sign in, and what is looked for in the audit trail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from identity import policy
from portal.console.forms.customers import day_input, search_input

ALERTS = {
    "new_device": _("Sign-in on a new device"),
    "new_network": _("Sign-in from a new network"),
    "locked": _("Account locked"),
    "many_failures": _("Many failures from one address"),
    "mass_export": _("Large export"),
    "foreign_company": _("Cookie of another company"),
    "factor_changed": _("Second factor changed"),
    "foreign_key": _("Key of another company"),
    "foreign_link": _("Link of another company"),
    "guessed_numbers": _("Many record numbers tried"),
}
_DANGERS = ("many_failures", "foreign_company", "foreign_key", "foreign_link", "guessed_numbers")
ALERT_TONES = {"locked": "warn", "mass_export": "warn", **dict.fromkeys(_DANGERS, "danger")}


def _number(name: str, label: Any, help_text: Any) -> forms.IntegerField:
    low, high = policy.RANGES[name]
    return forms.IntegerField(label=label, help_text=help_text, min_value=low, max_value=high)


class PolicyForm(forms.Form):
    """The company's rules of sign-in."""

    staff_second_factor = forms.BooleanField(
        label=_("Staff must have a second factor"),
        required=False,
        help_text=_("Who has none sets one up at the next sign-in and can do nothing else before."),
    )
    idle_minutes = _number(
        "idle_minutes", _("Staff are signed out after"), _("Minutes without doing anything, from 5 to 1440.")
    )
    failures_allowed = _number(
        "failures_allowed", _("Wrong passwords or codes allowed"), _("From 3 to 20; the account is locked then.")
    )
    lock_minutes = _number("lock_minutes", _("Locked for"), _("Minutes, from 1 to 1440."))
    missing_allowed = _number(
        "missing_allowed",
        _("Missing records until an alert"),
        _("From 5 to 1000 by one person or program in ten minutes: somebody tries numbers."),
    )


class AuditFilter(forms.Form):
    """Filters above the audit trail."""

    person = forms.CharField(label=_("Person"), required=False, max_length=120, widget=search_input())
    action = forms.CharField(label=_("Action"), required=False, max_length=60, widget=search_input())
    subject = forms.CharField(label=_("To what"), required=False, max_length=120, widget=search_input())
    since = forms.DateField(label=_("From day"), required=False, widget=day_input())
    until = forms.DateField(label=_("To day"), required=False, widget=day_input())


class AlertFilter(forms.Form):
    """Filters above the alerts."""

    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *ALERTS.items()])
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("Open")), ("all", _("All"))])
