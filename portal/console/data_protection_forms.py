"""What is filled in about people's data and the end of the company."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

KINDS = {"access": _("Wants the data"), "erasure": _("Wants to be erased"), "correction": _("Wants a correction")}
STATES = {
    "asked": _("Asked"), "checked": _("Checked, needs a second person"), "erasing": _("Being erased"),
    "ready": _("Given out"), "done": _("Done"), "refused": _("Refused"), "withdrawn": _("Taken back"),
}  # fmt: skip
TONES = {
    "asked": "warn", "checked": "warn", "erasing": "info", "ready": "success", "done": "success", "refused": "danger",
}  # fmt: skip
DEEDS = {"remove": _("is removed"), "blank": _("is replaced by a mark"), "keep": _("stays")}
SOURCES = {"portal": _("the customer, in the portal"), "staff": _("staff, for the customer"), "api": _("a program")}
LONGEST = 400
WISHES = {"name": _("Correct name"), "email": _("Correct e-mail"), "phone": _("Correct phone")}


class RequestFilter(forms.Form):
    kind = forms.ChoiceField(label=_("What"), choices=[("", _("All")), *KINDS.items()], required=False)
    state = forms.ChoiceField(label=_("State"), choices=[("", _("All")), *STATES.items()], required=False)


class MonthsForm(forms.Form):
    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=1200)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}))


class KindForm(forms.Form):
    """What a customer asks for; the rest is for a correction."""

    kind = forms.ChoiceField(label=_("What"), choices=list(KINDS.items()))
    name = forms.CharField(label=_("Correct name"), max_length=200, required=False)
    email = forms.EmailField(label=_("Correct e-mail"), max_length=254, required=False)
    phone = forms.CharField(label=_("Correct phone"), max_length=40, required=False)
    note = forms.CharField(
        label=_("What else is wrong"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only for a correction. Leave empty what is right."),
    )

    def request(self) -> dict[str, Any]:
        """Return what operations take."""
        given = self.cleaned_data
        wanted = {field: given[field] for field in WISHES if given[field]}
        return {"kind": given["kind"], "wanted": wanted, "note": given["note"]}


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
