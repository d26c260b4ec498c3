"""Named points at which a test can have its own process die, as a machine may at any time.

Without ``GRIDHALL_FAULT`` in the environment ``reach`` does nothing and costs a call. ``GRIDHALL_FAULT=stored:2`` kills
the process without warning when it reaches ``stored`` for the second time.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "GRIDHALL_FAULT"
IMPORT_POINTS = (
    "import.held",
    "import.begun",
    "import.opened",
    "import.block_staged",
    "import.read",
    "import.checked",
    "import.locked",
    "import.channels_made",
    "import.compared",
    "import.stored",
    "import.validated",
    "import.reported",
    "import.committed",
    "import.file_forgotten",
)
"""Where an import may die, in the order in which it gets there."""

_wanted = ""
_left = 0


def _die(name: str) -> None:
    global _left
    if name == _wanted:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _go_on(name: str) -> None:
    """Nothing happens here."""


reach = _go_on


def arm(order: str) -> None:
    """This will have the process die at ``order``: the name of a point, and after a colon which time it is reached."""
    global _wanted, _left, reach
    _wanted, _, times = order.partition(":")
    _left = int(times or 1)
    reach = _die if _wanted else _go_on


arm(os.environ.get(VARIABLE, ""))
