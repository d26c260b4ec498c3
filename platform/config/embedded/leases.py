"""Who uses an embedded server: any number of processes may share one, and the last one out stops it.

Both locks are advisory file locks, which the system drops when a process dies, however it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO


class Lease:
    """One process' share in the server whose data is in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._share: IO[bytes] | None = None

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """This will let only one process at a time start or stop the server."""
        with (self._folder / "start.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def take(self) -> None:
        """This will count this process among the server's users. Call it inside `exclusive`."""
        if self._share is None:
            self._share = (self._folder / "users.lock").open("ab")
            fcntl.flock(self._share, fcntl.LOCK_SH)

    def give_up(self) -> bool:
        """This will end this process' use; True when nobody else uses the server. Call it inside `exclusive`."""
        if self._share is not None:
            self._share.close()
            self._share = None
        with (self._folder / "users.lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True
