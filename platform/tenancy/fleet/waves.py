"""In which order companies are migrated: a few first, then ever more. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

GROWTH = 2
CANARIES_BY_DEFAULT = 1


def waves(*, codes: Sequence[str], first: Collection[str], canaries: Collection[str], size: int) -> list[list[str]]:
    """This will part ``codes`` into waves that keep their order.

    The first wave holds the companies ``first`` (the host's own) and the canaries that are among ``codes``; without a
    canary, one company of ``codes`` serves as one. The second holds ``size``, each further one twice as many.
    """
    early = [code for code in codes if code in first]
    tried = [code for code in codes if code in canaries and code not in first]
    rest = [code for code in codes if code not in first and code not in canaries]
    if not tried:
        tried, rest = rest[:CANARIES_BY_DEFAULT], rest[CANARIES_BY_DEFAULT:]
    parts = [[*early, *tried]] if early or tried else []
    while rest:
        parts.append(rest[:size])
        rest, size = rest[size:], size * GROWTH
    return parts
