"""Filters of the queue of exceptions, what is done to many of them, and an edit of readings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from portal.console.forms.customers import search_input
from tenants.metering import queries
from tenants.metering.validation import rounding

STATES = [
    ("open", _("Open")),
    ("accepted", _("Accepted")),
    ("estimated", _("Estimated")),
    ("edited", _("Edited")),
    ("healed", _("Healed")),
]
EACH, TOTAL = "each", "total"
KILO = 1000
MOST_AT_ONCE = 100
LARGEST = Decimal(2_147_483)
_title = lazy(lambda code: queries.title_of(code=code), str)


class QueueFilter(forms.Form):
    """Which exceptions are listed."""

    q = forms.CharField(label=_("Supply point"), required=False, max_length=32, widget=search_input())
    code = forms.ChoiceField(
        label=_("Check"),
        required=False,
        choices=[("", _("All checks")), *((code, _title(code)) for code in queries.CODES)],
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES, initial="open")
    blocking = forms.ChoiceField(
        label=_("Bills"),
        required=False,
        choices=[("", _("All")), ("yes", _("Holds the bill")), ("no", _("Does not hold it"))],
    )


class BulkForm(forms.Form):
    """Exceptions that were chosen, and what is done to them."""

    chosen = forms.TypedMultipleChoiceField(coerce=int)
    deed = forms.ChoiceField(choices=[("accept", "accept"), ("estimate", "estimate")])
    note = forms.CharField(required=False, max_length=200)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        given = [value for value in data.getlist("chosen") if value.isascii() and value.isdigit() and len(value) < 19]
        self.fields["chosen"].choices = [(value, value) for value in given[:MOST_AT_ONCE]]  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A word on what is decided, and the exception it was decided at."""

    note = forms.CharField(label=_("Note"), required=False, max_length=200)
    exception = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    code = forms.ChoiceField(
        required=False, choices=[("", ""), *((each, each) for each in queries.CODES)], widget=forms.HiddenInput
    )


class EditForm(forms.Form):
    """Values for a range of intervals, in the thousand of the channel's unit, with the reason."""

    first = forms.TypedChoiceField(label=_("From interval"), coerce=int)
    last = forms.TypedChoiceField(label=_("To interval"), coerce=int)
    way = forms.ChoiceField(
        label=_("The value is"), choices=[(EACH, _("that of each interval")), (TOTAL, _("shared by all of them"))]
    )
    value = forms.DecimalField(
        label=_("Value"), max_digits=12, decimal_places=3, min_value=-LARGEST, max_value=LARGEST * 300
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
    correction = forms.BooleanField(
        label=_("Correct a final day"),
        required=False,
        help_text=_("Its bill is made anew; a second person has to agree."),
    )
    base_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, times: Sequence[str], unit: str, final: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(place, f"{place + 1} · {time}") for place, time in enumerate(times)]
        self.fields["first"].choices = self.fields["last"].choices = names  # type: ignore[attr-defined]
        self.fields["value"].label = _("Value in {unit}").format(unit=unit)
        self.fields["first"].widget.attrs |= {"data-key": "m", "aria-keyshortcuts": "m"}
        if not final:
            del self.fields["correction"]

    def clean(self) -> dict[str, Any]:
        """The range runs forward, and what is given for each interval fits one."""
        data = super().clean() or {}
        if "first" in data and "last" in data and data["last"] < data["first"]:
            self.add_error("last", _("The last interval must not lie before the first."))
        if data.get("way") == EACH and abs(data.get("value") or 0) > LARGEST:
            self.add_error("value", _("This is too much for one interval."))
        return data

    def values(self) -> dict[int, int]:
        """Return what each slot is to be, in the channel's unit."""
        data = self.cleaned_data
        slots = range(data["first"], data["last"] + 1)
        whole = int(data["value"] * KILO)
        if data["way"] == EACH:
            return dict.fromkeys(slots, whole)
        return dict(zip(slots, rounding.shared(total=whole, weights=[1] * len(slots)), strict=True))
