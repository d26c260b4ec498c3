"""Filters of the reads by customers, and what is decided about one."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import search_input

STATES = [
    ("quarantined", _("Being checked")),
    ("accepted", _("Accepted")),
    ("corrected", _("Accepted with another number")),
    ("refused", _("Refused")),
    ("replaced", _("Given anew")),
]
LONGEST_NOTE = 400


class SelfReadFilter(forms.Form):
    """Which reads are listed."""

    q = forms.CharField(label=_("Supply point or meter"), required=False, max_length=40, widget=search_input())
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES, initial="quarantined")


class CorrectForm(forms.Form):
    """Another number in place of the one given, and why."""

    value = forms.DecimalField(
        label=_("Number on the dial"),
        min_value=0,
        max_digits=18,
        decimal_places=6,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "data-key": "m", "aria-keyshortcuts": "m"}),
    )
    note = forms.CharField(label=_("Reason"), max_length=LONGEST_NOTE, help_text=_("The customer reads it."))


class RefuseForm(forms.Form):
    """Why a number is not taken."""

    note = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_NOTE,
        help_text=_("The customer reads it."),
        widget=forms.TextInput(attrs={"data-key": "r", "aria-keyshortcuts": "r"}),
    )
