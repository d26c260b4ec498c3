"""A pooled connection goes back to the login's own role and path before another request gets it."""

from __future__ import annotations

from typing import Any

RESET_STATEMENT = "RESET ROLE; RESET search_path"
LIFETIME_SECONDS = 600
"""A connection remembers the tables of every company it worked for, over a megabyte each (docs/scaling.md)."""


def options(*, size: int) -> dict[str, Any]:
    """Return Django's pool options for ``size`` connections at most."""
    return {
        "min_size": 0,
        "max_size": size,
        "timeout": 10,
        "max_idle": 300,
        "max_lifetime": LIFETIME_SECONDS,
        "reset": reset,
    }


def reset(connection: Any) -> None:
    """Leave nothing of the last retailer on the connection."""
    connection.autocommit = True
    connection.execute(RESET_STATEMENT)
