"""Deliveries: each event goes to each endpoint that wants it, signed, again and again until it is taken."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from config.stripe_server.state import PLATFORM, Store, Thing, shown

WAITS = (0, 2, 5, 15, 60, 300, 1800, 7200)
"""Seconds before each attempt; Stripe's live mode goes on for three days."""
TIMEOUT = 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed event on its way to an address."""

    url: str
    body: bytes
    signature: str
    event: str
    endpoint: str


def signature(body: bytes, secret: str, at: int) -> str:
    """Return the header Stripe-Signature of a body."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def delivery(event: Thing, endpoint: Thing, at: int) -> Delivery:
    """Return what is sent of an event to an endpoint."""
    body = json.dumps(shown(event), indent=2).encode()
    return Delivery(endpoint["url"], body, signature(body, endpoint["_secret"], at), event["id"], endpoint["id"])


def wanted(store: Store, event: Thing) -> Iterator[Thing]:
    """Yield the endpoints that an event goes to."""
    connected = event["_account"] != PLATFORM and store.things.get(event["_account"], {}).get("_connected")
    for thing in list(store.things.values()):
        if thing["object"] != "webhook_endpoint" or thing.get("_dropped") or thing["status"] != "enabled":
            continue
        mine = thing["_account"] == event["_account"] and not thing["_connect"]
        platforms = thing["_connect"] and thing["_account"] == PLATFORM and connected
        if (mine or platforms) and {"*", event["type"]} & set(thing["enabled_events"]):
            yield thing


def waiting(store: Store, now: int) -> list[tuple[Thing, Thing]]:
    """Return the events with their endpoints whose next attempt is due."""
    due = []
    for event in [thing for thing in store.things.values() if thing["object"] == "event" and not thing.get("_done")]:
        tries = event.setdefault("_tries", {})
        open_ones = []
        for endpoint in wanted(store, event):
            tried = tries.get(endpoint["id"], {"count": 0, "at": 0, "taken": False})
            if not tried["taken"] and tried["count"] < len(WAITS):
                open_ones.append((endpoint, tried))
        if not open_ones:
            event["_done"] = True
        due += [(event, endpoint) for endpoint, tried in open_ones if tried["at"] <= now]
    return due


def note(store: Store, event: Thing, endpoint: Thing, now: int, *, taken: bool) -> None:
    """Remember how an attempt went."""
    tries = store.touch(event).setdefault("_tries", {})
    tried = tries.setdefault(endpoint["id"], {"count": 0, "at": 0, "taken": False})
    tried["count"] += 1
    tried["taken"] = taken
    tried["at"] = now + (WAITS[tried["count"]] if tried["count"] < len(WAITS) else 0)
    if taken:
        event["pending_webhooks"] = 0


def send(sent: Delivery) -> bool:
    """Post a delivery; only to this machine, and told by the answer whether it was taken."""
    parts = urlsplit(sent.url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not (host in LOOPBACK or host.endswith(".localhost")):
        return False
    line = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=TIMEOUT)
    headers = {"Host": parts.netloc, "Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0"}
    try:
        line.request("POST", parts.path or "/", sent.body, {**headers, "Stripe-Signature": sent.signature})
        return 200 <= line.getresponse().status < 300
    except OSError:
        return False
    finally:
        line.close()
