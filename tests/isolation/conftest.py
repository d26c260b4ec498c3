"""The fleet, opened once for all tests of isolation that ask for it, and its people."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from isolation import asking, canaries, fleet, people

from config.celery import app
from harness import databases

SMALL = 3
_clients: dict[str, dict[Any, Any]] = {}


@pytest.fixture(scope="session")
def fleet_database(django_db_setup: None) -> Iterator[str]:
    """A fleet of twenty, of this process's own; yields the name of its database."""
    yield from _copied(canaries.COMPANIES)


@pytest.fixture(scope="session")
def small_database(django_db_setup: None) -> Iterator[str]:
    """A fleet of three, made in a few seconds: for the tests that run each time."""
    yield from _copied(SMALL)


@pytest.fixture
def whole_fleet(fleet_database: str, django_db_blocker: Any, settings: Any) -> Iterator[people.Fleet]:
    """Twenty companies with their files, workers that work at once, and nothing of the world outside."""
    yield from _standing(fleet_database, canaries.COMPANIES, django_db_blocker, settings)


@pytest.fixture
def small_fleet(small_database: str, django_db_blocker: Any, settings: Any) -> Iterator[people.Fleet]:
    """Three companies, likewise."""
    yield from _standing(small_database, SMALL, django_db_blocker, settings)


def _copied(companies: int) -> Iterator[str]:
    source = fleet.template(companies)
    name = databases.copy(source, f"gridhall_{os.getpid()}_{uuid.uuid4().hex[:8]}")
    files = databases.FOLDER / name
    shutil.copytree(fleet.files_of(source), files)
    yield name
    shutil.rmtree(files, ignore_errors=True)
    databases.drop(name)


def _standing(name: str, companies: int, django_db_blocker: Any, settings: Any) -> Iterator[people.Fleet]:
    from harness.clones import opened

    settings.FILES_DIR = databases.FOLDER / name
    settings.BACKUP_DIR = databases.FOLDER / name / "backups"
    settings.API_REQUESTS_PER_MINUTE = 10**9
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    before, app.conf.task_always_eager = app.conf.task_always_eager, True
    with opened(name, django_db_blocker), asking.watching():
        cache.clear()
        yield people.Fleet(name, Path(settings.FILES_DIR), companies, _clients.setdefault(name, {}))
        cache.clear()
    app.conf.task_always_eager = before
