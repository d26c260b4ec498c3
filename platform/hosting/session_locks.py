"""Locks of a database session: who holds one works alone on something, and they fall with the process that dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, InternalError, OperationalError, connection

from tenancy import context

LANE, JOB, SUBSCRIPTION = 7_101, 7_102, 7_103
"""The families of locks: a place in which jobs run, a job, a subscription at the payment provider."""


@contextmanager
def tried(family: int, number: int) -> Iterator[bool]:
    """Hold the lock if it is free; what is given says whether it was."""
    with context.use_public(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [family, number])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            _give_back(family, number)


@contextmanager
def waited_for(family: int, number: int) -> Iterator[None]:
    """Hold the lock as soon as whoever has it is done."""
    with context.use_public(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [family, number])
    try:
        yield
    finally:
        _give_back(family, number)


def _give_back(family: int, number: int) -> None:
    """Give the lock back; with a lost connection it is given back already."""
    try:
        with context.use_public(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [family, number])
    except (OperationalError, InterfaceError, InternalError):
        connection.close()
