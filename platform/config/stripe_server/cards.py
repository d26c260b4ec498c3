"""Test cards and how they behave: Stripe's own numbers."""

from __future__ import annotations

from dataclasses import dataclass

from config.stripe_server.refusals import CARD, Refused

YEAR_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Card:
    """What happens when this number pays. ``asks``: "never", "always", or "unless_set_up" for authentication."""

    brand: str = "visa"
    decline: str = ""
    code: str = "card_declined"
    asks: str = "never"
    attaches: bool = True
    disputed: bool = False
    refunds: bool = True
    country: str = "US"


CARDS = {
    "4242424242424242": Card(),
    "5555555555554444": Card(brand="mastercard"),
    "6200000000000005": Card(brand="unionpay", country="CN"),
    "4000000360000006": Card(country="AU"),
    "4000001560000002": Card(country="CN"),
    "4000000000000002": Card(decline="generic_decline", attaches=False),
    "4000000000009995": Card(decline="insufficient_funds", attaches=False),
    "4000000000009987": Card(decline="lost_card", attaches=False),
    "4000000000000069": Card(decline="expired_card", code="expired_card", attaches=False),
    "4000000000000127": Card(decline="incorrect_cvc", code="incorrect_cvc", attaches=False),
    "4000000000000119": Card(decline="processing_error", code="processing_error", attaches=False),
    "4000000000000341": Card(decline="generic_decline"),
    "4000002500003155": Card(asks="unless_set_up"),
    "4000002760003184": Card(asks="always"),
    "4000003800000446": Card(asks="unless_set_up"),
    "4000008260003178": Card(decline="insufficient_funds", asks="always"),
    "4000000000000259": Card(disputed=True),
    "4000000000005126": Card(refunds=False),
}
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_refundFail": "4000000000005126",
    "tok_visa": "4242424242424242",
}
_SAID = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def card(number: str) -> Card:
    """Return the behaviour of a number; raises Refused for one that is no test card."""
    if number not in CARDS:
        raise Refused("Your card number is incorrect.", kind=CARD, code="incorrect_number", param="number", status=402)
    return CARDS[number]


def sentence(decline: str) -> str:
    """Return what a person is told of a decline."""
    return _SAID.get(decline, "Your card was declined.")


def full_year(year: int) -> int:
    """Return 2031 for 31."""
    return year if len(str(year)) == YEAR_DIGITS else 2000 + year
