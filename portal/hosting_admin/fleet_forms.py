"""What the operator fills in about a company that stands: filters, changes, backups and restores."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from hosting.operations import jobs
from portal.hosting_admin.fleet_words import PROBLEMS
from portal.hosting_admin.forms import market_choices

STATUSES = [
    ("", _("Any status")), ("active", _("Active")), ("suspended", _("Suspended")), ("provisioning", _("Being made")),
    ("trial", _("Trial")), ("past_due", _("Payment overdue")), ("read_only", _("Read-only")), ("ended", _("Ended")),
]  # fmt: skip
WHY = _("The company can read it.")


class FleetFilter(forms.Form):
    """Search and filters of the fleet; all of it stands in the address."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    status = forms.ChoiceField(label=_("Status"), required=False, choices=STATUSES)
    wrong = forms.MultipleChoiceField(
        label=_("What is wrong"), required=False, choices=list(PROBLEMS.items()), widget=forms.MultipleHiddenInput
    )
    sort = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class NamesForm(forms.Form):
    """How a company is called."""

    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=80, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=80, required=False)
    legal_name = forms.CharField(
        label=_("Legal name"),
        max_length=200,
        required=False,
        help_text=_("Bills that are issued keep the name they bear."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=400, help_text=WHY)

    def names(self) -> dict[str, str]:
        """Return the names by language."""
        return {"zh-hans": self.cleaned_data["name_zh"], "en": self.cleaned_data["name_en"]}


class GroundForm(forms.Form):
    """Market, currency and clock of a company in which nothing stands."""

    market = forms.ChoiceField(label=_("Market"))
    currency = forms.CharField(label=_("Currency"), max_length=3)
    time_zone = forms.ChoiceField(label=_("Time zone"))
    reason = forms.CharField(label=_("Reason"), max_length=400, help_text=WHY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["market"].choices = market_choices()  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = [(z, z) for z in sorted(available_timezones()) if "/" in z]  # type: ignore[attr-defined]


class CodeForm(forms.Form):
    """Another code for a company."""

    code = forms.CharField(label=_("New code"), max_length=40, help_text=_("Small letters, digits and dashes."))
    typed = forms.CharField(label=_("Type the present code"), max_length=40)
    reason = forms.CharField(label=_("Reason"), max_length=400, help_text=WHY)


class PolicyForm(forms.Form):
    """How often a company is backed up."""

    every_hours = forms.IntegerField(label=_("Every so many hours"), min_value=0, help_text=_("0: never by the clock."))
    kept = forms.IntegerField(label=_("Archives kept"), min_value=1)


class OptionalReasonForm(forms.Form):
    """A reason that may be given."""

    reason = forms.CharField(label=_("Reason"), max_length=400, required=False, help_text=WHY)


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("Reason"), max_length=400, help_text=WHY)


class ReplaceForm(forms.Form):
    """A company put back to a backup: meant, not clicked."""

    typed = forms.CharField(label=_("Type the company's code"), max_length=40)
    reason = forms.CharField(label=_("Reason"), max_length=400, help_text=WHY)


class CopyForm(forms.Form):
    """A new company of an archive."""

    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("Small letters, digits and dashes."))
    host = forms.CharField(
        label=_("Web address"), max_length=253, required=False,
        help_text=_("Where it will be reached. Addresses of the archive that are free here come with it."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=400, help_text=WHY)
    opened = forms.BooleanField(
        label=_("Open its doors at once"), required=False,
        help_text=_("Not where the same company stands here: two that work would bill the same customers twice."),
    )  # fmt: skip


class UploadForm(CopyForm):
    """The same, of an archive that was brought here; without a code it keeps its own."""

    upload = forms.ChoiceField(label=_("Archive"))
    field_order = ("upload", "code", "host", "reason", "opened")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].required = False
        self.fields["upload"].choices = [(path.name, path.name) for path in jobs.uploads()]  # type: ignore[attr-defined]
