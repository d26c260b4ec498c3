"""What is filled in about people's data and the end of the company."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

KINDS = {"access": _("Wants the data"), "erasure": _("Wants to be erased")}
STATES = {
    "asked": _("Asked"), "checked": _("Checked, needs a second person"), "erasing": _("Being erased"),
    "ready": _("Given out"), "done": _("Erased"), "refused": _("Refused"), "withdrawn": _("Taken back"),
}  # fmt: skip
TONES = {
    "asked": "warn", "checked": "warn", "erasing": "info", "ready": "success", "done": "success", "refused": "danger",
}  # fmt: skip
DEEDS = {"remove": _("is removed"), "blank": _("is replaced by a mark"), "keep": _("stays")}
SOURCES = {"portal": _("the customer, in the portal"), "staff": _("staff, for the customer"), "api": _("a program")}
LONGEST = 400


class RequestFilter(forms.Form):
    kind = forms.ChoiceField(label=_("What"), choices=[("", _("All")), *KINDS.items()], required=False)
    state = forms.ChoiceField(label=_("State"), choices=[("", _("All")), *STATES.items()], required=False)


class MonthsForm(forms.Form):
    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=1200)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}))


class KindForm(forms.Form):
    kind = forms.ChoiceField(label=_("What"), choices=list(KINDS.items()))


class EndForm(forms.Form):
    """Asking for the end of the company."""

    typed = forms.CharField(label=_("The company's code"), max_length=40)
    meanwhile = forms.ChoiceField(
        label=_("Until then"),
        choices=[
            ("read_only", _("Everything can be read, nothing changed")),
            ("closed", _("The doors are closed for staff and customers")),
        ],
    )
    reason = forms.CharField(label=_("Reason"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}))
