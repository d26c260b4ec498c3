"""What the columns of a table of readings are, told by a person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.metering.formats import mapping

ROLES = [
    ("identifier", _("Supply point")),
    ("stamp", _("Date and time")),
    ("date", _("Date")),
    ("time", _("Time of day")),
    ("value", _("Reading; with a row per day, the first one")),
    ("register", _("Register or direction")),
    ("serial", _("Meter number")),
    ("unit", _("Unit")),
    ("quality", _("Quality")),
    ("changed", _("Changed at the source")),
]
MARKS = [(",", _("Comma")), (";", _("Semicolon")), ("\t", _("Tab")), ("|", "|")]
UNITS = ["kWh", "Wh", "MWh", "GWh", "kW", "W", "MW", "kvarh", "varh", "kvar"]
LETTERS = 26
_FURTHER = re.compile(
    r"\s*(?P<column>[A-Za-z]{1,2})\s*=\s*(?P<code>[A-Za-z][0-9A-Za-z])(?:\s+(?P<unit>[A-Za-z]{1,6}))?\s*"
)
COUNTS = [24, 25, 48, 50, 96, 100, 288, 300]


LAYOUTS = [("long", _("one reading")), ("columns", _("a day, its readings side by side"))]


class ColumnsForm(forms.Form):
    """Each meaning and the column that has it, and how its cells are written."""

    layout = forms.ChoiceField(label=_("A row is"), choices=LAYOUTS)
    count = forms.TypedChoiceField(
        label=_("Readings in a row"), required=False, coerce=int, empty_value="",
        choices=[("", _("One")), *((count, count) for count in COUNTS)],
    )  # fmt: skip
    minutes = forms.TypedChoiceField(label=_("Length of an interval"), coerce=int)
    stamps = forms.ChoiceField(
        label=_("A time stamps"), choices=[("start", _("the start of the interval")), ("end", _("its end"))]
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=[(unit, unit) for unit in UNITS])
    zone = forms.ChoiceField(label=_("Time zone"), required=False)
    order = forms.ChoiceField(
        label=_("Dates are written"),
        choices=[("ymd", _("year, month, day")), ("dmy", _("day, month, year")), ("mdy", _("month, day, year"))],
    )
    decimal = forms.ChoiceField(label=_("Decimal mark"), choices=[(".", _("Point")), (",", _("Comma"))])
    delimiter = forms.ChoiceField(label=_("Cells are divided by"), choices=MARKS)
    header_rows = forms.IntegerField(label=_("Rows above the readings"), min_value=0, max_value=20)
    missing = forms.CharField(
        label=_("Marks of a missing reading"), required=False, max_length=200,
        help_text=_("Divided by blanks, such as -999 n.a.; empty cells and 1e8 are known."),
    )  # fmt: skip
    register_code = forms.CharField(
        label=_("Register where none is named"), max_length=2, help_text=_("E1 consumption, B1 feed-in, Q1 reactive.")
    )
    registers = forms.CharField(
        label=_("Words for registers"), required=False, max_length=500, help_text=_("Such as IN=E1, OUT=B1.")
    )
    further = forms.CharField(
        label=_("Further columns with readings"), required=False, max_length=500,
        help_text=_("Such as D=B1, E=Q1 kvarh: column, register and, where it is another, unit."),
    )  # fmt: skip
    profile_name = forms.CharField(
        label=_("Remember as"), required=False, max_length=80,
        help_text=_("The next file with this header is read in the same way."),
    )  # fmt: skip

    def __init__(self, *args: Any, columns: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for role, label in ROLES:
            self.fields[f"column_{role}"] = forms.ChoiceField(
                label=label, required=False, choices=[("", _("– none –")), *columns]
            )
        lengths = [(minutes, gettext("%(minutes)s minutes") % {"minutes": minutes}) for minutes in mapping.MINUTES]
        self.fields["minutes"].choices = lengths  # type: ignore[attr-defined]
        zones = [(zone, zone) for zone in sorted(available_timezones()) if "/" in zone]
        self.fields["zone"].choices = [("", _("As the place says")), *zones]  # type: ignore[attr-defined]

    @property
    def role_fields(self) -> list[Any]:
        """The fields that name columns, in their order."""
        return [self[f"column_{role}"] for role, _label in ROLES]

    def clean_registers(self) -> dict[str, str]:
        """Read IN=E1, OUT=B1."""
        found: dict[str, str] = {}
        for pair in self.cleaned_data["registers"].replace("，", ",").split(","):
            word, mark, code = pair.partition("=")
            if pair.strip() and not (mark and word.strip() and code.strip()):
                raise forms.ValidationError(_("Write each as word=register, such as IN=E1."))
            if pair.strip():
                found[word.strip()] = code.strip().upper()
        return found

    def clean_further(self) -> list[tuple[int, str, str]]:
        """Read D=B1, E=Q1 kvarh."""
        found: list[tuple[int, str, str]] = []
        for part in self.cleaned_data["further"].replace("，", ",").split(","):
            match = _FURTHER.fullmatch(part)
            if part.strip() and match is None:
                raise forms.ValidationError(_("Write each as column=register, such as D=B1 or E=Q1 kvarh."))
            if match is not None:
                unit = match["unit"] or str(self.data.get("unit", ""))
                found.append((place_of(match["column"]), match["code"].upper(), unit))
        return found

    def said(self) -> dict[str, Any]:
        """What was told, as the room takes it."""
        data = self.cleaned_data
        columns = {role: int(data[f"column_{role}"]) for role, _label in ROLES if data[f"column_{role}"]}
        names = ("layout", "minutes", "stamps", "unit", "zone", "order", "decimal", "delimiter", "header_rows")
        return {
            **{name: data[name] for name in names},
            "count": data["count"] or 0,
            "columns": columns,
            "missing": data["missing"].lower().split(),
            "register": data["register_code"].strip().upper(),
            "registers": data["registers"],
            "further": data["further"],
        }


def initial_of(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form starts with, from a mapping as it is stored."""
    units = {unit.lower(): unit for unit in UNITS}
    return {
        **{name: known[name] for name in ("layout", "minutes", "stamps", "zone", "order", "decimal", "delimiter")},
        **{f"column_{role}": str(place) for role, place in known["columns"].items()},
        "unit": units.get(str(known["unit"]).lower(), "kWh"),
        "count": known["count"] or "",
        "header_rows": known["header_rows"],
        "missing": " ".join(known["missing"]),
        "register_code": known["register"],
        "registers": ", ".join(f"{word}={code}" for word, code in known["registers"].items()),
        "further": ", ".join(f"{letter_of(at)}={code} {unit}" for at, code, unit in known.get("further", ())),
    }


def letter_of(place: int) -> str:
    """Name a column as a spreadsheet does: A … Z, AA …"""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, LETTERS)
        name = chr(ord("A") + rest) + name
    return name


def place_of(letters: str) -> int:
    """Return the place, from 0, of a column that is named like that."""
    place = 0
    for letter in letters.upper():
        place = place * LETTERS + ord(letter) - ord("A") + 1
    return place - 1


class ProfileForm(forms.Form):
    """Another name for a profile."""

    name = forms.CharField(label=_("Name"), max_length=80)


class TakeBackForm(forms.Form):
    """Why an import is taken back."""

    because = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
