"""What a customer says who comes to the portal for the first time."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class JoinForm(forms.Form):
    """A number from a bill, and the mail address the company holds."""

    number = forms.CharField(
        label=_("Account, customer or supply point number"),
        max_length=32,
        help_text=_("It stands on your bill and on your contract."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        help_text=_("The address you gave us."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
