"""The product in a real browser: a database of the module's own, filled by a program, served as in production."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness import databases, readability, served

CHROMIUM = os.environ.get("GRIDHALL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@dataclass(frozen=True, slots=True)
class Site:
    """A running web server."""

    port: int

    def url(self, company: str, path: str = "/") -> str:
        """Return the address of a page of ``alder``, ``birch`` or ``operator``."""
        return f"http://{company}.localhost:{self.port}{path}"


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[str], Site]]:
    """Serve a fresh database once a program (its path below ``tests``) has filled it, until the module is done."""
    with ExitStack() as running:

        def start(program: str) -> Site:
            name = databases.clone(f"gridhall_{os.getpid()}_{uuid.uuid4().hex[:8]}")
            running.callback(databases.drop, name)
            own = databases.environment(name)
            own["PYTHONPATH"] += os.pathsep + str(databases.ROOT / "tests")
            subprocess.run([sys.executable, f"tests/{program}"], cwd=databases.ROOT, env=own, check=True)
            return Site(running.enter_context(served.web(name)))

        yield start


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; without one the tests are skipped and say so."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        if CHROMIUM is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("No Chromium on this machine.")
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def views(chromium: Any, session: Any) -> Iterator[list[Any]]:
    """Pages of the module's ``session``, one for each of the views that everybody must be able to read."""
    pages = [
        readability.opened(chromium, session=session, locale=each, scheme=how) for each, how, _ in readability.VIEWS
    ]
    yield pages
    for page in pages:
        page.context.close()
