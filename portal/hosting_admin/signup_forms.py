"""What a company fills in to sign itself up, and what the operator says about a sign-up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

import markets
from hosting import demo_kinds
from hosting.operations import signing_up
from kernel import texts
from portal.shared import plan_words


def place_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the regions there are packs for, under their markets, in the reader's language."""
    language = get_language() or "en"
    return [
        (
            texts.pick(markets.pack(code).title, language),
            [(f"{code}/{key}", texts.pick(region["title"], language)) for key, region in pack.regions.items()],
        )
        for code in markets.codes()
        for pack in [markets.pack(code)]
    ]


def demo_choices() -> list[tuple[str, str]]:
    """Return the kinds of demo, after none."""
    language = get_language() or "en"
    return [("", gettext("An empty space for our own data")), *(
        (kind.code, texts.pick(kind.titles, language)) for kind in demo_kinds.kinds()
    )]  # fmt: skip


def _becomes() -> str:
    text = gettext("Becomes NAME.{domain}: small letters, digits, dashes.")
    return text.format(domain=settings.PLATFORM_DOMAIN)


class SignUpForm(forms.Form):
    """A company that signs itself up."""

    name_en = forms.CharField(
        label=_("Company's name in English"), max_length=80, required=False, help_text=_("At least one of the two.")
    )
    name_zh = forms.CharField(label=_("Company's name in Chinese"), max_length=80, required=False)
    legal_name = forms.CharField(label=_("Legal name"), max_length=200, help_text=_("As it stands on invoices."))
    code = forms.CharField(label=_("Web address"), max_length=40)
    place = forms.ChoiceField(label=_("Market and region"))
    default_language = forms.ChoiceField(label=_("First language"), choices=settings.LANGUAGES)
    admin_name = forms.CharField(label=_("Your name"), max_length=120)
    admin_email = forms.EmailField(
        label=_("Your mail address"),
        max_length=254,
        help_text=_("We mail a link to it. You sign in with it afterwards."),
    )
    plan = forms.ChoiceField(label=_("Plan"))
    interval = forms.ChoiceField(label=_("Rhythm"), choices=list(plan_words.INTERVALS.items()))
    demo = forms.ChoiceField(
        label=_("What it begins with"), required=False,
        help_text=_("A demo is free, has made-up customers and readings, and ends by itself."),
    )  # fmt: skip
    accepted = forms.BooleanField(label=_("We accept the terms of the host and the agreement on processing of data."))

    def __init__(self, *args: Any, offers: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["code"].help_text = _becomes()
        fields["place"].choices = place_choices()
        fields["demo"].choices = demo_choices()
        fields["plan"].choices = [(each.plan.code, plan_words.title(each.version.titles)) for each in offers]
        if not offers:
            del fields["plan"], fields["interval"]
        if not demo_kinds.kinds():
            del fields["demo"]

    def wish(self) -> signing_up.Wish:
        """Return what was filled in as the operation takes it."""
        data = dict(self.cleaned_data)
        names = {"en": data.pop("name_en", ""), "zh-hans": data.pop("name_zh", "")}
        return signing_up.Wish(names=names, **data)


class NameForm(forms.Form):
    """Another name, when the wished one was given to somebody else."""

    code = forms.CharField(label=_("Web address"), max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _becomes()


class RefuseForm(forms.Form):
    """Why a sign-up is refused."""

    reason = forms.CharField(
        label=_("Reason"), max_length=400, help_text=_("It stands in this list; nobody is mailed.")
    )


class ProlongForm(forms.Form):
    """For how long a demo goes on."""

    days = forms.IntegerField(label=_("Days from now"), min_value=1, max_value=365, initial=14)
