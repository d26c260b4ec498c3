"""How much waits in the queues, for the operator's page, which stands when the broker does not."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from tenancy import queues

log = logging.getLogger(__name__)


def depths() -> list[queues.Queue] | None:
    """Return what waits in each queue; None when the broker does not answer."""
    try:
        return queues.depths()
    except (OSError, KombuError, RedisError):
        log.warning("The broker does not say what waits in its queues.")
        return None
