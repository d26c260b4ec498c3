"""What a change in the middle of a period gives back and charges."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from config.stripe_server import bills, catalogue, rhythms
from config.stripe_server.state import Desk, Thing


def prorate(desk: Desk, found: Thing, before: dict[str, Thing], owner: Thing, at: int) -> None:
    """Give back the rest of what changed and charge the rest of what it became, to the second."""
    start, end = rhythms.period(found)
    share = Decimal(max(0, end - at)) / Decimal(end - start)
    after = {item["id"]: item for item in found["_items"]}
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old and new and (old["_price"], old["quantity"]) == (new["_price"], new["quantity"]):
            continue
        for item, sign, word in ((old, -1, "Unused time on"), (new, 1, "Remaining time on")):
            price = desk.store.things[item["_price"]] if item else None
            if item is None or price is None or catalogue.is_metered(price):
                continue
            amount = catalogue.rounded(Decimal(catalogue.amount(price, item["quantity"])) * share)
            name = desk.store.things[price["product"]]["name"]
            made = bills.create_item(desk, {
                "customer": owner["id"], "amount": sign * amount, "currency": price["currency"],
                "description": f"{word} {name} after {dt.datetime.fromtimestamp(at, dt.UTC):%d %b %Y}",
                "subscription": found["id"], "period": {"start": at, "end": end}, "discountable": False,
            })  # fmt: skip
            made.update(proration=True, _price=price["id"], quantity=item["quantity"])
