"""What a customer finds wrong of what is held of him."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.errors import GridhallError
from portal.shared import refusals
from tenants.customers import values


class CorrectionForm(forms.Form):
    """What shall stand in the customer's fields, filled in with what stands there, and words about anything else."""

    FIELDS = ("name", "email", "phone")

    name = forms.CharField(
        label=_("Your name"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.CharField(
        label=_("E-mail"), max_length=254, required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    phone = forms.CharField(
        label=_("Telephone"), max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "tel"})
    )
    note = forms.CharField(
        label=_("Anything else"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Such as an address, or something that shall be removed: say what is wrong and what is right."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, check in (("email", values.email), ("phone", values.phone)):
            try:
                check(data.get(name, ""), where=name)
            except GridhallError as refusal:
                self.add_error(name, refusals.sentence(refusal))
        return data

    def wanted(self, held: Mapping[str, str]) -> dict[str, str]:
        """Return what shall stand where something else stands now."""
        given = {name: " ".join(self.cleaned_data[name].split()) for name in self.FIELDS}
        return {name: value for name, value in given.items() if value and value != held[name]}
