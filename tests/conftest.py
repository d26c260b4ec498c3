"""The harness: a cloned database per worker, a fresh one where a test needs real commits, the standing cast."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from celery._state import get_current_app
from django.core.cache import cache
from django.db import connection, connections

from harness import clones, databases, order

PASSWORD = "correct horse battery"

hypothesis.settings.register_profile("steady", derandomize=True)
hypothesis.settings.load_profile("default" if os.environ.get("GRIDHALL_EXPLORE") else "steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order.arrange(items)
    for item in items:
        for mark in item.iter_markers("django_db"):
            if mark.kwargs.get("transaction"):
                raise pytest.UsageError(f"{item.nodeid}: use the fixture fresh_db instead of transaction=True")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    name = databases.clone(f"gridhall_{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    clones.point_to(name)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    databases.drop(name)


@pytest.fixture
def fresh_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of the test's own, where commits are real; yields its name."""
    with clones.cloned(django_db_blocker) as name:
        yield name


@pytest.fixture(scope="session")
def demo_database(django_db_setup: None) -> Iterator[str]:
    """The name of a worker's own database with the demo companies: nobody else is connected, so it can be copied."""
    name = databases.copy(databases.demo(), f"gridhall_{os.getpid()}_demo")
    yield name
    databases.drop(name)


@pytest.fixture
def demo_db(demo_database: str, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The demo companies, for reading: what is written here stays and would mislead the next test."""
    with clones.opened(demo_database, django_db_blocker):
        yield demo_database


@pytest.fixture(autouse=True)
def back_to_public() -> Iterator[None]:
    """Nothing of one test's retailer reaches the next, nor does another Celery than the program's."""
    yield
    connection.set_schema_to_public()
    cache.clear()
    assert get_current_app().main == "gridhall", "a test's Celery(...) needs set_as_current=False"


@pytest.fixture
def retailers(request: pytest.FixtureRequest) -> dict[str, Any]:
    if "fresh_db" not in request.fixturenames:
        request.getfixturevalue("db")
    from tenancy import models

    return {r.code: r for r in models.Retailer.objects.select_related("brand")}


@pytest.fixture
def alder(retailers: dict[str, Any]) -> Any:
    """A Chinese retailer: CNY, Asia/Shanghai, Simplified Chinese."""
    return retailers["alder"]


@pytest.fixture
def birch(retailers: dict[str, Any]) -> Any:
    """An Australian retailer: AUD, Australia/Sydney, English."""
    return retailers["birch"]


@pytest.fixture
def operator(retailers: dict[str, Any]) -> Any:
    """The company that hosts them."""
    return retailers["operator"]


@pytest.fixture
def in_alder(alder: Any) -> Iterator[Any]:
    """The test works for alder."""
    from tenancy import context

    with context.use(alder):
        yield alder


@pytest.fixture
def in_birch(birch: Any) -> Iterator[Any]:
    """The test works for birch."""
    from tenancy import context

    with context.use(birch):
        yield birch
