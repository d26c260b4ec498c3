"""One company floods the queue, another sends a few: real workers on a real broker, each chunk noted when done."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kombu
import redis

from config.embedded import valkey
from harness import chunks, databases
from tenancy import context

PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 0.02
START_TIMEOUT = 120.0
HOARD = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it: when the few were done, counted in chunks that the flooding company had served until then."""

    flood: int
    few: int
    workers: int
    seconds: float
    served_before_last: int
    rate: float

    @property
    def chunk_times(self) -> float:
        """The wait of the few's last one, in the time that the workers take for one chunk each."""
        return self.seconds * self.rate / self.workers

    @property
    def times_faster(self) -> float:
        """How much longer it had taken behind the whole flood."""
        return (self.flood + self.few) / (self.served_before_last + self.few)


def measure(*, database: str, flooding: Any, other: Any, flood: int, few: int, seconds: float, workers: int) -> Told:
    """Let ``flooding`` send ``flood`` chunks, then ``other`` send ``few``; return when the few were done."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridhall-fair-")))
        server = valkey.Server(folder, durable=False).start()
        stack.callback(server.stop)
        noted = redis.Redis(unix_socket_path=str(server.socket), db=1)
        address = server.broker_url(database=0)
        own = {**databases.environment(database), "CELERY_BROKER_URL": address, "REDIS_URL": server.url(database=1)}
        _send(flooding, flood, seconds, address)
        worker = _worker(own, workers, folder / "worker.log")
        stack.callback(worker.wait)
        stack.callback(worker.kill)
        _wait(noted, START_TIMEOUT, lambda: noted.llen(chunks.DONE) >= few)
        sent = time.time()
        _send(other, few, seconds, address)
        _wait(noted, PATIENCE_SECONDS, lambda: len(_times(noted, other)) >= few)
        return _told(noted, flooding, other, flood, sent, workers)


def share(*, database: str, hoarding: Any, other: Any, cap: int, seconds: float) -> dict[str, list[float]]:
    """Let a company send five long messages to two slots, and another one; return when each was done, by company."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridhall-share-")))
        server = valkey.Server(folder, durable=False).start()
        stack.callback(server.stop)
        noted = redis.Redis(unix_socket_path=str(server.socket), db=1)
        address = server.broker_url(database=0)
        own = {**databases.environment(database), "CELERY_BROKER_URL": address, "REDIS_URL": server.url(database=1)}
        _send(hoarding, HOARD, seconds, address, queue="long")
        worker = _worker({**own, "GRIDHALL_LONG_PER_COMPANY": str(cap)}, 2, folder / "worker.log", queue="long")
        stack.callback(worker.wait)
        stack.callback(worker.kill)
        _wait(noted, START_TIMEOUT, lambda: noted.llen(chunks.DONE) >= 1)
        _send(other, 1, seconds, address, queue="long")
        _wait(noted, PATIENCE_SECONDS, lambda: noted.llen(chunks.DONE) >= HOARD + 1)
        return {company.code: sorted(_times(noted, company)) for company in (hoarding, other)}


def _told(noted: redis.Redis, flooding: Any, other: Any, flood: int, sent: float, workers: int) -> Told:
    last = max(_times(noted, other))
    before = [at for at in _times(noted, flooding) if sent <= at <= last]
    few, taken = len(_times(noted, other)), last - sent
    return Told(flood, few, workers, taken, len(before), (len(before) + few) / taken)


def _send(company: Any, count: int, seconds: float, address: str, *, queue: str | None = None) -> None:
    with context.use(company), kombu.Connection(address) as channel:
        producer = channel.Producer()
        for _ in range(count):
            chunks.chunk.apply_async(args=[seconds], producer=producer, queue=queue)


def _times(noted: redis.Redis, company: Any) -> list[float]:
    rows: Any = noted.lrange(chunks.DONE, 0, -1)
    return [float(at) for code, at in (row.decode().split() for row in rows) if code == company.code]


def _worker(environment: dict[str, str], count: int, log: Path, *, queue: str = "default") -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config",
        "worker",
        "-I",
        "harness.chunks",
        "-c",
        str(count),
        "-Q",
        queue,
    ]
    with log.open("ab") as written:
        return subprocess.Popen(
            [*command, "-n", f"fair{os.getpid()}@%h", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"],
            cwd=databases.ROOT, env=environment, stdout=written, stderr=written, start_new_session=True,
        )  # fmt: skip


def _wait(noted: redis.Redis, seconds: float, done: Any) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, f"only {noted.llen(chunks.DONE)} chunks were done"
        time.sleep(LOOK_SECONDS)
