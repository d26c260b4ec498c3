"""Meters that count usage, their events and test clocks' time."""

from __future__ import annotations

import secrets
from decimal import Decimal, InvalidOperation

from config.stripe_server.refusals import Refused
from config.stripe_server.state import Desk, Thing

DAY = 86_400
OLDEST = 35 * DAY
AHEAD = 5 * 60


def create(desk: Desk, params: Thing) -> Thing:
    """Make a meter; no two active ones count the same event."""
    if any(True for _ in desk.all("billing.meter", event_name=params["event_name"], status="active")):
        raise Refused(f"There is already an active meter for {params['event_name']}.", param="event_name")
    made = desk.new("mtr_test", "billing.meter")
    made.update(
        display_name=params["display_name"], event_name=params["event_name"], status="active", event_time_window=None,
        default_aggregation=params["default_aggregation"], updated=made["created"],
        customer_mapping=params.get("customer_mapping") or {"type": "by_id", "event_payload_key": "stripe_customer_id"},
        value_settings=params.get("value_settings") or {"event_payload_key": "value"},
        status_transitions={"deactivated_at": None},
    )  # fmt: skip
    return made


def update(desk: Desk, key: str, params: Thing) -> Thing:
    """Change a meter's name."""
    found = desk.find("billing.meter", key)
    found["display_name"] = params.get("display_name", found["display_name"])
    return found


def switch(desk: Desk, key: str, *, on: bool) -> Thing:
    """Switch a meter on or off."""
    found = desk.find("billing.meter", key)
    found["status"] = "active" if on else "inactive"
    found["status_transitions"]["deactivated_at"] = None if on else desk.clock()
    return found


def record(desk: Desk, params: Thing) -> Thing:
    """Count an event once: the same identifier again is refused."""
    meter = next(iter(desk.all("billing.meter", event_name=params["event_name"], status="active")), None)
    if meter is None:
        raise Refused(f"No active meter found for event name {params['event_name']}.", param="event_name")
    payload = params["payload"]
    customer = payload.get(meter["customer_mapping"]["event_payload_key"])
    owner = desk.find("customer", customer, param="payload")
    now, at = desk.now(owner), params.get("timestamp", desk.now(owner))
    if not now - OLDEST <= at <= now + AHEAD:
        raise Refused("The timestamp must be within the past 35 days or up to 5 minutes ahead.", param="timestamp")
    identifier = params.get("identifier") or secrets.token_hex(16)
    if any(True for _ in desk.all("billing.meter_event", identifier=identifier)):
        message = f"An event already exists with identifier {identifier}."
        raise Refused(message, code="duplicate_meter_event", param="identifier")
    made = desk.new("mev", "billing.meter_event", at=now)
    made.update(
        event_name=params["event_name"], identifier=identifier, payload=payload, timestamp=at, _meter=meter["id"],
        _customer=owner["id"], _value=str(_value(meter, payload)), _cancelled=False,
    )  # fmt: skip
    return made


def _value(meter: Thing, payload: Thing) -> Decimal:
    if meter["default_aggregation"]["formula"] == "count":
        return Decimal(1)
    try:
        return Decimal(payload.get(meter["value_settings"]["event_payload_key"], ""))
    except InvalidOperation:
        raise Refused("The value of the event is no number.", param="payload") from None


def adjust(desk: Desk, params: Thing) -> Thing:
    """Cancel an event by its identifier."""
    identifier = (params.get("cancel") or {}).get("identifier")
    found = next(iter(desk.all("billing.meter_event", identifier=identifier)), None)
    if found is None:
        raise Refused(f"No event with identifier {identifier}.", code="resource_missing", status=404)
    desk.store.touch(found)["_cancelled"] = True
    return {"object": "billing.meter_event_adjustment", "event_name": params["event_name"], "livemode": False,
            "status": "complete", "type": "cancel", "cancel": {"identifier": identifier}}  # fmt: skip


def used(desk: Desk, meter_id: str, customer: str, start: int, end: int) -> Decimal:
    """Return what a meter counted for a customer from ``start`` up to, not including, ``end``."""
    meter = desk.store.things[meter_id]
    events = [
        each for each in desk.all("billing.meter_event", _meter=meter_id, _customer=customer, _cancelled=False)
        if start <= each["timestamp"] < end
    ]  # fmt: skip
    if meter["default_aggregation"]["formula"] == "last":
        return Decimal(max(events, key=lambda each: each["timestamp"])["_value"]) if events else Decimal(0)
    return sum((Decimal(each["_value"]) for each in events), Decimal(0))


def summaries(desk: Desk, key: str, params: Thing) -> Thing:
    """Return what a meter counted in a stretch of time."""
    desk.find("billing.meter", key)
    value = used(desk, key, params["customer"], params["start_time"], params["end_time"])
    row = {"id": f"mtrusg_{params['start_time']}", "object": "billing.meter_event_summary", "meter": key, "livemode": False,
           "aggregated_value": float(value), "start_time": params["start_time"], "end_time": params["end_time"]}  # fmt: skip
    url = f"/v1/billing/meters/{key}/event_summaries"
    return {"object": "list", "data": [row], "has_more": False, "url": url}
