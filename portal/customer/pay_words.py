"""How ways of paying and their refusals are called on the customer's pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

METHODS = {
    "card": _("Card"),
    "alipay": _("Alipay"),
    "wechat_pay": _("WeChat Pay"),
    "bank_transfer": _("Bank transfer"),
    "direct_debit": _("Direct debit"),
    "cash": _("Cash"),
}
FAILURES = {
    "insufficient_funds": _("There is not enough money on the card or account."),
    "expired_card": _("The card has expired."),
    "incorrect_cvc": _("The security code of the card is not right."),
    "authentication_required": _("The payment was not confirmed with the bank."),
    "payment_intent_authentication_failure": _("The payment was not confirmed with the bank."),
    "processing_error": _("The card could not be processed just now."),
    "never_sent": _("The payment never reached the provider."),
}
PURPOSES = {"bills": _("Bills on their due date"), "top_up": _("Top-up when the balance is low")}
FACTS = {
    "Account holder": _("Account holder"),
    "Account number or IBAN": _("Account number or IBAN"),
    "Bank": _("Bank"),
    "Reference": _("Reference"),
}


def method(kind: str) -> Any:
    """Return the name of a way of paying."""
    return METHODS.get(kind, gettext("Other"))


def failure(code: str) -> Any:
    """Return why a payment failed, in a sentence."""
    return FAILURES.get(code, gettext("The card or wallet was declined. Its bank knows why.")) if code else ""
