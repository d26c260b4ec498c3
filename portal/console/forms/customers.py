"""What is asked about customers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants.customers import queries

KINDS = [("household", _("Household")), ("business", _("Business"))]


def search_input() -> forms.TextInput:
    """Return a search field as browsers know it."""
    return forms.TextInput(attrs={"type": "search"})


def day_input() -> forms.DateInput:
    """Return the browser's own calendar."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class CustomerFilter(forms.Form):
    """Filters above the list of customers."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100, widget=search_input())
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *KINDS])
    segment = forms.ChoiceField(label=_("Segment"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(segment, segment) for segment in queries.segments()]
        self.fields["segment"].choices = [("", _("All segments")), *known]  # type: ignore[attr-defined]


class CustomerForm(forms.Form):
    """A customer's particulars."""

    number = forms.CharField(label=_("Customer number"), max_length=32)
    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS)
    segment = forms.CharField(label=_("Segment"), max_length=40, required=False)
    email = forms.CharField(
        label=_("Email"), max_length=254, required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("The company's first language")), *settings.LANGUAGES]
    )


class CustomerChangeForm(CustomerForm):
    """The same for a customer who stands already: the number stays."""

    number = None  # type: ignore[assignment]


class AccountForm(forms.Form):
    """A new billing account of a customer."""

    number = forms.CharField(label=_("Account number"), max_length=32)
    opened_on = forms.DateField(label=_("Opened on"), widget=day_input())
    billing_address = forms.CharField(
        label=_("Billing address"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class CustomerFileForm(forms.Form):
    """A file of customers."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV (UTF-8 or GB 18030) or XLSX with a heading row; up to 20 MB."),
        widget=forms.FileInput,
    )


class PortalForm(forms.Form):
    """Who is to sign in to the portal for a customer."""

    email = forms.CharField(
        label=_("Email"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("The link for the first password goes there. Empty: to the address held of the customer."),
    )


class ReasonForm(forms.Form):
    """Why somebody needs to see what is masked."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("It is recorded with your name, and auditors read it.")
    )
