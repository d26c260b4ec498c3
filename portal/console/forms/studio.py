"""What is asked in the studio beside the prices themselves: files of others, simulations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.console.forms.customers import day_input
from portal.console.forms.runs import MonthField

FORMATS = [
    ("document", _("Tariff document (YAML or JSON)")),
    ("urdb", _("US Utility Rate Database (URDB), JSON")),
    ("cdr", _("Australian Consumer Data Right (CDR) plan, JSON")),
]
KINDS = [
    ("", _("Households and businesses")),
    ("household", pgettext_lazy("segment", "Households")),
    ("business", pgettext_lazy("segment", "Businesses")),
]


class ImportForm(forms.Form):
    """A tariff that somebody else wrote."""

    kind = forms.ChoiceField(label=_("Format"), choices=FORMATS, widget=forms.RadioSelect, initial="document")
    file = forms.FileField(label=_("File"), max_length=200)
    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        required=False,
        help_text=_("Of the new product, or of the product that gets a further version. Empty: the file's own."),
    )
    valid_from = forms.DateField(label=_("Valid from"), widget=day_input())


class SimulationForm(forms.Form):
    """Whose months a draft is tried on."""

    first = MonthField(label=_("First month"))
    last = MonthField(label=_("Last month"))
    kind = forms.ChoiceField(label=_("Customers"), choices=KINDS, required=False)
    segment = forms.ChoiceField(label=_("Segment"), required=False)
    product_code = forms.ChoiceField(label=_("Who is on"), required=False)
    purchase_series = forms.ChoiceField(label=_("Purchase prices"), required=False)
    title = forms.CharField(label=_("Title"), max_length=120, required=False)

    def __init__(self, *args: Any, segments: list[str], products: list[Any], series: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "segment": [("", _("All segments")), *((one, one) for one in segments)],
            "product_code": [("", _("Any product")), *products],
            "purchase_series": [("", _("None: no margin is reckoned")), *series],
        }
        for name, options in choices.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]
