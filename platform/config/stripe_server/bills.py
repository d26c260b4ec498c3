"""Invoices and their items: draft, open, paid, failed, void."""

from __future__ import annotations

from typing import Any

from config.stripe_server import catalogue, intents
from config.stripe_server.refusals import Refused, unexpected
from config.stripe_server.state import Desk, Thing, changed_metadata, listed

RETRIES = (3, 5, 7)
"""Days after each failed attempt before the next."""
DAY = 86_400
FINALIZED_AFTER = 3600


def create_item(desk: Desk, params: Thing) -> Thing:
    """Put an amount aside for the customer's next invoice, or on a draft."""
    owner = desk.find("customer", params.get("customer"), param="customer")
    price = None
    if params.get("price_data"):
        price = catalogue.price_of_data(desk, params["price_data"])
    elif (params.get("pricing") or {}).get("price"):
        price = desk.find("price", params["pricing"]["price"], param="pricing[price]")
    quantity = params.get("quantity", 1)
    if price is None and "amount" not in params:
        raise Refused("Must provide either amount or pricing[price].", param="amount")
    amount = catalogue.amount(price, quantity) if price else params["amount"]
    now = desk.now(owner)
    invoice = params.get("invoice")
    if invoice and desk.find("invoice", invoice, param="invoice")["status"] != "draft":
        raise Refused("This invoice is no longer editable.", code="invoice_not_editable", param="invoice")
    made = desk.new("ii", "invoiceitem", at=now, metadata=params.get("metadata"))
    made.update(
        amount=amount, currency=(price or params).get("currency", "usd").lower(), customer=owner["id"], date=now,
        description=params.get("description") or (desk.store.things[price["product"]]["name"] if price else None),
        discountable=params.get("discountable", amount > 0), invoice=invoice, period=params.get("period") or
        {"start": now, "end": now}, proration=False, quantity=quantity, subscription=params.get("subscription"),
        _price=price["id"] if price else None, parent=None,
    )  # fmt: skip
    if invoice:
        summed(desk, desk.find("invoice", invoice))
    desk.tell("invoiceitem.created", made, at=now)
    return made


def delete_item(desk: Desk, key: str, params: Thing) -> Thing:
    """Take an item away that is on no finished invoice."""
    found = desk.find("invoiceitem", key)
    if found["invoice"] and desk.find("invoice", found["invoice"])["status"] != "draft":
        raise Refused("Invoice item is on a finalized invoice.", code="invoice_not_editable")
    desk.store.drop(found)
    if found["invoice"]:
        summed(desk, desk.find("invoice", found["invoice"]))
    return {"id": key, "object": "invoiceitem", "deleted": True}


def create(desk: Desk, params: Thing) -> Thing:
    """Make a draft; with the customer's waiting items where ``pending_invoice_items_behavior`` is include."""
    owner = desk.find("customer", params.get("customer"), param="customer")
    made = draft(desk, owner, currency=params.get("currency", ""), reason="manual", params=params)
    if params.get("pending_invoice_items_behavior") == "include":
        take_items(desk, made)
    return summed(desk, made)


def draft(desk: Desk, owner: Thing, *, currency: str, reason: str, params: Thing, subscription: Any = None) -> Thing:
    """Make an empty draft."""
    now = desk.now(owner)
    made = desk.new("in", "invoice", at=now, metadata=params.get("metadata"))
    made.update(
        customer=owner["id"], customer_email=owner["email"], customer_name=owner["name"], status="draft", number=None,
        currency=(currency or owner["currency"] or "usd").lower(), billing_reason=reason, attempt_count=0,
        auto_advance=params.get("auto_advance", reason != "manual"), attempted=False, amount_paid=0, amount_due=0,
        amount_remaining=0, subtotal=0, total=0, total_discount_amounts=[], starting_balance=0, ending_balance=None,
        collection_method=params.get("collection_method", "charge_automatically"), due_date=params.get("due_date"),
        description=params.get("description"), default_payment_method=params.get("default_payment_method"),
        discounts=[], hosted_invoice_url=None, invoice_pdf=None, next_payment_attempt=None, period_start=now,
        period_end=now, test_clock=owner.get("test_clock"), status_transitions={"finalized_at": None, "paid_at": None,
        "voided_at": None, "marked_uncollectible_at": None}, automatically_finalizes_at=None, footer=None,
        payments={"object": "list", "data": [], "has_more": False}, last_finalization_error=None, _lines=[],
        parent={"type": "subscription_details", "quote_details": None, "subscription_details":
                {"subscription": subscription["id"], "metadata": subscription["metadata"]}} if subscription else None,
        _coupons=[c["id"] for c in catalogue.coupons_named(desk, params.get("discounts") or [], owner["id"])],
        _subscription=subscription["id"] if subscription else None, _intent=None,
    )  # fmt: skip
    if made["collection_method"] == "send_invoice" and not made["due_date"]:
        made["due_date"] = now + params.get("days_until_due", 30) * DAY
    desk.tell("invoice.created", summed(desk, made), at=now)
    return made


