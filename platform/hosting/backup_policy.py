"""How often a company is backed up, how much is kept, and when its last backup is late; pure.

The operator's numbers for one company come first, then those of the plan it signed, then the host's settings.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from hosting import plans

HOURS, KEPT = "backup_hours", "backups_kept"
OWN, PLAN, HOST = "own", "plan", "host"


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a company is backed up (0: never by the clock), how many archives are kept, and who says so."""

    every: dt.timedelta
    kept: int
    source: str = HOST

    @property
    def hours(self) -> int:
        return int(self.every / dt.timedelta(hours=1))

    @property
    def late(self) -> dt.timedelta:
        """The age at which the last backup is late."""
        return max(settings.BACKUP_LATE_AFTER, self.every * 3 / 2)


def policy(*, retailer: Any) -> Policy:
    """Return what holds for a company; ``retailer`` comes with its ``backup_policy``."""
    own = getattr(retailer, "backup_policy", None)
    if own is not None:
        return Policy(dt.timedelta(hours=own.every_hours), own.kept, OWN)
    return signed(retailer=retailer)


def signed(*, retailer: Any) -> Policy:
    """Return what holds for a company without numbers of its own: its plan's, else the host's."""
    limits = plans.of(retailer).limits
    every = dt.timedelta(hours=limits[HOURS]) if HOURS in limits else settings.BACKUP_EVERY
    source = PLAN if limits.keys() & {HOURS, KEPT} else HOST
    return Policy(every, limits.get(KEPT, settings.BACKUPS_KEPT), source)


def is_late(*, last: dt.datetime | None, since: dt.datetime, retailer: Any, at: dt.datetime) -> bool:
    """Return whether a company's last backup is older than it may be."""
    wanted = policy(retailer=retailer)
    return bool(wanted.every) and at - (last or since) > wanted.late
