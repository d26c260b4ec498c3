"""How much waits in the queues, read from the broker, and since when: each message is stamped when it is sent."""

from __future__ import annotations

import datetime as dt
import json
import logging
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.utils import timezone
from kombu.exceptions import KombuError

STAMP = "sent_at"
WAIT_SECONDS = 2
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue: how many messages wait, and when the oldest of them was sent (None: nothing waits, or unstamped)."""

    name: str
    waiting: int
    oldest_at: dt.datetime | None


def stamp(*, headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Write into a message when it is sent (Celery's signal before it is published)."""
    if headers is not None:
        headers.setdefault(STAMP, timezone.now().isoformat())


def names() -> list[str]:
    """Return the queues that tasks are sent to: the default one, those declared, and those of the routes."""
    settings = current_app.conf
    routes = settings.task_routes or {}
    routed = {str(route["queue"]) for route in routes.values() if isinstance(route, dict) and "queue" in route}
    declared = {queue.name for queue in settings.task_queues or ()}
    return sorted({str(settings.task_default_queue), *routed, *declared})


def depths() -> list[Depth] | None:
    """Return what waits in each queue; None when the broker does not answer in time."""
    options = {"socket_timeout": WAIT_SECONDS, "socket_connect_timeout": WAIT_SECONDS, "max_retries": 0}
    try:
        with current_app.connection_for_read() as connection:
            connection.transport_options = {**connection.transport_options, **options}
            channel = connection.default_channel
            return [_depth(channel, name) for name in names()]
    except (OSError, KombuError, *_broker_errors()):
        log.warning("The broker does not say what waits in its queues.")
        return None


def _depth(channel: Any, name: str) -> Depth:
    try:
        waiting = int(channel.queue_declare(queue=name, passive=True).message_count)
    except channel.connection.client.channel_errors:
        return Depth(name, 0, None)  # nothing was ever sent there
    return Depth(name, waiting, _oldest(channel, name) if waiting else None)


def _oldest(channel: Any, name: str) -> dt.datetime | None:
    """Look at the message that is next: messages enter a list of Redis at its left and leave at its right."""
    client = getattr(channel, "client", None)
    raw = client.lindex(name, -1) if hasattr(client, "lindex") else None
    if raw is None:
        return None
    try:
        return dt.datetime.fromisoformat(json.loads(raw)["headers"][STAMP])
    except (ValueError, KeyError, TypeError):
        return None


def _broker_errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError

    return (RedisError,)