def line(desk: Desk, invoice: Thing, *, amount: int, description: Any, period: tuple[int, int], **facts: Any) -> Thing:
    """Put a line on a draft."""
    made = {
        "id": f"il_{invoice['id'][3:]}{len(invoice['_lines'])}", "object": "line_item", "amount": amount,
        "subtotal": amount, "currency": invoice["currency"], "description": description, "discountable": True,
        "discount_amounts": [], "invoice": invoice["id"], "livemode": False, "metadata": {}, "quantity": 1,
        "period": {"start": period[0], "end": period[1]}, "pricing": None, "parent": None, **facts,
    }  # fmt: skip
    invoice["_lines"].append(made)
    return made


def take_items(desk: Desk, invoice: Thing) -> None:
    """Put the customer's waiting items on a draft."""
    for item in reversed(list(desk.all("invoiceitem", customer=invoice["customer"], invoice=None))):
        if item["currency"] == invoice["currency"]:
            desk.store.touch(item)["invoice"] = invoice["id"]


def summed(desk: Desk, invoice: Thing) -> Thing:
    """Bring lines, discounts and totals of a draft up to date."""
    items = [
        item for item in desk.store.things.values() if item["object"] == "invoiceitem" and not item.get("_dropped")
    ]
    own = [item for item in items if item["invoice"] == invoice["id"]]
    lines = [*invoice["_lines"], *(_item_line(item) for item in own)]
    subtotal = sum(each["amount"] for each in lines)
    coupons = [desk.store.things[key] for key in invoice["_coupons"]]
    off = catalogue.off(subtotal, coupons) if subtotal > 0 else 0
    invoice["lines"] = listed(lines, f"/v1/invoices/{invoice['id']}/lines")
    invoice["discounts"] = list(invoice["_coupons"])
    invoice["total_discount_amounts"] = [{"amount": off, "discount": coupons[0]["id"]}] if off else []
    invoice["subtotal"] = invoice["subtotal_excluding_tax"] = subtotal
    invoice["total"] = invoice["total_excluding_tax"] = subtotal - off
    balance = desk.store.things[invoice["customer"]]["balance"]
    invoice["starting_balance"] = balance
    invoice["amount_due"] = max(0, invoice["total"] + balance) if invoice["total"] > 0 else 0
    invoice["amount_remaining"] = invoice["amount_due"]
    return invoice


def _item_line(item: Thing) -> Thing:
    parent = {"type": "invoice_item_details", "invoice_item_details": {"invoice_item": item["id"],
              "proration": item["proration"], "subscription": item["subscription"]}}  # fmt: skip
    return {
        "id": f"il_{item['id'][3:]}", "object": "line_item", "amount": item["amount"], "subtotal": item["amount"],
        "currency": item["currency"], "description": item["description"], "period": item["period"], "parent": parent,
        "quantity": item["quantity"], "metadata": item["metadata"], "invoice": item["invoice"], "livemode": False,
        "discountable": item["discountable"], "discount_amounts": [],
        "pricing": {"type": "price_details", "price_details": {"price": item["_price"]}} if item["_price"] else None,
    }  # fmt: skip


def finalize(desk: Desk, key: str, params: Thing) -> Thing:
    """Close a draft: it gets its number and is open, or paid when nothing is due."""
    invoice = desk.find("invoice", key)
    if invoice["status"] != "draft":
        raise unexpected("Invoice", invoice["status"], "finalized")
    owner = desk.find("customer", invoice["customer"])
    now = desk.now(owner)
    summed(desk, invoice)
    owner["_sequence"] = owner.get("_sequence", 0) + 1
    invoice.update(
        status="open", number=f"{owner['invoice_prefix']}-{owner['_sequence']:04}",
        hosted_invoice_url=f"{desk.base}/invoices/{key}", invoice_pdf=f"{desk.base}/invoices/{key}/pdf",
        automatically_finalizes_at=None,
    )  # fmt: skip
    invoice["status_transitions"]["finalized_at"] = now
    _use_balance(invoice, owner)
    desk.tell("invoice.finalized", invoice, at=now)
    if invoice["amount_due"] == 0:
        return _paid(desk, invoice, now)
    return invoice


def _use_balance(invoice: Thing, owner: Thing) -> None:
    """Set the customer's credit off against the invoice; what an invoice gives back becomes credit."""
    before = owner["balance"]
    if invoice["total"] < 0:
        owner["balance"] += invoice["total"]
    elif before < 0:
        owner["balance"] += min(-before, invoice["total"])
    elif before > 0:
        owner["balance"] = 0
    invoice["ending_balance"] = owner["balance"]


