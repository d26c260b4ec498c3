"""A task that takes a little while and notes in the broker when it was done: what queues are measured with."""

from __future__ import annotations

import os
import time

import redis

from tenancy import context
from tenancy.tasks import tenant_task

DONE = "bench:done"


@tenant_task(name="harness.chunk")
def chunk(seconds: float) -> None:
    """Work for ``seconds`` and note the company's code with the time."""
    time.sleep(seconds)
    noted = redis.Redis.from_url(os.environ["REDIS_URL"])
    noted.rpush(DONE, f"{context.current_retailer().code} {time.time()}")
