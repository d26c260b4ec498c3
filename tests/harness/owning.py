"""Processes with the owner's rights on a test's database and folders."""

from __future__ import annotations

from pathlib import Path

from harness import databases


def environment(database: str, folder: Path) -> dict[str, str]:
    """Return what a process of the owner needs to work on the test's database and folders."""
    return databases.environment(database, role="owner") | {
        "GRIDHALL_BACKUP_DIR": str(folder / "backups"),
        "GRIDHALL_FILES_DIR": str(folder / "files"),
    }
