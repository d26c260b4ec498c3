"""What is filled in to connect a payment provider."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ConnectForm(forms.Form):
    """Opens a connected account."""

    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country of your company"),
        help_text=_("Two letters, as in the addresses of its web sites."),
        max_length=2,
    )
    email = forms.EmailField(label=_("Email for the provider"), required=False)


class KeysForm(forms.Form):
    """Connects the company's own account."""

    secret_key = forms.CharField(
        label=_("Secret key"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        max_length=255,
        help_text=_("It is tried, sealed and never shown again. A restricted key (rk_…) is enough."),
    )


class TransferForm(forms.Form):
    """The account that customers transfer to."""

    holder = forms.CharField(label=_("Account holder"), max_length=140)
    number = forms.CharField(label=_("Account number or IBAN"), max_length=40)
    bank = forms.CharField(label=_("Bank"), max_length=140, required=False)


class MethodsForm(forms.Form):
    """The ways of paying that customers are offered."""

    methods = forms.MultipleChoiceField(
        label=_("Ways of paying"),
        widget=forms.CheckboxSelectMultiple,
        choices=[("card", _("Card")), ("alipay", _("Alipay")), ("wechat_pay", _("WeChat Pay"))],
    )
