"""What the operator fills in."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

import markets
from hosting import operations
from kernel import texts
from portal.hosting_admin import signup_forms
from portal.shared import plan_words


def market_choices() -> list[tuple[str, str]]:
    """Return the markets there are packs for, in the reader's language."""
    return [(code, texts.pick(markets.pack(code).title, get_language() or "en")) for code in markets.codes()]


class NewCompanyForm(forms.Form):
    """A company that signs up."""

    BESIDE = ("plan", "interval", "demo")

    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=80)
    name_en = forms.CharField(label=_("Name in English"), max_length=80)
    legal_name = forms.CharField(label=_("Legal name"), max_length=200, help_text=_("As it stands on invoices."))
    code = forms.CharField(
        label=_("Code"), max_length=40, help_text=_("Small letters, digits and dashes; it stays with the company.")
    )
    host = forms.CharField(
        label=_("Web address"),
        max_length=253,
        help_text=_("Where its customers and staff find it, such as power.example.com."),
    )
    market = forms.ChoiceField(label=_("Market"))
    currency = forms.CharField(label=_("Currency"), max_length=3, initial="CNY")
    time_zone = forms.ChoiceField(label=_("Time zone"), initial="Asia/Shanghai")
    default_language = forms.ChoiceField(label=_("First language"), choices=settings.LANGUAGES)
    admin_name = forms.CharField(label=_("First administrator"), max_length=120)
    admin_email = forms.EmailField(label=_("Administrator's mail address"), help_text=_("Signs in with it."))
    plan = forms.ChoiceField(label=_("Plan"), required=False, help_text=_("Without one nothing is limited or charged."))
    interval = forms.ChoiceField(label=_("Rhythm"), required=False, choices=list(plan_words.INTERVALS.items()))
    demo = forms.ChoiceField(label=_("What it begins with"), required=False)

    def __init__(self, *args: object, offers: Any = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        titles = [(each.plan.code, plan_words.title(each.version.titles)) for each in offers]
        self.fields["plan"].choices = [("", _("None")), *titles]  # type: ignore[attr-defined]
        self.fields["demo"].choices = signup_forms.demo_choices()  # type: ignore[attr-defined]
        self.fields["market"].choices = market_choices()  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = [(z, z) for z in sorted(available_timezones()) if "/" in z]  # type: ignore[attr-defined]

    def company(self) -> operations.NewCompany:
        """Return what was filled in as the operation takes it."""
        data = dict(self.cleaned_data)
        names = {"zh-hans": data.pop("name_zh"), "en": data.pop("name_en")}
        for name in self.BESIDE:
            data.pop(name)
        return operations.NewCompany(names=names, **data)


class AdministratorForm(forms.Form):
    """Who administers a company whose space is still to be made."""

    admin_name = forms.CharField(label=_("First administrator"), max_length=120)
    admin_email = forms.EmailField(label=_("Administrator's mail address"), help_text=_("Signs in with it."))


class ReasonForm(forms.Form):
    """Why the operator does something to a company; the company can read it."""

    reason = forms.CharField(label=_("Reason"), max_length=400)
