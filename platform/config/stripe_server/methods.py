"""Customers, their payment methods, setup intents and mandates."""

from __future__ import annotations

import secrets
from typing import Any

from config.stripe_server import cards
from config.stripe_server.refusals import CARD, Refused, unexpected
from config.stripe_server.state import Desk, Thing, changed_metadata

REDIRECTS = ("alipay", "wechat_pay")
KINDS = ("card", *REDIRECTS)
REUSABLE = ("card", "alipay")
"""WeChat Pay cannot be kept for later."""
_CUSTOMER = (
    "address",
    "description",
    "email",
    "name",
    "phone",
    "shipping",
    "preferred_locales",
    "balance",
    "tax_exempt",
)


def create_customer(desk: Desk, params: Thing) -> Thing:
    """Make a customer."""
    facts: Thing = {name: params.get(name) for name in _CUSTOMER}
    clock = params.get("test_clock")
    owner = desk.find("test_helpers.test_clock", clock, param="test_clock") if clock else None
    made = desk.new("cus", "customer", at=desk.now({"test_clock": clock} if owner else None), **facts)
    made.update(
        balance=params.get("balance", 0), currency=None, delinquent=False, discount=None, test_clock=clock,
        metadata=params.get("metadata") or {}, default_source=None, invoice_prefix=secrets.token_hex(4).upper(),
        invoice_settings={"default_payment_method": None, "custom_fields": None, "footer": None},
    )  # fmt: skip
    if params.get("payment_method"):
        attach(desk, desk_method(desk, params["payment_method"]), made)
    _settings(desk, made, params)
    desk.tell("customer.created", made)
    return made


