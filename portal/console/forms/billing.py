"""What is asked about cycles, lots, holds and charges."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.charges import kinds
from kernel.texts import pick
from portal.console.forms.customers import KINDS, day_input, search_input
from portal.console.forms.runs import MonthField

WAITING_STATES = [("parked", _("Parked")), ("released", _("Waits for approval")), ("held", _("Held")),
                  ("refused", _("Refused"))]  # fmt: skip
CHARGE_STATES = [("pending", _("On the next bill")), ("billed", _("Billed")), ("cancelled", _("Cancelled"))]
CYCLE_MONTHS = [("1", _("Every month")), ("2", _("Every two months")), ("3", _("Every quarter")),
                ("6", _("Every half year")), ("12", _("Every year"))]  # fmt: skip


class ExceptionFilter(forms.Form):
    """Filters above what waits for a person."""

    q = forms.CharField(label=_("Account or customer"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *WAITING_STATES])
    code = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class CycleForm(forms.Form):
    """A new billing cycle."""

    code = forms.SlugField(label=_("Code"), max_length=32)
    title_en = forms.CharField(label=_("Name in English"), max_length=80)
    title_zh = forms.CharField(label=_("Name in Chinese"), max_length=80)
    months = forms.TypedChoiceField(label=_("A bill"), choices=CYCLE_MONTHS, coerce=int)
    cut_off_day = forms.IntegerField(
        label=_("Cut-off day"), min_value=1, max_value=28, initial=1, help_text=_("The day on which a period starts.")
    )
    first_month = MonthField(label=_("First month"))


class LotForm(forms.Form):
    """A new lot of a cycle."""

    code = forms.SlugField(label=_("Code"), max_length=32)
    title_en = forms.CharField(label=_("Name in English"), max_length=80)
    title_zh = forms.CharField(label=_("Name in Chinese"), max_length=80)
    billing_days = forms.IntegerField(
        label=_("Billed after"), min_value=0, max_value=60, initial=1, help_text=_("Days after the cut-off.")
    )
    working_days = forms.BooleanField(label=_("Count working days"), required=False)
    kind = forms.ChoiceField(label=_("Takes in"), required=False, choices=[("", _("All kinds")), *KINDS])
    segments = forms.CharField(
        label=_("Only segments"), required=False, max_length=400, help_text=_("Several with commas; none: all.")
    )
    list_only = forms.BooleanField(label=_("Only accounts that a list names"), required=False)

    def rule(self) -> dict[str, Any]:
        """Return the rule as a lot keeps it."""
        given = self.cleaned_data
        segments = [each.strip() for each in given["segments"].replace("，", ",").split(",") if each.strip()]
        rule: dict[str, Any] = {"kinds": [given["kind"]] if given["kind"] else [], "segments": segments}
        found = {name: value for name, value in rule.items() if value}
        return found | ({"list_only": True} if given["list_only"] else {})


class AssignForm(forms.Form):
    """Accounts to be put into a lot."""

    accounts = forms.CharField(
        label=_("Account numbers"),
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, or with commas or spaces."),
    )

    def numbers(self) -> list[str]:
        """Return the numbers, each once."""
        return list(dict.fromkeys(self.cleaned_data["accounts"].replace(",", " ").split()))


class AccountHoldForm(forms.Form):
    """An account to be kept back."""

    account = forms.CharField(label=_("Account number"), max_length=32)
    note = forms.CharField(label=_("Why"), max_length=200)
    until = forms.DateField(
        label=_("Until"), required=False, widget=day_input(), help_text=_("Without a day it holds until you lift it.")
    )


class BillNowForm(forms.Form):
    """A bill out of turn."""

    until = forms.DateField(
        label=_("Up to, not including"), widget=day_input(), help_text=_("Everything before that is not billed yet.")
    )


class MoveOutForm(forms.Form):
    """The end of an account's supply."""

    moved_out_on = forms.DateField(
        label=_("First day without supply"),
        widget=day_input(),
        help_text=_("Supply ends on it and the final bill covers the days before."),
    )


class ChargeFilter(forms.Form):
    """Filters above the list of charges."""

    q = forms.CharField(label=_("Account or reference"), required=False, max_length=100, widget=search_input())
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *CHARGE_STATES])


class ChargeForm(forms.Form):
    """A charge or credit made by hand."""

    account = forms.CharField(label=_("Account number"), max_length=32)
    kind = forms.ChoiceField(label=_("Kind"))
    amount = forms.DecimalField(
        label=_("Amount"), max_digits=16, decimal_places=2, help_text=_("Negative for a credit; as your prices state.")
    )
    on = forms.DateField(label=_("Date"), widget=day_input())
    reference = forms.CharField(
        label=_("Reference"), max_length=100, help_text=_("Given once; again nothing is added.")
    )
    title_en = forms.CharField(label=_("Text on the bill, English"), max_length=80, required=False)
    title_zh = forms.CharField(label=_("Text on the bill, Chinese"), max_length=80, required=False)

    def __init__(self, *args: Any, language: str, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (code, pick(kind.titles, language)) for code, kind in kinds.kinds().items() if self.offers(kind)
        ]

    def offers(self, kind: kinds.Kind) -> bool:
        """Return whether the kind is one of this form."""
        return True

    def titles(self) -> dict[str, str] | None:
        """Return the text on the bill, or None for the kind's own."""
        given = {"en": self.cleaned_data["title_en"], "zh-hans": self.cleaned_data["title_zh"]}
        return {name: text for name, text in given.items() if text} or None


class AddOnForm(ChargeForm):
    """Something paid for month by month."""

    on = None  # type: ignore[assignment]
    quantity = forms.DecimalField(label=_("Quantity"), max_digits=12, decimal_places=3, initial=1)
    months = forms.TypedChoiceField(label=_("Due"), choices=CYCLE_MONTHS, coerce=int)
    start = forms.DateField(label=_("From"), widget=day_input())
    end = forms.DateField(label=_("Up to, not including"), required=False, widget=day_input())
    prorated = forms.BooleanField(label=_("Parts cost their share by days"), required=False, initial=True)

    def offers(self, kind: kinds.Kind) -> bool:
        return kind.recurring


class EndForm(forms.Form):
    """The end of an add-on."""

    end = forms.DateField(label=_("Up to, not including"), widget=day_input())


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(label=_("Why"), max_length=200)
