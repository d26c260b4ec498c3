"""What is agreed at a supply point."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kernel import texts
from portal.console.forms.customers import day_input
from tenants.tariffs import queries


class AgreementForm(forms.Form):
    """An account takes a product at a supply point."""

    product = forms.ChoiceField(label=_("Product"))
    start = forms.DateField(label=_("From"), widget=day_input())
    end = forms.DateField(
        label=_("Until, not including"),
        required=False,
        widget=day_input(),
        help_text=_("Leave it empty while it runs on."),
    )
    parameters = forms.CharField(
        label=_("Parameters"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "g-input-code"}),
        help_text=_("One a line, such as capacity: 315. The product's page tells which it needs."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        self.fields["product"].choices = [  # type: ignore[attr-defined]
            (product.code, f"{texts.pick(product.titles, language)} ({product.code})") for product in queries.products()
        ]

    def clean_parameters(self) -> dict[str, str]:
        """Read “name: value” lines."""
        given: dict[str, str] = {}
        for line in self.cleaned_data["parameters"].splitlines():
            name, mark, value = line.partition(":")
            if not line.strip():
                continue
            if not mark or not value.strip():
                raise forms.ValidationError(_("Write each parameter as name: value."))
            given[name.strip()] = value.strip()
        return given

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("start") and data.get("end") and data["end"] <= data["start"]:
            self.add_error("end", _("The end must lie after the start."))
        return data
