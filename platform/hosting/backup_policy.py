"""How often a company is backed up, how much is kept, and when its last backup is late; pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from hosting import models


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a company is backed up (0: never by the clock) and how many archives of the clock are kept."""

    every: dt.timedelta
    kept: int

    @property
    def hours(self) -> int:
        return int(self.every / dt.timedelta(hours=1))

    @property
    def late(self) -> dt.timedelta:
        """The age at which the last backup is late."""
        return max(settings.BACKUP_LATE_AFTER, self.every * 3 / 2)


def policy(own: models.BackupPolicy | None) -> Policy:
    """Return what holds for a company: its own numbers, else the host's settings."""
    if own is None:
        return Policy(settings.BACKUP_EVERY, settings.BACKUPS_KEPT)
    return Policy(dt.timedelta(hours=own.every_hours), own.kept)


def is_late(*, last: dt.datetime | None, since: dt.datetime, own: models.BackupPolicy | None, at: dt.datetime) -> bool:
    """Return whether a company's last backup is older than it may be."""
    wanted = policy(own)
    return bool(wanted.every) and at - (last or since) > wanted.late
