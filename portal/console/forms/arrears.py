"""What is asked of collections: filters, promises, plans, holds, standing, decisions, reports from the field."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import day_input, search_input

CASE_STATES = [("running", _("Running")), ("resting", _("Resting")), ("closed", _("Closed"))]
ORDER_STATES = [
    ("requested", _("Requested")),
    ("dispatched", _("Dispatched")),
    ("done", _("Done")),
    ("failed", _("Failed")),
    ("cancelled", _("Cancelled")),
]
ORDER_KINDS = [("stop", _("Stop supply")), ("resume", _("Resume supply"))]
CUSTOMER_KINDS = [("household", _("Household")), ("business", _("Business"))]
METHODS = [
    ("bank_transfer", _("Bank transfer")),
    ("card", _("Card")),
    ("cash", _("Cash")),
    ("alipay", _("Alipay")),
    ("wechat_pay", _("WeChat Pay")),
    ("other", _("Other")),
]
LONG = {"rows": 3}


def amount_field(**more: Any) -> forms.DecimalField:
    """An amount of money."""
    return forms.DecimalField(label=_("Amount"), max_digits=16, decimal_places=2, min_value=0, **more)


class CaseFilter(forms.Form):
    """Filters above the cases."""

    q = forms.CharField(label=_("Account or customer"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All open")), *CASE_STATES])
    work = forms.BooleanField(label=_("Only those that ask for a person"), required=False)


class OrderFilter(forms.Form):
    """Filters above the supply orders."""

    q = forms.CharField(label=_("Supply point or account"), required=False, max_length=100, widget=search_input())
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *ORDER_KINDS])
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *ORDER_STATES])


class PromiseForm(forms.Form):
    """A promise to pay."""

    amount = amount_field()
    due_on = forms.DateField(label=_("To be paid by"), widget=day_input())


class PlanForm(forms.Form):
    """An instalment plan over all that is open."""

    count = forms.IntegerField(label=_("Instalments"), min_value=2, max_value=60)
    first_on = forms.DateField(label=_("First instalment due on"), widget=day_input())


class HoldForm(forms.Form):
    """Dunning kept back."""

    kind = forms.ChoiceField(
        label=_("Why"), choices=[("disputed", _("A bill is disputed")), ("manual", _("Somebody looks into it"))]
    )
    until = forms.DateField(label=_("Until"), required=False, widget=day_input())
    note = forms.CharField(label=_("Note"), max_length=400, widget=forms.Textarea(attrs=LONG))


class StandingForm(forms.Form):
    """Credit class and protections; the choices are the market's."""

    credit_class = forms.ChoiceField(label=_("Credit class"), required=False)
    flags = forms.MultipleChoiceField(
        label=_("Protections"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("They bind whoever would stop supply."),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=400, required=False)

    def __init__(self, *args: Any, classes: list[Any], protections: list[Any], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["credit_class"].choices = [("", _("Usual")), *classes]  # type: ignore[attr-defined]
        self.fields["flags"].choices = protections  # type: ignore[attr-defined]


class WriteOffForm(forms.Form):
    """What is to be written off, and why."""

    amount = amount_field()
    reason = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs=LONG))


class WaiverForm(WriteOffForm):
    """Which late fee is to be waived, and why."""

    invoice = forms.CharField(label=_("Bill"), max_length=48)


class DepositForm(forms.Form):
    """A security to be asked for."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[("cash", _("Deposit")), ("guarantee", _("Bank guarantee"))])
    amount = amount_field()


class DepositReceivedForm(forms.Form):
    """A deposit that came in whole."""

    method = forms.ChoiceField(label=_("Method"), choices=METHODS)
    reference = forms.CharField(label=_("Reference"), max_length=100)
    received_on = forms.DateField(label=_("Received on"), widget=day_input())


class GuaranteeForm(forms.Form):
    """A bank guarantee that came in."""

    guarantor = forms.CharField(label=_("Bank"), max_length=200)
    document = forms.CharField(label=_("Number of the guarantee"), max_length=100)
    expires_on = forms.DateField(label=_("Expires on"), widget=day_input())


class PlaceForm(forms.Form):
    """Which agency a debt goes to."""

    agency = forms.CharField(label=_("Agency"), max_length=40)


class AgencyForm(forms.Form):
    """A new agency."""

    code = forms.SlugField(label=_("Code"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=200)
    commission = forms.DecimalField(
        label=_("Commission"), max_digits=5, decimal_places=2, min_value=0, max_value=100, help_text=_("Per cent.")
    )


class DecisionForm(forms.Form):
    """Approve or refuse."""

    approved = forms.TypedChoiceField(coerce=lambda value: value == "yes", choices=[("yes", ""), ("no", "")])


class BulkForm(forms.Form):
    """What is done with chosen cases; only ``sure`` does it."""

    case = forms.TypedMultipleChoiceField(coerce=int)
    deed = forms.ChoiceField(label=_("What"), choices=[("hold", _("Keep back")), ("place", _("Hand to an agency"))])
    agency = forms.CharField(label=_("Agency"), max_length=40, required=False)
    note = forms.CharField(label=_("Note"), max_length=400, required=False)
    sure = forms.BooleanField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        chosen = data.getlist("case")[:MOST_CHOSEN]
        self.fields["case"].choices = [(value, value) for value in chosen if value.isdigit() and len(value) < 19]  # type: ignore[attr-defined]


MOST_CHOSEN = 500


class PathForm(forms.Form):
    """A dunning path: its title, for whom it is, and its steps as data."""

    title_en = forms.CharField(label=_("Title in English"), max_length=100)
    title_zh = forms.CharField(label=_("Title in Chinese"), max_length=100)
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of customers"), required=False, choices=CUSTOMER_KINDS, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means everybody."),
    )  # fmt: skip
    segments = forms.CharField(
        label=_("Segments"), required=False, max_length=400, help_text=_("Parted by commas; none means all.")
    )
    credit_classes = forms.MultipleChoiceField(
        label=_("Credit classes"), required=False, widget=forms.CheckboxSelectMultiple
    )
    minimum = amount_field(help_text=_("Less than this starts no case."))
    steps = forms.CharField(
        label=_("Steps"),
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "font-mono"}),
        help_text=_("One object a step: code, wait, days, channel, template, fee, minimum, action, title."),
    )

    def __init__(self, *args: Any, classes: list[Any], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["credit_classes"].choices = classes  # type: ignore[attr-defined]

    def clean_steps(self) -> Any:
        try:
            return json.loads(self.cleaned_data["steps"])
        except ValueError as error:
            raise forms.ValidationError(_("This is not valid JSON: %(reason)s"), params={"reason": error}) from error

    def clean_segments(self) -> list[str]:
        return [part.strip() for part in self.cleaned_data["segments"].split(",") if part.strip()]

    @property
    def audience(self) -> dict[str, list[str]]:
        """For whom the path is."""
        return {name: list(self.cleaned_data[name]) for name in ("kinds", "segments", "credit_classes")}

    @property
    def document(self) -> dict[str, Any]:
        """The path as it is stored."""
        return {"minimum": f"{self.cleaned_data['minimum']:f}", "steps": self.cleaned_data["steps"]}


class ReportForm(forms.Form):
    """What the field reported."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=[("done", _("Done")), ("failed", _("Failed"))])
    note = forms.CharField(label=_("What was done or seen"), max_length=400, widget=forms.Textarea(attrs=LONG))


class NoteForm(forms.Form):
    """Why an order is taken back."""

    note = forms.CharField(label=_("Why"), max_length=400)
