"""Kinds of synthetic data for demo spaces: whoever makes the data declares them, forms and checks read them here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.errors import NotFound, gettext_noop


@dataclass(frozen=True, slots=True)
class Kind:
    """What a demo can show: its name for people, and the market and region it plays in, such as ``au/NSW``."""

    code: str
    titles: Mapping[str, str]
    place: str


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Offer a kind of synthetic data."""
    _kinds[kind.code] = kind


def kinds() -> list[Kind]:
    """Return what is offered, in its order."""
    return list(_kinds.values())


def kind(code: str) -> Kind:
    """Return a kind; raises NotFound at the field ``demo``."""
    found = _kinds.get(code)
    if found is None:
        raise NotFound(what=gettext_noop("kind of demo"), name=code, where="demo")
    return found
