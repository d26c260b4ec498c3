"""A program with a key, at the host of its company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rest_framework.test import APIClient

from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Capability
from tenancy import context

AT = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
EVERYTHING = frozenset(Capability) - {Capability.OPERATE_FLEET, Capability.USE_PORTAL}


def secret_of(retailer: Any, scopes: Iterable[str]) -> str:
    with context.use(retailer):
        staff = identity_queries.user_by_email(email=f"staff@{retailer.code}.test")
        _key, secret = identity_operations.create_key(name="Test", scopes=scopes, by=staff, at=AT)
    return secret


@pytest.fixture
def program() -> Callable[..., APIClient]:
    """``program(birch, "customers:read")``: a client with a key of these scopes, all of them when none is named."""

    def make(retailer: Any, *scopes: str, secret: str | None = None, language: str = "en") -> APIClient:
        secret = secret or secret_of(retailer, scopes or EVERYTHING)
        return APIClient(
            HTTP_HOST=f"{retailer.code}.localhost",
            HTTP_AUTHORIZATION=f"Bearer {secret}",
            HTTP_ACCEPT_LANGUAGE=language,
            raise_request_exception=False,
        )

    return make


@pytest.fixture
def api(birch: Any, program: Callable[..., APIClient]) -> APIClient:
    """A program of birch that may do everything."""
    return program(birch)


@pytest.fixture
def second(birch: Any, program: Callable[..., APIClient]) -> APIClient:
    """A program of a second person of birch that may do everything."""
    with context.use(birch):
        person = identity_operations.create_user(
            email="second@birch.test", name="Second Pair", roles=["administrator"], at=AT
        )
        _key, secret = identity_operations.create_key(name="Second", scopes=EVERYTHING, by=person, at=AT)
    return program(birch, secret=secret)


@pytest.fixture
def background(django_capture_on_commit_callbacks: Any) -> Iterator[Callable[[Any], Any]]:
    """``with background(alder):`` what a request enqueues is done at once, after its commit."""
    from config.celery import app

    @contextmanager
    def done_at_once(retailer: Any) -> Iterator[None]:
        with django_capture_on_commit_callbacks() as callbacks:
            yield
        with context.use(retailer):
            for callback in callbacks:
                callback()

    before, app.conf.task_always_eager = app.conf.task_always_eager, True
    yield done_at_once
    app.conf.task_always_eager = before
