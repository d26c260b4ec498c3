"""What is asked about products and their versions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kernel import texts
from markets import packs
from portal.console.forms.customers import day_input, search_input


class ProductFilter(forms.Form):
    """Filter above the list of products."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100, widget=search_input())


class ProductForm(forms.Form):
    """A product started from a template of the market."""

    template = forms.ChoiceField(label=_("Template"), widget=forms.RadioSelect)
    code = forms.CharField(
        label=_("Code"), max_length=32, help_text=_("Stands on the product for ever, such as home-2026.")
    )
    title_zh = forms.CharField(label=_("Name in Chinese"), max_length=80)
    title_en = forms.CharField(label=_("Name in English"), max_length=80)
    valid_from = forms.DateField(label=_("Valid from"), widget=day_input())

    def __init__(self, *args: Any, market: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        self.fields["template"].choices = [  # type: ignore[attr-defined]
            (document["code"], texts.pick(document["title"], language))
            for document in packs.pack(market).product_templates()
        ]

    @property
    def titles(self) -> dict[str, str]:
        """The names in each language."""
        return {"zh-hans": self.cleaned_data["title_zh"], "en": self.cleaned_data["title_en"]}


class VersionForm(forms.Form):
    """From when on the next version of a product is to hold."""

    valid_from = forms.DateField(label=_("Valid from"), widget=day_input())


class DraftForm(forms.Form):
    """The document of a draft."""

    document = forms.CharField(
        label=_("Tariff document"),
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 32, "class": "g-input-code", "spellcheck": "false", "autocapitalize": "off", "wrap": "off"}
        ),
        help_text=_("YAML or JSON. Nothing is saved before the whole document can be billed by."),
    )
    valid_from = forms.DateField(label=_("Valid from"), widget=day_input())
