"""Personal fields shown masked to who may not see them: the switch for the present request.

What is personal (``kernel.personal``) asks ``is_on`` where it is shown; whoever opens a page for such a reader turns it
on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_on: ContextVar[bool] = ContextVar("personal_fields_masked", default=False)


@contextmanager
def masked(*, unless: bool = False) -> Iterator[None]:
    """This will show personal fields masked within the block; ``unless`` leaves them as they are."""
    token = _on.set(not unless)
    try:
        yield
    finally:
        _on.reset(token)


def is_on() -> bool:
    """This will return whether personal fields are to be shown masked now."""
    return _on.get()
