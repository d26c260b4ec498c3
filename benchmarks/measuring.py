"""What the benchmarks of whole programs share: a database server of their own, databases in it, and what ran beside."""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests"), str(ROOT / "benchmarks")]

MEGABYTE = 1_000_000


@contextmanager
def database(word: str, *, folder: str = "benchmark") -> Iterator[str]:
    """This will give a database of the present migrations, in a durable PostgreSQL of the benchmarks' own, and drop it.

    Durable: a commit is on the disk before it counts, as in production. Django is set up for it when this returns.
    """
    from harness import databases

    own_server(folder)
    name = databases.clone(f"gridhall_{os.getpid()}_{word}")
    set_up(name)
    try:
        yield name
    finally:
        _leave(name)


def own_server(folder: str) -> None:
    """This will let the harness work on a durable server of its own in ``.gridhall/<folder>``."""
    from harness import databases

    databases.use(ROOT / ".gridhall" / folder, durable=True)


def set_up(name: str) -> None:
    """This will set Django up on database ``name``, or point it there when it was set up on another one."""
    from harness import databases

    os.environ.update(databases.environment(name))
    import django

    django.setup()
    from django.db import connection

    from config import environment

    connection.close()
    connection.settings_dict.update(environment.database(os.environ["DATABASE_URL"]))


def analyze() -> None:
    """This will let the planner know what stands in the database, as autovacuum does within a minute.

    The login of the programs may not: PostgreSQL would skip every table with a warning. Empty tables are left alone, by
    autovacuum too: a plan made for a table known to be empty reads it whole, and is kept while it fills.
    """
    import psycopg
    from django.db import connection

    from harness import databases

    with psycopg.connect(
        databases.server().superuser_url(str(connection.settings_dict["NAME"])), autocommit=True
    ) as session:
        filled = "SELECT relid::regclass::text FROM pg_stat_user_tables WHERE pg_relation_size(relid) > 0"
        for (table,) in session.execute(filled).fetchall():
            session.execute(f"ANALYZE {table}")


def machine() -> str:
    """This will say when and where a figure was measured, and how busy the machine was."""
    now = dt.datetime.now(dt.UTC)
    return f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {_memory_gb():.0f} GB, {platform.machine()}; {load()}"


def load() -> str:
    """This will tell the load of the last minute: programs that wanted a core."""
    return f"load {os.getloadavg()[0]:.1f}"


def peak_memory_mb() -> float:
    """This will say how much memory this program held at most, in MB.

    ``getrusage`` would count what its parent held when it was started, too.
    """
    status = pathlib.Path("/proc/self/status").read_text()
    [line] = [each for each in status.splitlines() if each.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / MEGABYTE


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _leave(name: str) -> None:
    from django.db import connections

    from harness import databases

    connections.close_all()
    databases.drop(name)