def update_customer(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a customer."""
    found = desk.find("customer", key)
    found.update({name: params[name] for name in _CUSTOMER if name in params})
    changed_metadata(found, params.get("metadata"))
    _settings(desk, found, params)
    desk.tell("customer.updated", found)
    return found


def delete_customer(desk: Desk, key: str, params: Thing) -> Thing:
    """Take a customer away."""
    found = desk.find("customer", key)
    desk.tell("customer.deleted", found)
    desk.store.drop(found)
    return {"id": key, "object": "customer", "deleted": True}


def _settings(desk: Desk, customer: Thing, params: Thing) -> None:
    method = (params.get("invoice_settings") or {}).get("default_payment_method")
    if method:
        found = desk_method(desk, method)
        if found["customer"] != customer["id"]:
            raise Refused(
                f"The customer does not have a payment method with the ID {method}.", param="invoice_settings"
            )
        customer["invoice_settings"]["default_payment_method"] = method


def create_method(desk: Desk, params: Thing) -> Thing:
    """Make a payment method: a card by its number, or a wallet."""
    kind = params.get("type") or "card"
    if kind not in KINDS:
        raise Refused(f"The payment method type {kind} is not served here.", param="type")
    billing = {"address": {}, "email": None, "name": None, "phone": None, **(params.get("billing_details") or {})}
    facts: Thing = {"type": kind, "customer": None, "billing_details": billing, "allow_redisplay": "unspecified"}
    if kind == "card":
        facts |= _card(params.get("card") or {})
    else:
        facts[kind] = {}
    return desk.new("pm", "payment_method", metadata=params.get("metadata"), **facts)


def _card(card: Thing) -> Thing:
    number = cards.TOKENS.get(card.get("token", ""), str(card.get("number", "")).replace(" ", ""))
    kind = cards.card(number)
    month, year = int(card.get("exp_month", 12)), cards.full_year(int(card.get("exp_year", 2034)))
    if not 1 <= month <= 12:
        message = "Your card's expiration month is invalid."
        raise Refused(message, kind=CARD, code="invalid_expiry_month", param="exp_month", status=402)
    shown = {
        "brand": kind.brand, "country": kind.country, "exp_month": month, "exp_year": year, "funding": "credit",
        "last4": number[-4:], "fingerprint": secrets.token_hex(8), "display_brand": kind.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
    }  # fmt: skip
    return {"card": shown, "_number": number, "_set_up": False}


def desk_method(desk: Desk, key: str) -> Thing:
    """Return a payment method; a name such as pm_card_visa makes one."""
    if key in cards.TOKENS:
        return create_method(desk, {"type": "card", "card": {"token": key}})
    return desk.find("payment_method", key, param="payment_method")


def attach_method(desk: Desk, key: str, params: Thing) -> Thing:
    """Give a payment method to a customer."""
    customer = desk.find("customer", params.get("customer"), param="customer")
    return attach(desk, desk_method(desk, key), customer)


def attach(desk: Desk, method: Thing, customer: Thing) -> Thing:
    """Give a payment method to a customer; a card that is refused is not kept."""
    if method["customer"] not in (None, customer["id"]):
        raise Refused("The payment method you provided has already been attached to a customer.")
    if method["type"] not in REUSABLE:
        raise Refused(f"Payment methods of type '{method['type']}' cannot be saved to customers.")
    if method["type"] == "card":
        kind = cards.card(method["_number"])
        if not kind.attaches:
            raise declined(kind.decline, kind.code)
    if method["customer"] is None:
        method["customer"] = customer["id"]
        desk.tell("payment_method.attached", method)
    return method


def detach_method(desk: Desk, key: str, params: Thing) -> Thing:
    """Take a payment method from its customer for good."""
    method = desk.find("payment_method", key)
    if method["customer"] is None:
        raise Refused("The payment method you provided is not attached to a customer so detachment is impossible.")
    owner = desk.find("customer", method["customer"])
    method["customer"], method["_gone"] = None, True
    if owner["invoice_settings"]["default_payment_method"] == key:
        owner["invoice_settings"]["default_payment_method"] = None
    desk.tell("payment_method.detached", method)
    return method


def declined(decline: str, code: str = "card_declined", **more: Any) -> Refused:
    """Return the refusal of a card; what was written of the attempt stays."""
    return Refused(cards.sentence(decline), kind=CARD, code=code, status=402, kept=True, decline_code=decline, **more)


def create_setup(desk: Desk, params: Thing) -> Thing:
    """Begin to keep a payment method for later."""
    made = desk.new("seti", "setup_intent", metadata=params.get("metadata"))
    made.update(
        client_secret=f"{made['id']}_secret_{secrets.token_hex(8)}", customer=params.get("customer"),
        description=params.get("description"), last_setup_error=None, mandate=None, next_action=None,
        payment_method=None, payment_method_types=params.get("allowed_payment_method_types") or ["card"],
        status="requires_payment_method", usage=params.get("usage", "off_session"), _return_url=params.get("return_url"),
    )  # fmt: skip
    if made["customer"]:
        desk.find("customer", made["customer"], param="customer")
    desk.tell("setup_intent.created", made)
    if params.get("payment_method"):
        made["payment_method"] = desk_method(desk, params["payment_method"])["id"]
        made["status"] = "requires_confirmation"
    return confirm_setup(desk, made["id"], params) if params.get("confirm") else made


def confirm_setup(desk: Desk, key: str, params: Thing) -> Thing:
    """Check the method and keep it, after authentication where the card asks for it."""
    intent = desk.find("setup_intent", key)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise unexpected("SetupIntent", intent["status"], "confirmed")
    if params.get("payment_method"):
        intent["payment_method"] = desk_method(desk, params["payment_method"])["id"]
    if not intent["payment_method"]:
        raise Refused("You cannot confirm this SetupIntent because it's missing a payment method.")
    intent["_return_url"] = params.get("return_url", intent["_return_url"])
    intent["_mandate"] = params.get("mandate_data") or {}
    method = desk.find("payment_method", intent["payment_method"])
    if method["type"] in REDIRECTS or cards.card(method["_number"]).asks != "never":
        url = f"{desk.base}/authenticate/{intent['id']}"
        intent["status"] = "requires_action"
        intent["next_action"] = {
            "type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": intent["_return_url"]},
        }  # fmt: skip
        desk.tell("setup_intent.requires_action", intent)
        return intent
    return finish_setup(desk, intent)


def finish_setup(desk: Desk, intent: Thing) -> Thing:
    """Keep the method of an intent whose owner agreed."""
    method = desk.find("payment_method", intent["payment_method"])
    intent["next_action"] = None
    try:
        if intent["customer"]:
            attach(desk, method, desk.find("customer", intent["customer"]))
    except Refused as refusal:
        fail_setup(desk, intent, refusal)
        raise
    method["_set_up"] = True
    intent["status"], intent["last_setup_error"] = "succeeded", None
    acceptance = (intent.get("_mandate") or {}).get("customer_acceptance")
    intent["mandate"] = desk.new(
        "mandate", "mandate", payment_method=method["id"], status="active", type="multi_use", multi_use={},
        customer_acceptance={"accepted_at": desk.clock(), "type": "online", **(acceptance or {})},
        payment_method_details={"type": method["type"], method["type"]: {}},
    )["id"]  # fmt: skip
    desk.tell("setup_intent.succeeded", intent)
    return intent


def fail_setup(desk: Desk, intent: Thing, refusal: Refused) -> None:
    """Note why the method is not kept."""
    intent.update(
        status="requires_payment_method", payment_method=None, last_setup_error=refusal.body, next_action=None
    )
    desk.tell("setup_intent.setup_failed", intent)


def cancel_setup(desk: Desk, key: str, params: Thing) -> Thing:
    """Give an intent up."""
    intent = desk.find("setup_intent", key)
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected("SetupIntent", intent["status"], "canceled")
    intent["status"], intent["cancellation_reason"] = "canceled", params.get("cancellation_reason")
    desk.tell("setup_intent.canceled", intent)
    return intent
