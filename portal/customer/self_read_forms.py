"""What a customer types off the meter: the day, and a number for each register as it stands there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from kernel import texts
from markets import packs
from portal.shared import formats
from tenancy import context

TYPED = re.compile(r"(?P<whole>[0-9]{1,14})(?:[.,](?P<part>[0-9]{1,6}))?", re.ASCII)
BLANKS = dict.fromkeys(map(ord, " \u00a0\u202f"))


class DialField(forms.CharField):
    """A number as it stands on a dial; the part behind the comma or point may be left out."""

    def __init__(self, *, decimals: int, **options: Any) -> None:
        self.decimals = decimals
        super().__init__(max_length=24, **options)

    def clean(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = super().clean(value).translate(BLANKS)
        if not text:
            return None
        match = TYPED.fullmatch(text)
        if match is None:
            raise forms.ValidationError(gettext("Type only the digits as they stand on the meter, such as 01234."))
        part = (match["part"] or "").rstrip("0")
        if len(part) > self.decimals:
            said = (
                gettext("This register shows whole numbers only: leave out what stands in red.")
                if not self.decimals
                else gettext("This register shows {count} digits behind the point.").format(count=self.decimals)
            )
            raise forms.ValidationError(said)
        return Decimal(f"{match['whole']}.{part or '0'}").normalize() + 0


class SelfReadForm(forms.Form):
    """The day of the reading and one field for each register of the meter: ``read_<key>``."""

    day = forms.DateField(
        label=_("Day of the reading"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, data: Any = None, *, readable: Sequence[Any], today: dt.date) -> None:
        first, last = min(each.first_day for each in readable), max(each.last_day for each in readable)
        super().__init__(data, initial={"day": min(today, last)})
        self.fields["day"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}
        if first == last:
            self.fields["day"].help_text = gettext("It can be read for this day only.")
        else:
            self.fields["day"].help_text = gettext("From {first} to {last}.").format(
                first=formats.day(first), last=formats.day(last)
            )
        self.readable = {f"read_{each.register.pk}": each for each in readable}
        for name, each in self.readable.items():
            self.fields[name] = _dial(each, alone=len(self.readable) == 1)

    def numbers(self) -> list[tuple[Any, Decimal]]:
        """Return the registers that were typed, each with its number."""
        return [
            (each, self.cleaned_data[name])
            for name, each in self.readable.items()
            if self.cleaned_data.get(name) is not None
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not self.numbers():
            raise forms.ValidationError(gettext("Type what at least one register shows."))
        return data


def _dial(readable: Any, *, alone: bool) -> DialField:
    register = readable.register
    last = readable.last_read
    said = ""
    if last is not None:
        value = formats.number(last.value.normalize() + 0, register.decimals)
        said = gettext("On {day} it stood at {value} {unit}.").format(
            day=formats.day(last.day), value=value, unit=register.unit
        )
    return DialField(
        decimals=register.decimals,
        label=label_of(register, alone=alone),
        help_text=said,
        required=alone,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "spellcheck": "false", "class": "g-input-number"}
        ),
    )


def label_of(register: Any, *, alone: bool) -> str:
    """Return how a register is called: by its time of use, what it counts, and its mark on the meter."""
    kinds = {
        "consumption": gettext("Used"),
        "feed_in": gettext("Fed in"),
        "generation": gettext("Generated"),
    }
    name = kinds.get(register.kind, register.kind)
    if register.label:
        titles = packs.pack(context.current_retailer().market).texts["labels"]
        name = f"{name} · {texts.pick(titles.get(register.label) or register.label, get_language() or 'en')}"
    return f"{name} ({register.unit})" if alone else f"{register.code} · {name} ({register.unit})"
