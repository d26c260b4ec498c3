"""Processes that work on the test's database and are killed without warning."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Callable

from django.db import connections


def forked(work: Callable[[], object]) -> int:
    """Run ``work`` in a process of its own with its own connections; return its number."""
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        number = os.fork()
    if number == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return number


def ended_by(number: int) -> int:
    """Wait for the process; return the signal that killed it, 0 when it came to its end."""
    _, status = os.waitpid(number, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the process failed"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def killed_after(number: int, seconds: float) -> int:
    """Kill the process after a while, unless it has come to its end; return the signal that ended it."""
    time.sleep(seconds)
    os.kill(number, signal.SIGKILL)
    return ended_by(number)
