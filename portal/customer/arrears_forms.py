"""What a customer fills in to promise a payment or to pay in instalments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class PromiseForm(forms.Form):
    """The day on which all that is open will be paid."""

    due_on = forms.DateField(label=_("I will pay by"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any = None, *, first: dt.date | None = None, last: dt.date | None = None) -> None:
        super().__init__(data)
        if first and last:
            self.fields["due_on"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}


class PlanForm(forms.Form):
    """Into how many instalments what is open is shared."""

    count = forms.TypedChoiceField(label=_("Instalments"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, choices: list[tuple[int, str]]) -> None:
        super().__init__(data)
        self.fields["count"].choices = choices  # type: ignore[attr-defined]
