"""Payment intents and the charges they make."""

from __future__ import annotations

import secrets
from typing import Any

from config.stripe_server import balances, cards, methods
from config.stripe_server.refusals import Refused, unexpected
from config.stripe_server.state import Desk, Thing, changed_metadata

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
MOST = 99_999_999
CURRENCIES_OF = {
    "alipay": {"aud", "cad", "cny", "eur", "gbp", "hkd", "jpy", "myr", "nzd", "sgd", "usd"},
    "wechat_pay": {"aud", "cad", "chf", "cny", "dkk", "eur", "gbp", "hkd", "jpy", "nok", "sek", "sgd", "usd"},
}


def create(desk: Desk, params: Thing) -> Thing:
    """Begin a payment; with ``confirm`` also try it."""
    if not 1 <= params["amount"] <= MOST:
        raise Refused(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if params.get("off_session") and not params.get("confirm"):
        raise Refused(
            "The parameter `off_session` cannot be passed when creating without `confirm`.", param="off_session"
        )
    currency = params["currency"].lower()
    kinds = params.get("allowed_payment_method_types") or ["card"]
    for kind in kinds:
        if kind in CURRENCIES_OF and currency not in CURRENCIES_OF[kind]:
            raise Refused(f"The payment method type {kind} does not take {currency}.", param="currency")
    if params.get("customer"):
        desk.find("customer", params["customer"], param="customer")
    made = desk.new("pi", "payment_intent", metadata=params.get("metadata"))
    made.update(
        amount=params["amount"], amount_received=0, amount_capturable=0, currency=currency, latest_charge=None,
        customer=params.get("customer"), description=params.get("description"), payment_method=None, canceled_at=None,
        client_secret=f"{made['id']}_secret_{secrets.token_hex(8)}", payment_method_types=kinds, next_action=None,
        receipt_email=params.get("receipt_email"), setup_future_usage=params.get("setup_future_usage"),
        last_payment_error=None, cancellation_reason=None, status="requires_payment_method", capture_method="automatic",
        confirmation_method="automatic", statement_descriptor=params.get("statement_descriptor"),
        application_fee_amount=params.get("application_fee_amount"), transfer_group=params.get("transfer_group"),
        _return_url=params.get("return_url"),
    )  # fmt: skip
    desk.tell("payment_intent.created", made)
    _choose(desk, made, params)
    return confirm(desk, made["id"], params) if params.get("confirm") else made


def update(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a payment that was not made yet."""
    intent = desk.find("payment_intent", key)
    if intent["status"] not in OPEN and set(params) - {"metadata", "description"}:
        raise unexpected("PaymentIntent", intent["status"], "updated")
    for name in ("amount", "description", "receipt_email", "setup_future_usage", "customer"):
        if name in params:
            intent[name] = params[name]
    changed_metadata(intent, params.get("metadata"))
    _choose(desk, intent, params)
    return intent


def confirm(desk: Desk, key: str, params: Thing) -> Thing:
    """Try the payment: it succeeds, fails, or asks its owner to do something."""
    intent = desk.find("payment_intent", key)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise unexpected("PaymentIntent", intent["status"], "confirmed")
    _choose(desk, intent, params)
    if not intent["payment_method"]:
        raise Refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    intent["_return_url"] = params.get("return_url", intent["_return_url"])
    method = desk.find("payment_method", intent["payment_method"])
    off_session = bool(params.get("off_session"))
    if off_session and method["customer"] is None and method["type"] != "card":
        raise Refused("This payment method was not saved for use off-session.", param="payment_method")
    if _must_ask(method, off_session):
        if off_session:
            raise fail(desk, intent, method, "authentication_required", "authentication_required")
        return _ask(desk, intent, method)
    return settle(desk, intent)


def settle(desk: Desk, intent: Thing) -> Thing:
    """Charge the method; raises Refused when it is declined."""
    method = desk.find("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if method["type"] == "card":
        kind = cards.card(method["_number"])
        if kind.decline:
            raise fail(desk, intent, method, kind.decline, kind.code)
    charge = _charge(desk, intent, method, "succeeded")
    charge["balance_transaction"] = balances.of_charge(desk, charge)["id"]
    intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
    intent["last_payment_error"] = None
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        methods.attach(desk, method, desk.find("customer", intent["customer"]))
        method["_set_up"] = True
    desk.tell("charge.succeeded", charge)
    desk.tell("payment_intent.succeeded", intent)
    if method["type"] == "card" and cards.card(method["_number"]).disputed:
        balances.open_dispute(desk, charge, reason="fraudulent")
    return intent


def fail(desk: Desk, intent: Thing, method: Thing, decline: str, code: str = "card_declined") -> Refused:
    """Note a failed attempt; return the refusal to raise."""
    charge = _charge(desk, intent, method, "failed")
    charge.update(failure_code=code, failure_message=cards.sentence(decline))
    refusal = methods.declined(decline, code, charge=charge["id"], payment_method=methods_shown(method))
    intent.update(status="requires_payment_method", next_action=None, latest_charge=charge["id"])
    intent["last_payment_error"] = dict(refusal.body)
    intent["payment_method"] = None
    desk.tell("charge.failed", charge)
    desk.tell("payment_intent.payment_failed", intent)
    refusal.body["payment_intent"] = intent
    return refusal


def cancel(desk: Desk, key: str, params: Thing) -> Thing:
    """Give a payment up."""
    intent = desk.find("payment_intent", key)
    if intent["status"] not in OPEN:
        raise unexpected("PaymentIntent", intent["status"], "canceled")
    intent.update(status="canceled", canceled_at=desk.clock(), next_action=None)
    intent["cancellation_reason"] = params.get("cancellation_reason")
    desk.tell("payment_intent.canceled", intent)
    return intent


def methods_shown(method: Thing) -> dict[str, Any]:
    """Return a method as an error carries it."""
    return {key: value for key, value in method.items() if not key.startswith("_")}


def _choose(desk: Desk, intent: Thing, params: Thing) -> None:
    chosen = params.get("payment_method")
    if data := params.get("payment_method_data"):
        chosen = methods.create_method(desk, data)["id"]
    if not chosen:
        return
    method = methods.desk_method(desk, chosen)
    if method.get("_gone"):
        raise Refused("This PaymentMethod was detached from its customer and cannot be used again.")
    if method["customer"] not in (None, intent["customer"]):
        raise Refused("The provided PaymentMethod is attached to another customer.", param="payment_method")
    if method["type"] not in intent["payment_method_types"]:
        raise Refused(f"The PaymentMethod type {method['type']} is not allowed here.", param="payment_method")
    intent["payment_method"], intent["status"] = method["id"], "requires_confirmation"


def _must_ask(method: Thing, off_session: bool) -> bool:
    if method["type"] != "card":
        return not off_session
    asks = cards.card(method["_number"]).asks
    return asks == "always" or (asks == "unless_set_up" and not method["_set_up"])


def _ask(desk: Desk, intent: Thing, method: Thing) -> Thing:
    url = f"{desk.base}/authenticate/{intent['id']}"
    back = intent["_return_url"]
    if method["type"] == "wechat_pay":
        image = f"{url}/qr"
        shown = {"data": url, "hosted_instructions_url": url, "image_data_url": image}
        action: Thing = {"type": "wechat_pay_display_qr_code"}
        action["wechat_pay_display_qr_code"] = {**shown, "image_url_png": image, "image_url_svg": image}
    elif method["type"] == "alipay":
        action = {"type": "alipay_handle_redirect", "alipay_handle_redirect": {"url": url, "return_url": back}}
    else:
        action = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": back}}
    intent.update(status="requires_action", next_action=action)
    desk.tell("payment_intent.requires_action", intent)
    return intent


def _charge(desk: Desk, intent: Thing, method: Thing, status: str) -> Thing:
    owner = desk.store.things.get(intent["customer"] or "")
    made = desk.new("ch", "charge", at=desk.now(owner), metadata=dict(intent["metadata"]))
    made.update(
        amount=intent["amount"], amount_captured=intent["amount"] if status == "succeeded" else 0, amount_refunded=0,
        balance_transaction=None, captured=status == "succeeded", currency=intent["currency"], disputed=False,
        customer=intent["customer"], description=intent["description"], failure_code=None, failure_message=None,
        paid=status == "succeeded", payment_intent=intent["id"], payment_method=method["id"], refunded=False,
        payment_method_details={"type": method["type"], method["type"]: dict(method[method["type"]])}, status=status,
        receipt_email=intent["receipt_email"], receipt_url=f"{desk.base}/receipts/{made['id']}", receipt_number=None,
        billing_details=method["billing_details"], calculated_statement_descriptor="GRIDHALL",
    )  # fmt: skip
    return made
