"""Work with the owner's rights in a process of its own, on the test's database; it may be killed on the way."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable

from django.conf import settings
from django.db import connection, connections

from harness import databases, dying


def as_owner(work: Callable[[], object]) -> int:
    """Do ``work`` with the owner's rights in a child process; return the signal that killed it, 0 at its end."""
    name = connection.settings_dict["NAME"]

    def owned() -> None:
        from config import environment

        connections.settings["default"].update(environment.database(databases.server().owner_url(name)))
        connection.settings_dict.update(connections.settings["default"])
        settings.PROCESS_ROLE = "owner"
        connection.set_schema_to_public()
        try:
            work()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            raise

    return dying.ended_by(dying.forked(owned))


def dies() -> None:
    """End this process as the kernel would: at once."""
    os.kill(os.getpid(), signal.SIGKILL)
