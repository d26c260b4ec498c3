"""Time that passes: test clocks that are moved forward, and the true clock for everything else."""

from __future__ import annotations

from config.stripe_server import checkout, subscriptions
from config.stripe_server.refusals import Refused
from config.stripe_server.state import Desk, Thing

MOST_STEPS = 5000


def create(desk: Desk, params: Thing) -> Thing:
    """Make a clock that stands still."""
    made = desk.new("clock", "test_helpers.test_clock")
    del made["metadata"]
    made.update(frozen_time=params["frozen_time"], name=params.get("name"), status="ready", status_details={})
    made["deletes_after"] = made["created"] + 30 * subscriptions.DAY
    return made


def advance(desk: Desk, key: str, params: Thing) -> Thing:
    """Move a clock forward; everything due on the way happens in order."""
    clock = desk.find("test_helpers.test_clock", key)
    target = params["frozen_time"]
    if target <= clock["frozen_time"]:
        raise Refused("Cannot advance a test clock to a time in its past.", param="frozen_time")
    run(desk, clock=clock, until=target)
    clock["frozen_time"] = target
    desk.tell("test_helpers.test_clock.ready", clock)
    return clock


def delete(desk: Desk, key: str, params: Thing) -> Thing:
    """Take a clock away with its customers."""
    clock = desk.find("test_helpers.test_clock", key)
    for customer in list(desk.all("customer", test_clock=key)):
        desk.store.drop(customer)
    desk.store.drop(clock)
    return {"id": key, "object": "test_helpers.test_clock", "deleted": True}


def run(desk: Desk, *, clock: Thing | None, until: int) -> None:
    """Let everything happen that is due up to ``until`` on a clock, or on the true one."""
    name = clock["id"] if clock else None
    for _ in range(MOST_STEPS):
        due = _next(desk, name)
        if due is None or due[0] > until:
            return
        at, thing = due
        if clock:
            clock["frozen_time"] = max(clock["frozen_time"], at)
        if thing["object"] == "subscription":
            subscriptions.happen(desk, thing, at)
        else:
            subscriptions.collect(desk, desk.store.touch(thing))


def sweep(desk: Desk) -> None:
    """Let everything happen that is due by the true clock."""
    run(desk, clock=None, until=desk.clock())
    checkout.sweep(desk)


def _next(desk: Desk, clock: str | None) -> tuple[int, Thing] | None:
    moments: list[tuple[int, Thing]] = []
    for found in desk.all("subscription", test_clock=clock):
        at = subscriptions.due(desk, found)
        if at is not None:
            moments.append((at, found))
    for invoice in desk.all("invoice", test_clock=clock):
        at = invoice["automatically_finalizes_at"] if invoice["status"] == "draft" else None
        if invoice["status"] == "open":
            at = invoice["next_payment_attempt"]
        if at is not None:
            moments.append((at, invoice))
    return min(moments, key=lambda pair: pair[0], default=None)
