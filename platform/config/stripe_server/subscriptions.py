"""Subscriptions: items, trials, proration, cycles, failed payment, cancelling."""

from __future__ import annotations

from typing import Any

from config.stripe_server import bills, catalogue, meters, prorations, rhythms
from config.stripe_server.refusals import Refused
from config.stripe_server.state import Desk, Thing, changed_metadata, listed

DAY = 86_400
FIRST_PAYMENT_WITHIN = 23 * 3600
TOLD_BEFORE = 3 * DAY
ENDED = ("canceled", "incomplete_expired")


def create(desk: Desk, params: Thing) -> Thing:
    """Subscribe a customer; without a trial the first invoice is paid now."""
    owner = desk.find("customer", params.get("customer"), param="customer")
    now = desk.now(owner)
    wanted = params.get("items") or []
    if not wanted:
        raise Refused("Missing required param: items.", code="parameter_missing", param="items")
    made = desk.new("sub", "subscription", at=now, metadata=params.get("metadata"))
    method = params.get("default_payment_method")
    if method and desk.find("payment_method", method, param="default_payment_method")["customer"] != owner["id"]:
        raise Refused(
            f"The customer does not have a payment method with the ID {method}.", param="default_payment_method"
        )
    trial = _trial_end(params, now)
    made.update(
        customer=owner["id"], status="incomplete", start_date=now, billing_cycle_anchor=trial or now, cancel_at=None,
        cancel_at_period_end=params.get("cancel_at_period_end", False), canceled_at=None, ended_at=None,
        collection_method=params.get("collection_method", "charge_automatically"), default_payment_method=method,
        days_until_due=params.get("days_until_due"), description=params.get("description"), latest_invoice=None,
        trial_start=now if trial else None, trial_end=trial, test_clock=owner.get("test_clock"), currency=None,
        trial_settings=params.get("trial_settings") or {"end_behavior": {"missing_payment_method": "create_invoice"}},
        cancellation_details={"comment": None, "feedback": None, "reason": None}, pause_collection=None, schedule=None,
        billing_mode={"type": "flexible"}, payment_settings=params.get("payment_settings") or {}, discounts=[],
        _coupons=[], _items=[], _told=False,
    )  # fmt: skip
    for given in wanted:
        _add_item(desk, made, given, now)
    _apply(desk, made, params.get("discounts") or [], owner["id"])
    rhythms.set_period(made, now, trial or rhythms.following(made, now, now))
    _refresh(made)
    _begin(desk, made, owner, params)
    desk.tell("customer.subscription.created", made, at=now)
    return made


