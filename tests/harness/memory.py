"""The tests' cluster in memory, where there is room: a clone is some 4,600 small files, copied in 0.2 s there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

SHARED = Path("/dev/shm")
ROOM = 6 * 2**30
"""Bytes that must be free: the templates of a few versions, the demo's, and what the workers clone."""


def place(*, checkout: Path, otherwise: Path) -> Path:
    """This will name the folder for the tests' cluster of a checkout: in memory where there is room, else on disk."""
    mine = SHARED / f"gridhall-test-{os.getuid()}-{hashlib.sha256(str(checkout).encode()).hexdigest()[:12]}"
    forget_lost(folder=SHARED)
    if not mine.is_dir() and not _has_room():
        return otherwise
    try:
        mine.mkdir(mode=0o755, exist_ok=True)
        (mine / "checkout").write_text(str(checkout))
    except OSError:
        return otherwise
    return mine / "postgres"


def forget_lost(*, folder: Path) -> None:
    """This will remove the clusters of checkouts that are gone."""
    for each in folder.glob(f"gridhall-test-{os.getuid()}-*"):
        with contextlib.suppress(OSError):
            if not Path((each / "checkout").read_text()).is_dir():
                shutil.rmtree(each)


def _has_room() -> bool:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        memory = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        return os.access(SHARED, os.W_OK) and min(memory, shutil.disk_usage(SHARED).free) >= ROOM
    except (OSError, StopIteration):
        return False
