"""What a customer fills in to pay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.money import minor_places
from portal.customer import pay_words

LARGEST = Decimal("999999.99")


def amount_field(label: Any, currency: str, *, least: int = 1) -> forms.DecimalField:
    """Return a field for an amount: no more decimals than the currency has, at least ``least`` of its smallest unit."""
    unit = Decimal(1).scaleb(-minor_places(currency))
    field = forms.DecimalField(
        label=label, min_value=unit * least, max_value=LARGEST, decimal_places=minor_places(currency)
    )
    field.widget.attrs |= {"step": str(unit), "inputmode": "decimal"}
    return field


class PayForm(forms.Form):
    """How much, and how."""

    amount = forms.DecimalField()
    method = forms.ChoiceField(label=_("How do you pay?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, currency: str, methods: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = amount_field(_("Amount"), currency)
        method: Any = self.fields["method"]
        method.choices = [(kind, pay_words.method(kind)) for kind in methods]
        method.initial = methods[0] if methods else None


class AuthorityForm(forms.Form):
    """From which method, for what, and with a top-up how much below which balance."""

    method = forms.ChoiceField(label=_("Collect from"))
    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, methods: list[Any], purpose: str, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["method"]
        choice.choices = [(each.pk, each.title) for each in methods]
        if purpose == "top_up":
            self.fields["amount"] = amount_field(_("Top up by"), currency)
            self.fields["threshold"] = amount_field(_("When the balance falls below"), currency, least=0)