def _trial_end(params: Thing, now: int) -> int | None:
    end = params.get("trial_end")
    if end == "now":
        return None
    if end is None and params.get("trial_period_days"):
        end = now + params["trial_period_days"] * DAY
    if end is not None and end <= now:
        raise Refused("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
    return end


def _begin(desk: Desk, made: Thing, owner: Thing, params: Thing) -> None:
    invoice = _invoice(desk, made, owner, "subscription_create", in_advance=made["trial_end"] is None)
    if made["trial_end"]:
        bills.line(desk, invoice, amount=0, description="Trial period", period=rhythms.period(made))
        made["status"] = "trialing"
    bills.finalize(desk, invoice["id"], {})
    if made["trial_end"]:
        return
    behaviour = params.get("payment_behavior", "allow_incomplete")
    if invoice["status"] == "paid" or made["collection_method"] == "send_invoice":
        made["status"] = "active"
        return
    if behaviour == "default_incomplete":
        return
    try:
        bills.pay(desk, invoice["id"], {"off_session": params.get("off_session", True)})
        made["status"] = "active"
    except Refused as refusal:
        if behaviour == "error_if_incomplete":
            refusal.kept = False
            raise
        invoice["next_payment_attempt"] = None


def update(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a subscription; changed items are prorated to the second."""
    found = desk.find("subscription", key)
    if found["status"] in ENDED:
        raise Refused("A canceled subscription can only update its cancellation_details and metadata.")
    owner = desk.find("customer", found["customer"])
    now = desk.now(owner)
    changed_metadata(found, params.get("metadata"))
    for name in ("default_payment_method", "description", "cancel_at", "cancel_at_period_end", "pause_collection",
                 "collection_method", "days_until_due", "trial_settings"):  # fmt: skip
        if name in params:
            found[name] = params[name] or (False if name == "cancel_at_period_end" else None)
    if "cancel_at_period_end" in params:
        found["canceled_at"] = now if params["cancel_at_period_end"] else None
    if "discounts" in params:
        found["_coupons"] = []
        _apply(desk, found, params["discounts"] or [], owner["id"])
    if params.get("trial_end"):
        _end_trial(desk, found, owner, params["trial_end"], now)
    if params.get("items"):
        _change_items(desk, found, owner, params, now)
    _refresh(found)
    desk.tell("customer.subscription.updated", found, at=now)
    return found


def _change_items(desk: Desk, found: Thing, owner: Thing, params: Thing, now: int) -> None:
    behaviour = params.get("proration_behavior", "create_prorations")
    at = params.get("proration_date", now)
    before = {item["id"]: dict(item) for item in found["_items"]}
    rhythm = rhythms.interval(found)
    for given in params["items"]:
        _change_item(desk, found, given, now)
    moved = rhythms.interval(found) != rhythm
    if found["status"] != "trialing" and behaviour != "none":
        prorations.prorate(desk, found, before, owner, at)
    if moved:
        found["billing_cycle_anchor"] = now
        rhythms.set_period(found, now, rhythms.following(found, now, now))
    if found["status"] == "trialing" or not (moved or behaviour == "always_invoice"):
        return
    invoice = _invoice(desk, found, owner, "subscription_update", in_advance=moved)
    bills.finalize(desk, invoice["id"], {})
    if invoice["status"] == "open" and found["collection_method"] == "charge_automatically":
        try:
            bills.pay(desk, invoice["id"], {})
        except Refused as refusal:
            if params.get("payment_behavior") == "error_if_incomplete":
                refusal.kept = False
                raise
            found["status"] = "past_due"


def _change_item(desk: Desk, found: Thing, given: Thing, now: int) -> None:
    if "id" not in given:
        _add_item(desk, found, given, now)
        return
    items = [item for item in found["_items"] if item["id"] == given["id"]]
    if not items:
        raise Refused(f"No such subscription_item: '{given['id']}'", code="resource_missing", param="items[0][id]")
    if given.get("deleted"):
        found["_items"].remove(items[0])
        if not found["_items"]:
            raise Refused("A subscription must have at least one active plan.", param="items")
    if given.get("price"):
        items[0]["price"] = items[0]["_price"] = desk.find("price", given["price"], param="items[0][price]")["id"]
    if "quantity" in given:
        items[0]["quantity"] = given["quantity"]
    _one_interval(desk, found)


def _add_item(desk: Desk, found: Thing, given: Thing, now: int) -> None:
    if given.get("price_data"):
        price = catalogue.price_of_data(desk, given["price_data"])
    else:
        price = desk.find("price", given.get("price"), param="items[0][price]")
    if not price["recurring"]:
        raise Refused("The price specified is set to `type=one_time` but this field only accepts recurring prices.")
    if any(item["_price"] == price["id"] for item in found["_items"]):
        raise Refused("Cannot add multiple subscription items with the same price.", param="items")
    quantity = None if catalogue.is_metered(price) else given.get("quantity", 1)
    start, end = rhythms.period(found) if found["_items"] else (now, now)
    made = desk.new("si", "subscription_item", at=now, metadata=given.get("metadata"))
    desk.store.things.pop(made["id"])
    made.update(
        price=price["id"], _price=price["id"], quantity=quantity, subscription=found["id"], discounts=[], tax_rates=[],
        current_period_start=start, current_period_end=end, billing_thresholds=None,
    )  # fmt: skip
    found["_items"].append(made)
    found["currency"] = price["currency"]
    _one_interval(desk, found)


def _one_interval(desk: Desk, found: Thing) -> None:
    prices = [desk.store.things[item["_price"]] for item in found["_items"]]
    rhythms = {(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in prices}
    if len(rhythms) > 1 or len({price["currency"] for price in prices}) > 1:
        raise Refused("All prices of a subscription need the same interval and currency.", param="items")
    found["_rhythm"] = list(rhythms.pop())
    for item, price in zip(found["_items"], prices, strict=True):
        item["price"] = {key: value for key, value in price.items() if not key.startswith("_")}


def cancel(desk: Desk, key: str, params: Thing) -> Thing:
    """End a subscription now."""
    found = desk.find("subscription", key)
    if found["status"] in ENDED:
        raise Refused(f"No such subscription: '{key}'", code="resource_missing", param="id", status=404)
    owner = desk.find("customer", found["customer"])
    now = desk.now(owner)
    if params.get("prorate") and found["status"] != "trialing":
        before = {item["id"]: dict(item) for item in found["_items"]}
        kept, found["_items"] = found["_items"], []
        prorations.prorate(desk, found, before, owner, now)
        found["_items"] = kept
    if params.get("invoice_now"):
        invoice = _invoice(
            desk, found, owner, "subscription_update", in_advance=False, metered=rhythms.period(found)[0]
        )
        bills.finalize(desk, invoice["id"], {})
    found["cancellation_details"].update(params.get("cancellation_details") or {}, reason="cancellation_requested")
    return _end(desk, found, now)


def _end(desk: Desk, found: Thing, now: int) -> Thing:
    found.update(status="canceled", ended_at=now, canceled_at=found["canceled_at"] or now)
    _refresh(found)
    desk.tell("customer.subscription.deleted", found, at=now)
    return found


def _end_trial(desk: Desk, found: Thing, owner: Thing, end: Any, now: int) -> None:
    if end == "now":
        found["trial_end"] = found["billing_cycle_anchor"] = now
        cycle(desk, found, now)
        for invoice in list(desk.all("invoice", _subscription=found["id"], status="draft")):
            collect(desk, invoice)
        return
    found.update(trial_end=end, billing_cycle_anchor=end, status="trialing")
    rhythms.set_period(found, rhythms.period(found)[0], end)


def _apply(desk: Desk, found: Thing, discounts: list[Thing], customer: str) -> None:
    for coupon in catalogue.coupons_named(desk, discounts, customer):
        coupon["times_redeemed"] += 1
        months = coupon["duration_in_months"]
        until = rhythms.shifted(found["billing_cycle_anchor"], months) if months else None
        found["_coupons"].append({"coupon": coupon["id"], "until": until, "used": False})
    found["discounts"] = [each["coupon"] for each in found["_coupons"]]


def cycle(desk: Desk, found: Thing, at: int) -> None:
    """Begin the next period: a draft with the new period in advance and the old period's usage."""
    owner = desk.find("customer", found["customer"])
    ended_trial = found["status"] == "trialing"
    missing = ended_trial and not (
        found["default_payment_method"] or owner["invoice_settings"]["default_payment_method"]
    )
    behaviour = (found["trial_settings"].get("end_behavior") or {}).get("missing_payment_method", "create_invoice")
    if missing and behaviour == "cancel":
        _end(desk, found, at)
        return
    if missing and behaviour == "pause":
        found["status"] = "paused"
        desk.tell("customer.subscription.paused", found, at=at)
        return
    used_from = rhythms.period(found)[0]
    rhythms.set_period(found, at, rhythms.following(found, at, found["billing_cycle_anchor"]))
    invoice = _invoice(desk, found, owner, "subscription_cycle", in_advance=True, metered=used_from, at=at)
    invoice["automatically_finalizes_at"] = at + bills.FINALIZED_AFTER
    if ended_trial:
        found["status"] = "active"
    _refresh(found)
    desk.tell("customer.subscription.updated", found, at=at)


def _invoice(
    desk: Desk, found: Thing, owner: Thing, reason: str, *, in_advance: bool, metered: int | None = None, at: int = 0
) -> Thing:
    params = {"collection_method": found["collection_method"], "days_until_due": found["days_until_due"] or 30}
    made = bills.draft(desk, owner, currency=found["currency"], reason=reason, params=params, subscription=found)
    if metered is not None:
        _put_metered(desk, made, found, metered, at or desk.now(owner))
    if in_advance:
        put_licensed(desk, made, found)
    bills.take_items(desk, made)
    if bills.summed(desk, made)["subtotal"] > 0:
        made["_coupons"] = _coupons_now(desk, found, made["created"])
    found["latest_invoice"] = made["id"]
    return bills.summed(desk, made)


def put_licensed(desk: Desk, invoice: Thing, found: Thing) -> None:
    """Put a line for the present period of each item that has a quantity."""
    for item, price, name in _priced(desk, found):
        if not catalogue.is_metered(price):
            amount = catalogue.amount(price, item["quantity"])
            facts = {"quantity": item["quantity"], **_named(found, item, price)}
            title = f"{item['quantity']} × {name}"
            bills.line(desk, invoice, amount=amount, description=title, period=rhythms.period(found), **facts)


def _put_metered(desk: Desk, invoice: Thing, found: Thing, start: int, end: int) -> None:
    for item, price, name in _priced(desk, found):
        if catalogue.is_metered(price):
            count = meters.used(desk, price["recurring"]["meter"], found["customer"], start, end)
            facts = {"quantity": int(count), **_named(found, item, price)}
            amount = catalogue.amount(price, count)
            bills.line(desk, invoice, amount=amount, description=f"{count} × {name}", period=(start, end), **facts)


def _priced(desk: Desk, found: Thing) -> list[tuple[Thing, Thing, str]]:
    pairs = [(item, desk.store.things[item["_price"]]) for item in found["_items"]]
    return [(item, price, desk.store.things[price["product"]]["name"]) for item, price in pairs]


def _named(found: Thing, item: Thing, price: Thing) -> Thing:
    details = {"subscription": found["id"], "subscription_item": item["id"], "proration": False}
    return {
        "pricing": {"type": "price_details", "price_details": {"price": price["id"], "product": price["product"]}},
        "parent": {"type": "subscription_item_details", "subscription_item_details": details},
    }


def _coupons_now(desk: Desk, found: Thing, now: int) -> list[str]:
    named = []
    for each in found["_coupons"]:
        coupon = desk.store.things[each["coupon"]]
        over = (each["until"] and now >= each["until"]) or (coupon["duration"] == "once" and each["used"])
        if not over:
            each["used"] = True
            named.append(coupon["id"])
    return named


def collect(desk: Desk, invoice: Thing) -> None:
    """Finalize a draft or try an open invoice again; the subscription follows."""
    found = desk.store.things.get(invoice["_subscription"] or "")
    if invoice["status"] == "draft":
        bills.finalize(desk, invoice["id"], {})
    if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        try:
            bills.pay(desk, invoice["id"], {})
        except Refused:
            _follow_failure(desk, invoice, found)
            return
    if found and found["status"] in ("past_due", "unpaid") and invoice["status"] == "paid":
        desk.store.touch(found)["status"] = "active"
        desk.tell("customer.subscription.updated", found, at=desk.now(found))


def _follow_failure(desk: Desk, invoice: Thing, found: Thing | None) -> None:
    if found is None or found["status"] in ENDED:
        return
    desk.store.touch(found)
    if invoice["next_payment_attempt"] is None:
        found["cancellation_details"]["reason"] = "payment_failed"
        _end(desk, found, desk.now(found))
    elif found["status"] != "past_due":
        found["status"] = "past_due"
        desk.tell("customer.subscription.updated", found, at=desk.now(found))


def due(desk: Desk, found: Thing) -> int | None:
    """Return when something happens next to a subscription."""
    if found["status"] in (*ENDED, "paused"):
        return None
    if found["status"] == "incomplete":
        return int(found["created"]) + FIRST_PAYMENT_WITHIN
    moments = [rhythms.period(found)[1]]
    if found["cancel_at"]:
        moments.append(found["cancel_at"])
    if found["status"] == "trialing" and not found["_told"]:
        moments.append(max(found["trial_end"] - TOLD_BEFORE, found["created"]))
    return min(moments)


def happen(desk: Desk, found: Thing, at: int) -> None:
    """Do what is due at ``at``: tell of the trial's end, give up, cancel, or begin the next period."""
    desk.store.touch(found)
    if found["status"] == "incomplete":
        _never_begun(desk, found, at)
    elif found["cancel_at"] and at >= found["cancel_at"]:
        _end(desk, found, at)
    elif at >= rhythms.period(found)[1]:
        if found["cancel_at_period_end"]:
            _end(desk, found, at)
        else:
            cycle(desk, found, at)
    else:
        found["_told"] = True
        desk.tell("customer.subscription.trial_will_end", found, at=at)


def _never_begun(desk: Desk, found: Thing, at: int) -> None:
    """Give a subscription up whose first invoice nobody paid in time; the invoice is void."""
    found.update(status="incomplete_expired", ended_at=at)
    invoice = desk.store.things[found["latest_invoice"]]
    if invoice["status"] == "open":
        bills.void(desk, invoice["id"], {})
    desk.tell("customer.subscription.updated", found, at=at)


def paid_after_all(desk: Desk, invoice: Thing) -> None:
    """Let the subscription follow an invoice that its customer paid himself."""
    found = desk.store.things.get(invoice["_subscription"] or "")
    if found and found["status"] in ("incomplete", "past_due", "unpaid"):
        desk.store.touch(found)["status"] = "active"
        desk.tell("customer.subscription.updated", found, at=desk.now(found))


def _refresh(found: Thing) -> None:
    found["items"] = listed(found["_items"], f"/v1/subscription_items?subscription={found['id']}")
