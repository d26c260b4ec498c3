"""What is asked about documents, legal entities and messages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.invoices import fiscal_queries
from portal.console import code_words
from portal.console.forms.customers import day_input, search_input
from tenants.notices import queries as notice_queries

RESETS = [("never", _("Never")), ("year", _("Every year")), ("month", _("Every month"))]
LARGEST_RESULT = 20 * 2**20


class MessageFilter(forms.Form):
    """Filters above the list of messages."""

    q = forms.CharField(
        label=_("Customer, reference or address"), required=False, max_length=100, widget=search_input()
    )
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    template = forms.ChoiceField(label=_("Message"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "channel": [("", _("All channels")), *notice_queries.CHANNELS.choices],
            "state": [("", _("All states")), *notice_queries.STATES.choices],
            "template": [
                ("", _("All messages")),
                *((code, code_words.word("message", code)) for code in notice_queries.templates_in_use()),
            ],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]


class FiscalFilter(forms.Form):
    """Filters above the list of fiscal documents."""

    q = forms.CharField(label=_("Invoice, account or number"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *fiscal_queries.STATES.choices]
    )


class ExportForm(forms.Form):
    """The days whose invoices are handed over."""

    first = forms.DateField(label=_("Issued from"), widget=day_input())
    last = forms.DateField(label=_("to"), widget=day_input())


class ResultForm(forms.Form):
    """The tax bureau's answer."""

    file = forms.FileField(label=_("Answer of the tax bureau"), help_text=_("XLSX or CSV, as the bureau gives it."))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_RESULT:
            raise forms.ValidationError(_("The file is larger than 20 MB."))
        return file


class ConfirmForm(forms.Form):
    """The bureau's confirmation of a red letter."""

    invoice_id = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**62)
    confirmation = forms.CharField(label=_("Number of the confirmation"), max_length=40)
    on = forms.DateField(label=_("Confirmed on"), widget=day_input())


class EntityForm(forms.Form):
    """A legal entity's particulars."""

    code = forms.CharField(label=_("Code"), max_length=32, help_text=_("For you; it is not printed."))
    legal_name = forms.CharField(label=_("Legal name"), max_length=200)
    tax_number = forms.CharField(label=_("Tax number"), max_length=40, required=False)
    country = forms.CharField(label=_("Country"), max_length=2, help_text=_("Two letters, as CN or DE."))
    address = forms.CharField(
        label=_("Address"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )
    postcode = forms.CharField(label=_("Postcode"), max_length=16, required=False)
    city = forms.CharField(label=_("City"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=_("Email"), required=False)
    bank_name = forms.CharField(label=_("Bank"), max_length=120, required=False)
    bank_account = forms.CharField(label=_("Bank account"), max_length=40, required=False)
    bank_code = forms.CharField(
        label=_("Bank code"), max_length=20, required=False, help_text=_("BIC, where there is one.")
    )
    is_default = forms.BooleanField(label=_("Issues where an account names no other"), required=False)


class EntityChangeForm(EntityForm):
    """The same for one that stands already: its code stays."""

    code = None  # type: ignore[assignment]


class SeriesForm(forms.Form):
    """How a number series reads."""

    code = forms.CharField(
        label=_("Series"), max_length=16, required=False, help_text=_("Leave it empty for the usual one.")
    )
    prefix = forms.CharField(  # type: ignore[assignment]
        label=_("Prefix of invoices"), max_length=16, required=False
    )
    credit_prefix = forms.CharField(label=_("Prefix of credit notes"), max_length=16)
    digits = forms.IntegerField(label=_("Digits"), min_value=4, max_value=16, initial=8)
    reset = forms.ChoiceField(label=_("Starts anew"), choices=RESETS, initial="year")


class ArrangementForm(forms.Form):
    """How an account is billed where it is not the usual way."""

    entity_code = forms.ChoiceField(label=_("Legal entity"), required=False)
    series = forms.CharField(label=_("Series"), max_length=16, required=False)
    collective_number = forms.CharField(
        label=_("Collective account"), max_length=32, required=False,
        help_text=_("Its bills come on that account's invoice, site by site."),
    )  # fmt: skip
    tax_number = forms.CharField(label=_("Tax number of the customer"), max_length=40, required=False)
    order_reference = forms.CharField(label=_("Order reference of the customer"), max_length=80, required=False)

    def __init__(self, *args: Any, entities: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(entity.code, entity.legal_name) for entity in entities]
        self.fields["entity_code"].choices = [("", _("The usual one")), *offered]  # type: ignore[attr-defined]


class PartForm(forms.Form):
    """Which lines are credited by how much: one field a line, named ``line_<position>``."""

    reason = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, lines: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for position, title, left in lines:
            self.fields[f"line_{position}"] = forms.DecimalField(
                label=title, required=False, max_digits=18, decimal_places=2, help_text=left
            )

    def amounts(self) -> dict[int, Decimal]:
        """Return what was filled in, by position."""
        given = {name: value for name, value in self.cleaned_data.items() if name.startswith("line_")}
        return {int(name.removeprefix("line_")): value for name, value in given.items() if value}