def pay(desk: Desk, key: str, params: Thing) -> Thing:
    """Charge the customer's method; raises Refused when it is declined."""
    invoice = desk.find("invoice", key)
    if invoice["status"] == "draft":
        finalize(desk, key, {})
    if invoice["status"] == "paid":
        raise Refused("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] != "open":
        raise unexpected("Invoice", invoice["status"], "paid")
    owner = desk.find("customer", invoice["customer"])
    if params.get("paid_out_of_band"):
        return _paid(desk, invoice, desk.now(owner))
    method = params.get("payment_method") or _method(desk, invoice, owner)
    now = desk.now(owner)
    invoice["attempted"], invoice["attempt_count"] = True, invoice["attempt_count"] + 1
    if not method:
        _failed(desk, invoice, owner, now)
        message = "This customer has no attached payment source or default payment method."
        raise Refused(message, code="resource_missing", kept=True)
    try:
        intent = intents.create(desk, {
            "amount": invoice["amount_remaining"], "currency": invoice["currency"], "customer": owner["id"],
            "payment_method": method, "confirm": True, "off_session": params.get("off_session", True),
            "metadata": {}, "description": f"Invoice {invoice['number']}", "allowed_payment_method_types": ["card", "alipay"]
            if invoice["currency"] in intents.CURRENCIES_OF["alipay"] else ["card"],
        })  # fmt: skip
    except Refused as refusal:
        _failed(desk, invoice, owner, now)
        refusal.kept = True
        raise
    invoice["_intent"] = intent["id"]
    invoice["payments"]["data"].append({
        "id": f"inpay_{intent['id'][3:]}", "object": "invoice_payment", "amount_paid": invoice["amount_remaining"],
        "amount_requested": invoice["amount_remaining"], "created": now, "currency": invoice["currency"],
        "invoice": key, "is_default": True, "livemode": False, "status": "paid",
        "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
    })  # fmt: skip
    return _paid(desk, invoice, now)


def _method(desk: Desk, invoice: Thing, owner: Thing) -> Any:
    subscription = desk.store.things.get(invoice["_subscription"] or "", {})
    default = owner["invoice_settings"]["default_payment_method"]
    return invoice["default_payment_method"] or subscription.get("default_payment_method") or default


def _failed(desk: Desk, invoice: Thing, owner: Thing, now: int) -> None:
    count = invoice["attempt_count"]
    again = RETRIES[count - 1] if 0 < count <= len(RETRIES) and invoice["auto_advance"] else None
    invoice["next_payment_attempt"] = now + again * DAY if again else None
    owner["delinquent"] = True
    desk.tell("invoice.payment_failed", invoice, at=now)


def _paid(desk: Desk, invoice: Thing, now: int) -> Thing:
    invoice.update(
        status="paid", amount_paid=invoice["amount_due"], amount_remaining=0, next_payment_attempt=None, attempted=True
    )
    invoice["status_transitions"]["paid_at"] = now
    owner = desk.find("customer", invoice["customer"])
    owner["delinquent"], owner["currency"] = False, invoice["currency"]
    desk.tell("invoice.paid", invoice, at=now)
    desk.tell("invoice.payment_succeeded", invoice, at=now)
    return invoice


def void(desk: Desk, key: str, params: Thing) -> Thing:
    """Declare an open invoice for nothing."""
    return _close(desk, key, "void", "voided_at", "invoice.voided")


def give_up(desk: Desk, key: str, params: Thing) -> Thing:
    """Mark an open invoice as one that will not be paid."""
    return _close(desk, key, "uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible")


def _close(desk: Desk, key: str, status: str, moment: str, event: str) -> Thing:
    invoice = desk.find("invoice", key)
    if invoice["status"] != "open":
        raise unexpected("Invoice", invoice["status"], "changed")
    invoice.update(status=status, next_payment_attempt=None)
    invoice["status_transitions"][moment] = desk.now(desk.store.things[invoice["customer"]])
    desk.tell(event, invoice)
    return invoice


def update(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a draft; of a finished invoice only its metadata."""
    invoice = desk.find("invoice", key)
    if invoice["status"] != "draft" and set(params) - {"metadata", "auto_advance", "description"}:
        raise Refused("Finalized invoices can't be updated in this way", code="invoice_not_editable")
    for name in ("description", "footer", "due_date", "default_payment_method", "auto_advance"):
        if name in params:
            invoice[name] = params[name]
    changed_metadata(invoice, params.get("metadata"))
    desk.tell("invoice.updated", invoice)
    return invoice


def delete(desk: Desk, key: str, params: Thing) -> Thing:
    """Throw a draft away."""
    invoice = desk.find("invoice", key)
    if invoice["status"] != "draft":
        raise unexpected("Invoice", invoice["status"], "deleted")
    desk.store.drop(invoice)
    return {"id": key, "object": "invoice", "deleted": True}


def send(desk: Desk, key: str, params: Thing) -> Thing:
    """Send an invoice to its customer."""
    invoice = desk.find("invoice", key)
    if invoice["status"] == "draft":
        finalize(desk, key, {})
    desk.tell("invoice.sent", invoice)
    return invoice
