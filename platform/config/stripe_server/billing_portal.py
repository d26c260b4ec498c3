"""Billing portal sessions, and previews of what an invoice would be."""

from __future__ import annotations

import copy

from config.stripe_server import bills, subscriptions
from config.stripe_server.refusals import Refused
from config.stripe_server.state import Desk, Thing, shown


def create(desk: Desk, params: Thing) -> Thing:
    """Open a page on which a customer looks after subscriptions, invoices and payment methods."""
    owner = desk.find("customer", params.get("customer"), param="customer")
    made = desk.new("bps", "billing_portal.session")
    made.update(
        customer=owner["id"], return_url=params.get("return_url"), url=f"{desk.base}/portal/{made['id']}",
        configuration="bpc_default", flow=params.get("flow_data"), locale=params.get("locale"),
    )  # fmt: skip
    return made


def preview(desk: Desk, params: Thing) -> Thing:
    """Return the invoice that a change would bring, and undo everything it took to know."""
    if not params.get("subscription"):
        raise Refused("Only previews of a subscription's change are served here.", param="subscription")
    desk.store.commit()
    try:
        found = desk.find("subscription", params["subscription"])
        details = params.get("subscription_details") or {}
        given = {name: details[name] for name in ("items", "proration_behavior", "proration_date") if name in details}
        given.setdefault("proration_behavior", "create_prorations")
        subscriptions.update(desk, found["id"], given)
        owner = desk.find("customer", found["customer"])
        made = bills.draft(desk, owner, currency=found["currency"], reason="upcoming", params={}, subscription=found)
        bills.take_items(desk, made)
        if given["proration_behavior"] != "always_invoice":
            _next_period(desk, made, found)
        answer: Thing = copy.deepcopy(shown(bills.summed(desk, made)))
        answer["id"] = f"upcoming_{answer['id']}"
        return answer
    finally:
        desk.store.undo()


def _next_period(desk: Desk, invoice: Thing, found: Thing) -> None:
    subscriptions.put_licensed(desk, invoice, found)
