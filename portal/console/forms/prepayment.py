"""What is asked about accounts that pay ahead."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import search_input

STATES = [("ok", _("Enough")), ("low", _("Low")), ("stopping", _("Used up")), ("ended", _("Ended"))]


class PrepaidFilter(forms.Form):
    """Filter above the list."""

    q = forms.CharField(label=_("Account or customer"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All that pay ahead")), *STATES])


class TermsForm(forms.Form):
    """How far the balance may fall, and what happens then."""

    credit_limit = forms.DecimalField(
        label=_("Credit limit"), min_value=0, max_digits=12, decimal_places=2,
        help_text=_("How far below zero the balance may go before supply is stopped."),
    )  # fmt: skip
    stops = forms.BooleanField(label=_("Stop supply when the balance is used up"), required=False)


class EnrolForm(TermsForm):
    """An account that is to pay ahead."""

    account = forms.CharField(label=_("Account number"), max_length=32)

    field_order = ("account", "credit_limit", "stops")
