"""What is asked about closed days and the check of the books."""

from __future__ import annotations

import json

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.ledger import closing
from kernel.errors import GridhallError
from portal.console.forms.customers import day_input

LARGEST_FILE = 1 << 20
NO_CLOSING = _("This is no closing as Gridhall exports it. Give the file as it was downloaded.")


class ClosingForm(forms.Form):
    """Up to which day the books are closed."""

    day = forms.DateField(label=_("Last day to close"), widget=day_input())


class CheckForm(forms.Form):
    """What was kept elsewhere, to compare the books with."""

    noted = forms.RegexField(
        "^[0-9a-fA-F]{64}$",
        label=_("Noted seal"),
        required=False,
        max_length=64,
        strip=True,
        error_messages={"invalid": _("A seal has 64 characters, 0 to 9 and a to f.")},
    )
    exported = forms.FileField(
        label=_("File of a closed day"), required=False, help_text=_("As it was downloaded from “Closed days”.")
    )

    def clean_noted(self) -> str | None:
        return self.cleaned_data["noted"].lower() or None

    def clean_exported(self) -> list[closing.Closing]:
        file = self.cleaned_data["exported"]
        if file is None:
            return []
        try:
            return [closing.read(json.loads(file.read(LARGEST_FILE)))]
        except (GridhallError, ValueError) as error:
            raise forms.ValidationError(NO_CLOSING) from error
