"""Gives the database's refusals a name: a broken constraint becomes an error a person can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from kernel.errors import GridhallError


@contextmanager
def named(errors: Mapping[str, GridhallError]) -> Iterator[None]:
    """Run the block in a savepoint; when a constraint in ``errors`` refuses it, raise the error given for it."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as refusal:
        diagnosis = getattr(refusal.__cause__, "diag", None)
        error = errors.get(getattr(diagnosis, "constraint_name", None) or "")
        if error is None:
            raise
        raise error from refusal
