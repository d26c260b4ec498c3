"""How many messages wait in which queue, and how long the one that is served next has waited."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from celery import current_app

from tenancy import company_caps, fair_transport

QUEUES = ("prompt", "default", "long", "provision")
"""``prompt``: somebody waits for it. ``long``: may take minutes each. ``provision``: the owner's."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: ``waiting`` messages; ``age`` seconds since the next one was sent, 0 when none waits."""

    name: str
    waiting: int
    age: float


def depths() -> list[Queue]:
    """Return all queues of the broker; for another broker than Redis or Valkey the age is 0."""
    with current_app.connection_for_read() as connection:
        channel = connection.default_channel
        return [_queue(channel, name) for name in QUEUES]


def _queue(channel: Any, name: str) -> Queue:
    if not isinstance(channel, fair_transport.Channel):
        return Queue(name, int(channel._size(name)), 0.0)
    with channel.conn_or_acquire() as client:
        key = fair_transport.key_of(name)
        waiting = int(client.zcard(key)) + company_caps.held(client=client, key=key)
        head = client.zrange(key, 0, 0) or company_caps.oldest(client=client, key=key)
    since = fair_transport.waiting(member=head[0])[0] if head else None
    return Queue(name, waiting, max(0.0, time.time() - since / 1000) if since else 0.0)
