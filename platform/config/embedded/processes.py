"""What can be said about, and done to, a process that may not be our own child."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

POLL_SECONDS = 0.02


def alive(pid: int) -> bool:
    """This will tell whether the process runs; one that ended and was not collected yet counts as gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) not in ("Z", "X", "")


def arguments(pid: int) -> list[str]:
    """This will give the words of the process' command line, or nothing when it cannot be read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return _ps(pid, "args=").split()


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """This will wait until the condition holds; False when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def stop(
    pid: int,
    *,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
    seconds: float = 30,
    gone: Callable[[], bool] | None = None,
) -> None:
    """This will end a process: one signal after the other, each with its time, until the process is gone.

    `gone` tells the end of an own child, which has to be collected.
    """
    is_gone = gone or (lambda: not alive(pid))
    for number in signals:
        if is_gone():
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        if wait_until(is_gone, seconds=seconds):
            return


def last_lines(path: Path, *, count: int = 20) -> str:
    """This will give the last lines of a log, or an empty text when there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 200 * count))
            lines = log.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])


def _state(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _ps(pid, "stat=")[:1]
    except OSError:
        return "?"
    return text.rpartition(")")[2].split()[0]


def _ps(pid: int, column: str) -> str:
    try:
        found = subprocess.run(["ps", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return found.stdout.strip()
