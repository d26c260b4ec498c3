"""Databases of a test's own, where commits are real, and the way there and back."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

from config import environment
from harness import databases


@contextmanager
def cloned(blocker: Any, *, source: str | None = None) -> Iterator[str]:
    """Work on a copy of a database (of the template, where none is named); yields its name."""
    name = copied(source=source)
    with opened(name, blocker):
        yield name
    databases.drop(name)


def copied(*, source: str | None = None) -> str:
    """Copy a database (the template, where none is named); returns the copy's name."""
    return databases.copy(source or databases.template(), f"gridhall_{os.getpid()}_{uuid.uuid4().hex[:8]}")


@contextmanager
def opened(name: str, blocker: Any) -> Iterator[None]:
    """Work on database ``name``, with real commits, and go back to the worker's own."""
    before = connection.settings_dict["NAME"]
    with blocker.unblock():
        connections.close_all()
        point_to(name)
        connection.set_schema_to_public()
        yield
        connections.close_all()
        point_to(before)


def point_to(name: str) -> None:
    """Let the program's connection lead to a database."""
    url = databases.server().url(user="gridhall_app", database=name)
    connection.close()
    connections.settings["default"].update(environment.database(url))
    connection.settings_dict.update(environment.database(url))
