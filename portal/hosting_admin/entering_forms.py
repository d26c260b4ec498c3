"""What the operator says before entering a company."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from identity import entering

STEP = 15


def minute_choices() -> list[tuple[int, str]]:
    """Return the lengths of a visit: every quarter of an hour up to the host's own limit."""
    longest = max(settings.SUPPORT_MINUTES_AT_MOST, entering.MINUTES_AT_LEAST)
    lengths = sorted({*range(entering.MINUTES_AT_LEAST, longest + 1, STEP), longest})
    return [(n, ngettext("{n} minute", "{n} minutes", n).format(n=n)) for n in lengths]


class EnterForm(forms.Form):
    """Why, for how long, and with which rights; the company reads all of it."""

    reason = forms.CharField(
        label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The company's administrators read it."),
    )  # fmt: skip
    ticket = forms.CharField(label=_("Ticket"), max_length=60, required=False)
    minutes = forms.TypedChoiceField(label=_("For how long"), coerce=int)
    write = forms.BooleanField(
        label=_("Change things too"), required=False,
        help_text=_("Imports, drafts of tariffs and bill runs; never approvals, money, people, keys or rules."),
    )  # fmt: skip
    personal = forms.BooleanField(
        label=_("Show personal fields"), required=False,
        help_text=_("Names, addresses and contacts stay masked otherwise. The reason must say why."),
    )  # fmt: skip

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["minutes"].choices = minute_choices()  # type: ignore[attr-defined]

    def wish(self) -> entering.Wish:
        """Return what was filled in as the operation takes it."""
        return entering.Wish(**self.cleaned_data)


class ConsentForm(forms.Form):
    """The code that an administrator of the company named."""

    code = forms.CharField(
        label=_("Code of the company"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
