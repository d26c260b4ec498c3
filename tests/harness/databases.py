"""One template database per fingerprint of the migrations, cloned in a quarter of a second."""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.embedded import postgres
from harness import memory

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("GRIDHALL_TEST_DIR", ROOT / ".gridhall" / "test"))
KEPT_TEMPLATES = 3
DEMO_SOURCES = ("platform/**/*.py", "platform/**/*.yaml", "tenants/**/*.py", "billing/**/*.py")
_server: postgres.Server | None = None


def server() -> postgres.Server:
    """Return the running test cluster, started on first use."""
    global _server
    if _server is None:
        _server = postgres.Server(_cluster(), durable=False).start()
        atexit.register(_server.release)
    return _server


def _cluster() -> Path:
    """In memory where there is room, unless a folder was named."""
    disk = FOLDER / "postgres"
    return disk if "GRIDHALL_TEST_DIR" in os.environ else memory.place(checkout=ROOT, otherwise=disk)


def use(folder: Path, *, durable: bool) -> None:
    """Work on a server of its own in ``folder`` from now on, instead of the one that the tests share."""
    global FOLDER, _server
    FOLDER = folder
    _server = postgres.Server(folder / "postgres", durable=durable).start()
    atexit.register(_server.release)


def environment(database: str, *, role: str = "app") -> dict[str, str]:
    """Return what a process needs to work on ``database`` in ``role``."""
    own = {
        "DATABASE_URL": server().url(user=postgres.APP, database=database),
        "GRIDHALL_ROLE": role,
        "PG_DUMP": str(server().binary("pg_dump")),
        "GRIDHALL_DATA_DIR": str(FOLDER / "data"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("", "platform", "tests")),
    }
    if role == "owner":
        own["DATABASE_OWNER_URL"] = server().owner_url(database)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, **own}


def template() -> str:
    """Return the name of the template database of the present migrations, made when it is missing."""
    name = f"gridhall_template_{_fingerprint()}"
    with _lock():
        if not _stands(name):
            with server().connect() as connection:
                _drop_leftovers(connection, keep=name)
            _make(name, "tests/harness/make_cast.py")
    return name


def clone(name: str) -> str:
    """Make database ``name`` as a copy of the template; return its name."""
    return copy(template(), name)


def copy(source: str, name: str) -> str:
    """Make database ``name`` as a copy of ``source``; return its name."""
    with _lock():
        _copied(source, name)
    return name


def demo() -> str:
    """Return the name of a database with the demo companies, made when migrations or program changed; for reading."""
    name = f"gridhall_template_demo_{_fingerprint(*DEMO_SOURCES)}"
    with _lock("demo"):
        if not _stands(name):
            with server().connect() as connection:
                _drop_leftovers(connection, keep=name, pattern="gridhall\\_template\\_demo\\_%", kept=0)
            _make(name, "manage.py", "seed_demo")
    return name


def drop(name: str) -> None:
    """Drop a clone, whoever is still connected."""
    with server().connect() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _stands(name: str) -> bool:
    with server().connect() as connection:
        found = "SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate"
        return connection.execute(found, [name]).fetchone() is not None


def _migrated() -> str:
    """Return the name of the template with the tables of the platform and nobody in them; under ``_lock("tables")``."""
    name = f"gridhall_template_tables_{_fingerprint()}"
    with _lock("tables"):
        if not _stands(name):
            with server().connect() as connection:
                _drop_leftovers(connection, keep=name, pattern="gridhall\\_template\\_tables\\_%", kept=0)
            drop(name)
            server().ensure_database(name)
            _fill(name, ["manage.py", "fleet", "migrate"])
    return name


def _make(name: str, *command: str) -> None:
    """Make database ``name`` from the migrated one by a command of the owner."""
    source = _migrated()
    drop(name)
    _copied(source, name)
    _fill(name, [*command])


def _copied(source: str, name: str) -> None:
    with server().connect() as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" OWNER {postgres.OWNER} STRATEGY FILE_COPY')


def _fill(name: str, command: list[str]) -> None:
    """Run a command of the owner in database ``name`` and mark it as a template when all went well."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(name, role="owner"),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    with server().connect() as connection:
        connection.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE true')


def _fingerprint(*patterns: str) -> str:
    digest = hashlib.sha256()
    files = [*ROOT.glob("*/*/migrations/*.py"), *ROOT.glob("platform/tenancy/*.py"), *ROOT.glob("*/*/apps.py")]
    files += [path for pattern in patterns for path in ROOT.glob(pattern)]
    for path in sorted({*files, ROOT / "tests/harness/make_cast.py", ROOT / "platform/identity/capabilities.py"}):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _drop_leftovers(connection: Any, *, keep: str, pattern: str = "gridhall\\_%", kept: int = KEPT_TEMPLATES) -> None:
    rows = connection.execute(
        "SELECT datname, datistemplate FROM pg_database WHERE datname LIKE %s ORDER BY oid", [pattern]
    ).fetchall()
    templates = [name for name, is_template in rows if is_template and name != keep]
    old_templates = templates[: len(templates) - kept] if len(templates) > kept else []
    dead_clones = [name for name, is_template in rows if not is_template and not _owner_lives(name)]
    for name in old_templates:
        connection.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE false')
    for name in [*old_templates, *dead_clones]:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _owner_lives(name: str) -> bool:
    """A clone carries the number of the process that made it: gridhall_<pid>_<word>."""
    parts = name.split("_")
    return len(parts) > 2 and parts[1].isdigit() and Path(f"/proc/{parts[1]}").exists()


@contextmanager
def _lock(what: str = "template") -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{what}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
