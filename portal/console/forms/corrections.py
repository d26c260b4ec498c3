"""What is asked about corrections of bills."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import search_input

STATES = [
    ("open", _("To be decided")), ("found", _("Found")), ("rated", _("Rated")), ("approved", _("Approved")),
    ("done", _("Corrected")), ("unchanged", _("Same bill")), ("dismissed", _("Left as it is")),
    ("overtaken", _("Overtaken")),
]  # fmt: skip
NEEDS = [("", _("All")), ("nobody", _("Nobody")), ("person", _("A person")), ("two", _("Two people"))]
WHAT = [
    ("", _("All changes")), ("readings", _("Interval readings")), ("register", _("Register reads")),
    ("quantity_correction", _("Corrected quantities")), ("parameter", _("Agreements")),
    ("terms", _("Days of agreements")),
    ("product", _("Price lists")), ("index", _("Published values")), ("fact", _("Facts")),
    ("earlier_bills", _("Earlier bills")),
]  # fmt: skip


class CorrectionFilter(forms.Form):
    """Filters above the queue."""

    q = forms.CharField(label=_("Account, bill or customer"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *STATES], initial="open"
    )
    needs = forms.ChoiceField(label=_("Decided by"), required=False, choices=NEEDS)
    what = forms.ChoiceField(label=_("What changed"), required=False, choices=WHAT)


class DismissForm(forms.Form):
    """Why a bill stays as it is."""

    note = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))
