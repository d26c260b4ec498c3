"""What is said with a file of readings."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import search_input

STATES = [
    ("mapping", _("Waits for its columns")),
    ("uploaded", _("Uploaded")),
    ("checking", _("Checking")),
    ("checked", _("Waits for confirmation")),
    ("confirmed", _("Confirmed")),
    ("importing", _("Importing")),
    ("done", _("Done")),
    ("refused", _("Refused")),
    ("taking_back", _("Being taken back")),
    ("taken_back", _("Taken back")),
]
UNITS = ["kWh", "Wh", "MWh", "kW", "W", "kvarh", "kvar"]
OUTCOMES = [
    ("accepted", _("New")),
    ("corrected", _("Corrected")),
    ("unchanged", _("Unchanged")),
    ("outdated", _("Older than what stands")),
    ("refused", _("Refused")),
]
LARGEST = 200 * 2**20


class ImportFilter(forms.Form):
    """Filters above the list of imports."""

    q = forms.CharField(label=_("File name"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *STATES])


class OutcomeFilter(forms.Form):
    """Which rows of a report are shown."""

    outcome = forms.ChoiceField(required=False, choices=[("", _("All rows")), *OUTCOMES])


class UploadForm(forms.Form):
    """A meter file and what it does not say itself."""

    file = forms.FileField(
        label=_("Meter file"),
        help_text=_("NEM12, NEM13, Green Button XML, CSV or XLSX; also packed as ZIP or GZIP. Up to 200 MB."),
        widget=forms.FileInput,
    )
    zone = forms.ChoiceField(
        label=_("Time zone of the days"), required=False, help_text=_("Only where the file and the place do not tell.")
    )
    unit = forms.ChoiceField(
        label=_("Unit of the values"),
        required=False,
        choices=[("", _("As the file says")), *((unit, unit) for unit in UNITS)],
        help_text=_("Only for CSV files that do not name it."),
    )
    identifier = forms.CharField(
        label=_("Supply point"), required=False, max_length=32, help_text=_("For a file that holds one only.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(zone, zone) for zone in sorted(available_timezones()) if "/" in zone]
        self.fields["zone"].choices = [("", _("As the file or the place says")), *zones]  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Refuse what no meter file reaches."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 200 MB. Pack or split it."))
        return file
