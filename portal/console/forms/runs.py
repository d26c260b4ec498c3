"""What is asked about bill runs and invoices."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.periods import Period
from portal.console.forms.customers import day_input, search_input

RUN_STATES = [
    ("preparing", _("Preparing")),
    ("rating", _("Rating")),
    ("review", _("In review")),
    ("issuing", _("Issuing")),
    ("done", _("Done")),
    ("cancelled", _("Cancelled")),
]
ITEM_STATES = [
    ("parked", _("Parked")),
    ("released", _("Waits for approval")),
    ("refused", _("Refused")),
    ("held", _("Held")),
    ("waiting", _("Waiting")),
    ("drafted", _("Ready to issue")),
    ("issued", _("Issued")),
    ("cancelled", _("Cancelled")),
]
INVOICE_KINDS = [("invoice", _("Invoice")), ("credit_note", _("Credit note"))]


class MonthField(forms.CharField):
    """A month as the browser's month picker writes it: 2026-09."""

    widget = forms.TextInput(attrs={"type": "month", "placeholder": "2026-09", "pattern": "[0-9]{4}-[0-9]{2}"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            day = dt.date.fromisoformat(f"{text}-01")
            return Period.of_month(day.year, day.month)
        except ValueError as error:
            raise forms.ValidationError(_("Write the month as 2026-09.")) from error


class RunFilter(forms.Form):
    """Filter above the list of runs."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *RUN_STATES])


class RunForm(forms.Form):
    """A new bill run."""

    month = MonthField(label=_("Month"), help_text=_("Every account that had a supply point in it is billed once."))
    title = forms.CharField(
        label=_("Title"), max_length=120, required=False, help_text=_("For you and your colleagues.")
    )


class ItemFilter(forms.Form):
    """Filters above the bills of a run."""

    q = forms.CharField(label=_("Account or customer"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *ITEM_STATES])
    reason = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class IssueForm(forms.Form):
    """The day that stands on the invoices."""

    billing_date = forms.DateField(label=_("Billing date"), widget=day_input())


class HoldForm(forms.Form):
    """Why a bill is kept back."""

    note = forms.CharField(label=_("Why"), max_length=200)


class InvoiceFilter(forms.Form):
    """Filters above the list of invoices."""

    q = forms.CharField(label=_("Invoice or account"), required=False, max_length=100, widget=search_input())
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *INVOICE_KINDS])


class CreditForm(forms.Form):
    """Why an invoice is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))


class LedgerFilter(forms.Form):
    """Up to which day the books are read."""

    on = forms.DateField(label=_("Up to the end of"), required=False, widget=day_input())


class EntryFilter(forms.Form):
    """Filter above the entries."""

    q = forms.CharField(label=_("Document"), required=False, max_length=100, widget=search_input())
