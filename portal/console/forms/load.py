"""What of the load is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import day_input

FIRST_YEAR, LAST_YEAR = 2000, 2199
VIEWS = [("day", _("Day")), ("month", _("Month")), ("year", _("Year"))]
KINDS = [("", _("All customers")), ("household", _("Households")), ("business", _("Businesses"))]


class LoadFilter(forms.Form):
    """Which energy, which days, which customers."""

    what = forms.ChoiceField(label=_("Energy"), required=False)
    view = forms.ChoiceField(label=_("Period"), required=False, choices=VIEWS, initial="month")
    date = forms.DateField(label=_("Day"), required=False, widget=day_input())
    kind = forms.ChoiceField(label=_("Customers"), required=False, choices=KINDS)
    segment = forms.ChoiceField(label=_("Segment"), required=False)
    region = forms.ChoiceField(label=_("Region"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        whats: Sequence[tuple[str, str]],
        segments: Sequence[str],
        regions: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__(data)
        self.fields["what"].choices = whats  # type: ignore[attr-defined]
        self.fields["segment"].choices = [("", _("All segments")), *((name, name) for name in segments)]  # type: ignore[attr-defined]
        self.fields["region"].choices = [("", _("All regions")), *regions]  # type: ignore[attr-defined]

    def clean_date(self) -> Any:
        found = self.cleaned_data["date"]
        if found is not None and not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise forms.ValidationError(_("There are no readings of that year."))
        return found
