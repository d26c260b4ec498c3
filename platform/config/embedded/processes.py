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


def environment(pid: int) -> list[bytes]:
    """This will give the process' environment as it was at its start, or nothing when it cannot be read."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return [word.encode() for word in _ps(pid, "command=", "-E").split()]


def group_members(group: int) -> list[int]:
    """This will give the living processes of a process group."""
    if not Path("/proc/self/stat").exists():
        rows = [row.split() for row in _ps(0, "pid=,pgid=", "-A").splitlines()]
        return [int(pid) for pid, its_group in rows if its_group == str(group)]
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _stat_words(pid)[2:3] == [str(group)] and alive(pid)]


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
    if Path("/proc/self/stat").exists():
        return "".join(_stat_words(pid)[:1])
    return _ps(pid, "stat=")[:1]


def _stat_words(pid: int) -> list[str]:
    """The words of /proc/PID/stat after the name: state, parent, group ...; none when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _ps(pid: int, columns: str, *options: str) -> str:
    command = ["ps", *options, "-o", columns, *(["-p", str(pid)] if pid else [])]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return found.stdout.strip()
