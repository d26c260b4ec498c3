"""Personal fields shown masked to who has not asked to see them: one switch for the present request, one way to mask.

Fields that hold what is personal ask ``is_on`` when they are read; whoever opens a page for such a reader turns it on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MASK = "•••"
KEPT_LETTERS = 1
KEPT_DIGITS = 2
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


def mask(text: str) -> str:
    """This will return a text of which little more than its kind is left.

    >>> mask("Wang Xiaoming"), mask("wang@example.com"), mask("13812345678"), mask("")
    ('W•••', 'w•••@•••', '•••78', '')
    """
    text = text.strip()
    if not text:
        return ""
    if "@" in text:
        return f"{text[:KEPT_LETTERS]}{MASK}@{MASK}"
    if re.fullmatch(r"[\d\s+()./-]+", text):
        return f"{MASK}{text[-KEPT_DIGITS:]}" if len(text) > KEPT_DIGITS * 2 else MASK
    return f"{text[:KEPT_LETTERS]}{MASK}"
