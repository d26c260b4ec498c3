"""Checkout sessions: payment, setup and subscription, each with a hosted page."""

from __future__ import annotations

from typing import Any

from config.stripe_server import catalogue, intents, methods, subscriptions
from config.stripe_server.refusals import Refused, unexpected
from config.stripe_server.state import Desk, Thing, changed_metadata

EXPIRES = 24 * 3600
SOONEST = 30 * 60
PLACE = "{CHECKOUT_SESSION_ID}"


def create(desk: Desk, params: Thing) -> Thing:
    """Open a session with its page."""
    mode = params.get("mode")
    if mode is None:
        raise Refused("Missing required param: mode.", code="parameter_missing", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise Refused("Only hosted pages are served here.", param="ui_mode")
    if not params.get("success_url"):
        raise Refused("Missing required param: success_url.", code="parameter_missing", param="success_url")
    _refuse_foreign_data(mode, params)
    lines = [_line(desk, each, n) for n, each in enumerate(params.get("line_items", []))]
    _check_lines(mode, lines)
    currency = lines[0]["currency"] if lines else params.get("currency", "usd").lower()
    kinds = params.get("allowed_payment_method_types") or ["card"]
    _check_kinds(kinds, mode, currency, params)
    if params.get("customer"):
        desk.find("customer", params["customer"], param="customer")
    made = desk.new("cs_test", "checkout.session", metadata=params.get("metadata"))
    total = sum(line["amount_total"] for line in lines)
    discounts = catalogue.coupons_named(desk, params.get("discounts", []), params.get("customer"))
    off = catalogue.off(total, discounts) if total else 0
    made.update(
        mode=mode, status="open", payment_status="no_payment_required" if mode == "setup" else "unpaid",
        amount_subtotal=total if lines else None, amount_total=total - off if lines else None, currency=currency,
        customer=params.get("customer"), customer_email=params.get("customer_email"), payment_intent=None,
        setup_intent=None, subscription=None, invoice=None, client_reference_id=params.get("client_reference_id"),
        success_url=params["success_url"], cancel_url=params.get("cancel_url"), payment_method_types=kinds,
        url=f"{desk.base}/pay/{made['id']}", expires_at=params.get("expires_at", made["created"] + EXPIRES),
        locale=params.get("locale"), ui_mode="hosted_page", allow_promotion_codes=params.get("allow_promotion_codes"),
        total_details={"amount_discount": off, "amount_shipping": 0, "amount_tax": 0}, _lines=lines, _params=params,
        _coupons=[coupon["id"] for coupon in discounts], _failed="",
    )  # fmt: skip
    if not SOONEST <= made["expires_at"] - made["created"] <= EXPIRES:
        raise Refused("`expires_at` must be between 30 minutes and 24 hours from now.", param="expires_at")
    return made


def _refuse_foreign_data(mode: str, params: Thing) -> None:
    for name, its in (
        ("payment_intent_data", "payment"),
        ("setup_intent_data", "setup"),
        ("subscription_data", "subscription"),
    ):
        if name in params and mode != its:
            raise Refused(f"You can not pass `{name}` in `{mode}` mode.", param=name)


def _check_lines(mode: str, lines: list[Thing]) -> None:
    if mode == "setup" and lines:
        raise Refused("You can not pass `line_items` in `setup` mode.", param="line_items")
    if mode != "setup" and not lines:
        raise Refused(f"`line_items` is required in `{mode}` mode.", code="parameter_missing", param="line_items")
    if len({line["currency"] for line in lines}) > 1:
        raise Refused("All line items must have the same currency.", param="line_items")
    recurring = any(line["_price"]["recurring"] for line in lines)
    if mode == "subscription" and not recurring:
        raise Refused("You must provide at least one recurring price in `subscription` mode.", param="line_items")
    if mode == "payment" and recurring:
        raise Refused("You specified `payment` mode but passed a recurring price.", param="line_items")


def _check_kinds(kinds: list[str], mode: str, currency: str, params: Thing) -> None:
    for kind in kinds:
        if kind not in methods.KINDS:
            raise Refused(f"The payment method type {kind} is not served here.", param="allowed_payment_method_types")
        if mode != "payment" and kind not in methods.REUSABLE:
            raise Refused(f"{kind} cannot be used in {mode} mode.", param="allowed_payment_method_types")
        if kind in intents.CURRENCIES_OF and currency not in intents.CURRENCIES_OF[kind]:
            raise Refused(f"{kind} does not take {currency}.", param="allowed_payment_method_types")
    client = (params.get("payment_method_options") or {}).get("wechat_pay", {}).get("client")
    if "wechat_pay" in kinds and client != "web":
        message = "payment_method_options[wechat_pay][client] must be `web` with wechat_pay in Checkout."
        raise Refused(message, code="parameter_missing", param="payment_method_options[wechat_pay][client]")


def _line(desk: Desk, given: Thing, position: int) -> Thing:
    if "price_data" in given:
        price = catalogue.price_of_data(desk, given["price_data"])
    elif "price" in given:
        price = desk.find("price", given["price"], param=f"line_items[{position}][price]")
    else:
        raise Refused("A line item needs `price` or `price_data`.", param=f"line_items[{position}]")
    quantity = given.get("quantity", 1)
    product = desk.store.things[price["product"]]
    amount = 0 if catalogue.is_metered(price) else catalogue.amount(price, quantity)
    return {
        "id": f"li_{position}", "object": "item", "currency": price["currency"], "quantity": quantity,
        "amount_subtotal": amount, "amount_total": amount, "description": product["name"], "_price": price,
        "price": price["id"],
    }  # fmt: skip


def lines(desk: Desk, key: str, params: Thing) -> Thing:
    """Return the lines of a session."""
    found = desk.find("checkout.session", key)["_lines"]
    rows = [{**line, "price": line["_price"]} for line in found]
    return {"object": "list", "data": rows, "has_more": False, "url": f"/v1/checkout/sessions/{key}/line_items"}


def update(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a session's metadata."""
    found = desk.find("checkout.session", key)
    changed_metadata(found, params.get("metadata"))
    return found


def expire(desk: Desk, key: str, params: Thing) -> Thing:
    """Close a session that nobody paid."""
    session = desk.find("checkout.session", key)
    if session["status"] != "open":
        raise unexpected("Checkout Session", session["status"], "expired")
    session.update(status="expired", url=None)
    if session["payment_intent"]:
        intent = desk.find("payment_intent", session["payment_intent"])
        if intent["status"] in intents.OPEN:
            intents.cancel(desk, intent["id"], {"cancellation_reason": "expired"})
    desk.tell("checkout.session.expired", session)
    return session


def sweep(desk: Desk) -> None:
    """Expire every session whose time is over."""
    for session in list(desk.all("checkout.session", status="open")):
        if session["expires_at"] <= desk.clock():
            expire(desk, session["id"], {})


def submit(desk: Desk, session: Thing, method: Thing, *, keep: bool = False) -> str:
    """Pay, keep or subscribe with a method; return where the person goes next."""
    if session["status"] != "open" or session["expires_at"] <= desk.clock():
        raise unexpected("Checkout Session", session["status"], "paid")
    session["_failed"] = ""
    if session["mode"] == "setup":
        return _set_up(desk, session, method)
    if session["mode"] == "subscription":
        return _subscribe(desk, session, method)
    return _pay(desk, session, method, keep)


def _customer(desk: Desk, session: Thing) -> Any:
    if session["customer"] is None and (session["mode"] != "payment" or _wants_customer(session)):
        made = methods.create_customer(desk, {"email": session["customer_email"]})
        session["customer"] = made["id"]
    return session["customer"]


def _wants_customer(session: Thing) -> bool:
    return session["_params"].get("customer_creation") == "always"


def _pay(desk: Desk, session: Thing, method: Thing, keep: bool) -> str:
    data = session["_params"].get("payment_intent_data", {})
    if session["payment_intent"] is None:
        wanted = {
            "amount": session["amount_total"], "currency": session["currency"], "metadata": data.get("metadata"),
            "allowed_payment_method_types": session["payment_method_types"], "description": data.get("description"),
            "receipt_email": data.get("receipt_email"), "setup_future_usage": data.get("setup_future_usage"),
            "application_fee_amount": data.get("application_fee_amount"),
        }  # fmt: skip
        if customer := _customer(desk, session):
            wanted["customer"] = customer
        session["payment_intent"] = intents.create(desk, {k: v for k, v in wanted.items() if v is not None})["id"]
    intent = desk.find("payment_intent", session["payment_intent"])
    if keep and method["type"] in methods.REUSABLE and intent["customer"]:
        intent["setup_future_usage"] = intent["setup_future_usage"] or "off_session"
    back = f"{desk.base}/pay/{session['id']}/back"
    done = intents.confirm(desk, intent["id"], {"payment_method": method["id"], "return_url": back})
    if done["status"] == "requires_action":
        return f"{desk.base}/authenticate/{intent['id']}"
    return complete(desk, session)


def _set_up(desk: Desk, session: Thing, method: Thing) -> str:
    data = session["_params"].get("setup_intent_data", {})
    if session["setup_intent"] is None:
        wanted = {
            "customer": _customer(desk, session), "metadata": data.get("metadata"), "usage": "off_session",
            "description": data.get("description"), "allowed_payment_method_types": session["payment_method_types"],
        }  # fmt: skip
        session["setup_intent"] = methods.create_setup(desk, {k: v for k, v in wanted.items() if v is not None})["id"]
    back = f"{desk.base}/pay/{session['id']}/back"
    given = {"payment_method": method["id"], "return_url": back}
    done = methods.confirm_setup(desk, session["setup_intent"], given)
    if done["status"] == "requires_action":
        return f"{desk.base}/authenticate/{done['id']}"
    return complete(desk, session)


def _subscribe(desk: Desk, session: Thing, method: Thing) -> str:
    customer = desk.find("customer", _customer(desk, session))
    methods.attach(desk, method, customer)
    data = session["_params"].get("subscription_data", {})
    items = [{"price": line["price"], "quantity": line["quantity"]} for line in session["_lines"]]
    wanted = {
        "customer": customer["id"], "items": items, "default_payment_method": method["id"],
        "metadata": data.get("metadata"), "trial_period_days": data.get("trial_period_days"),
        "trial_end": data.get("trial_end"), "description": data.get("description"),
        "discounts": [{"coupon": key} for key in session["_coupons"]], "payment_behavior": "error_if_incomplete",
    }  # fmt: skip
    made = subscriptions.create(desk, {k: v for k, v in wanted.items() if v is not None})
    session.update(subscription=made["id"], invoice=made["latest_invoice"])
    return complete(desk, session)


def complete(desk: Desk, session: Thing) -> str:
    """Close a session that was gone through; return where its person goes."""
    if session["status"] == "open":
        session.update(status="complete", url=None)
        if session["mode"] != "setup":
            session["payment_status"] = "paid" if session["amount_total"] else "no_payment_required"
        session["customer_details"] = {"email": session["customer_email"], "name": None, "phone": None, "address": None}
        for key in session["_coupons"]:
            desk.find("coupon", key)["times_redeemed"] += 1
        desk.tell("checkout.session.completed", session)
    return str(session["success_url"]).replace(PLACE, session["id"])


def back(desk: Desk, session: Thing) -> str:
    """Return where a person goes who comes back from authentication."""
    if session["mode"] == "setup":
        done = desk.find("setup_intent", session["setup_intent"])
    else:
        done = desk.find("payment_intent", session["payment_intent"])
    if done["status"] == "succeeded":
        return complete(desk, session)
    error = done.get("last_payment_error") or done.get("last_setup_error") or {}
    session["_failed"] = error.get("message", "The payment was not authorised.")
    return f"{desk.base}/pay/{session['id']}"
