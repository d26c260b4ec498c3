"""What a customer fills in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class DayForm(forms.Form):
    """Leads to the usage of another day."""

    point = forms.CharField(widget=forms.HiddenInput)
    kind = forms.CharField(widget=forms.HiddenInput)
    view = forms.CharField(widget=forms.HiddenInput)
    date = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
