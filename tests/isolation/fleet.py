"""Twenty companies alike in every number, name of a person, address and file, each with its own canaries.

Made once for the present migrations and program, kept as a template database, cloned in a second.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from isolation import canaries

from harness import databases

SOURCES = ("platform/**/*.py", "tenants/**/*.py", "billing/**/*.py", "tests/isolation/*.py")
OWN_SOURCES = (
    "canaries.py", "filling.py", "rows.py", "planting.py", "replaying.py", "make_fleet.py", "own_secrets.py",
    "hosted.py",
)  # fmt: skip


def template(companies: int = canaries.COMPANIES) -> str:
    """Return the name of the template database of a fleet, made when migrations or program changed."""
    patterns = [*databases.DEMO_SOURCES, *(f"tests/isolation/{name}" for name in OWN_SOURCES)]
    name = f"gridhall_template_fleet{companies}_{databases._fingerprint(*patterns)}"
    with databases._lock(f"fleet{companies}"):
        if not (databases._stands(name) and (files_of(name) / "fleet.json").exists()):
            _forget_old(companies)
            _make(name, companies)
    return name


def files_of(name: str) -> Path:
    """Return where the files of a fleet's template stand."""
    return databases.FOLDER / name


def report(name: str) -> dict[str, Any]:
    """Return what was noted when the fleet was made: its seconds, columns and tables that stayed bare."""
    found: dict[str, Any] = json.loads((files_of(name) / "fleet.json").read_text())
    return found


def _make(name: str, companies: int) -> None:
    started = time.monotonic()
    databases.drop(name)
    databases.copy(databases.template(), name)
    files = files_of(name)
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    environment = {**databases.environment(name, role="owner"), "GRIDHALL_FILES_DIR": str(files)}
    environment |= {"CELERY_BROKER_URL": "memory://localhost/", "GRIDHALL_LOG_LEVEL": "ERROR"}
    command = ["tests/isolation/make_fleet.py", databases.server().superuser_url(name), str(companies)]
    done = subprocess.run(
        [sys.executable, *command], cwd=databases.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"the fleet was not made:\n{done.stdout}\n{done.stderr}")
    noted = {**report(name), "seconds": time.monotonic() - started}
    (files / "fleet.json").write_text(json.dumps(noted, indent=1, ensure_ascii=False))
    with databases.server().connect() as connection:
        connection.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE true')


def _forget_old(companies: int) -> None:
    pattern = f"gridhall\\_template\\_fleet{companies}\\_%"
    with databases.server().connect() as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern]).fetchall()
        for (old,) in rows:
            connection.execute(f'ALTER DATABASE "{old}" IS_TEMPLATE false')
            connection.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
            shutil.rmtree(files_of(old), ignore_errors=True)
