"""What a customer fills in to pay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.money import minor_places
from portal.customer import pay_words

LARGEST = Decimal("999999.99")


class PayForm(forms.Form):
    """How much, and how."""

    amount = forms.DecimalField(label=_("Amount"), min_value=Decimal("0.01"), max_value=LARGEST)
    method = forms.ChoiceField(label=_("How do you pay?"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, currency: str, methods: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount: Any = self.fields["amount"]
        amount.decimal_places = minor_places(currency)
        amount.widget.attrs |= {"step": str(Decimal(1).scaleb(-amount.decimal_places)), "inputmode": "decimal"}
        method: Any = self.fields["method"]
        method.choices = [(kind, pay_words.method(kind)) for kind in methods]
        method.initial = methods[0] if methods else None


class AuthorityForm(forms.Form):
    """From which method, for what, and with a top-up how much below which balance."""

    method = forms.ChoiceField(label=_("Collect from"))
    amount = forms.DecimalField(label=_("Top up by"), min_value=Decimal("0.01"), max_value=LARGEST, required=False)
    threshold = forms.DecimalField(
        label=_("When the balance falls below"), min_value=Decimal(0), max_value=LARGEST, required=False
    )
    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, methods: list[Any], purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["method"]
        choice.choices = [(each.pk, each.title) for each in methods]
        if purpose == "top_up":
            self.fields["amount"].required = self.fields["threshold"].required = True
        else:
            del self.fields["amount"], self.fields["threshold"]
