"""The database's refusals by name: a violated constraint becomes the error that a person can act on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from django.db import IntegrityError

from kernel.errors import GridhallError


@contextlib.contextmanager
def named(refusals: Mapping[str, GridhallError]) -> Iterator[None]:
    """Raise ``refusals[name]`` where the database refuses by the constraint or trigger ``name``; others pass as they are."""
    try:
        yield
    except IntegrityError as refusal:
        name = constraint_of(refusal)
        if name not in refusals:
            raise
        raise refusals[name] from refusal


def constraint_of(refusal: IntegrityError) -> str:
    """Return the name of the constraint or trigger that refused, or the empty text."""
    diagnosis = getattr(refusal.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
