"""The real web program on a test database, and the real worker with its Valkey, for browsers and journeys."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from config.embedded import valkey
from harness import databases

READY_SECONDS = 60
COLLECT = [sys.executable, "tests/harness/collect_static.py"]


@contextmanager
def web(database: str, **environment: str) -> Iterator[int]:
    """Serve ``database`` with gunicorn on a free port; yields the port."""
    _collect_static(database)
    port = free_port()
    own = {**databases.environment(database), "GRIDHALL_PUBLIC_PORT": str(port), **environment}
    command = ["gunicorn", "config.wsgi:application", "--worker-class", "gthread", "--threads", "6"]
    with _program([*command, "--bind", f"127.0.0.1:{port}", "--no-control-socket"], own) as process:
        _wait_until_served(port, process)
        yield port


@contextmanager
def broker() -> Iterator[dict[str, str]]:
    """Run a Valkey of the tests' own; yields the settings that lead to it."""
    server = valkey.Server(databases.FOLDER / f"valkey-{os.getpid()}")
    server.start()
    try:
        yield {"CELERY_BROKER_URL": server.broker_url(), "REDIS_URL": server.url()}
    finally:
        server.stop()


@contextmanager
def worker(
    database: str, *, role: str = "app", queues: str = "prompt,default,long", **environment: str
) -> Iterator[None]:
    """Run a Celery worker on ``database``."""
    own = {**databases.environment(database, role=role), **environment}
    name = f"{queues.replace(',', '-')}-{os.getpid()}@%h"
    command = ["celery", "-A", "config", "worker", "-c", "1", "-Q", queues, "-n", name, "--loglevel", "WARNING"]
    with _program(command, own):
        yield


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _program(words: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    databases.FOLDER.mkdir(parents=True, exist_ok=True)
    with (databases.FOLDER / f"{words[0]}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=databases.ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


def _collect_static(database: str) -> None:
    """Make the styles, translations and static files, once for all workers of a run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    done = databases.FOLDER / "static-of-run"
    with databases._lock("static"):
        if not done.exists() or done.read_text() != run:
            environment = databases.environment(database)
            subprocess.run(COLLECT, cwd=databases.ROOT, env=environment, check=True, capture_output=True)
            done.write_text(run)


def _wait_until_served(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the web program ended with {process.returncode}; see gunicorn.log in the test folder")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            return  # 421: nobody's host, but it serves
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the web program did not answer in time")
