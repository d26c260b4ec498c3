"""What was to happen after a commit, without the sealing of the audit trail, which follows every deed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from identity import trail


def tasks_of(callbacks: Sequence[Callable[[], Any]]) -> list[Callable[[], Any]]:
    """Return the callbacks that send something."""
    return [each for each in callbacks if each is not trail.seal]
