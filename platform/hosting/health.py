"""Figures of a company's health: rooms above register a probe; the company's own worker runs them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Probe = Callable[[], Any]
_probes: dict[str, Probe] = {}
_data: dict[str, Callable[[], bool]] = {}


def register(name: str, probe: Probe) -> None:
    """Add a figure: ``probe`` runs in the company's own space and returns a number, a date in text or None."""
    _probes[name] = probe


def measure() -> dict[str, Any]:
    """Return every registered figure of the company worked for."""
    return {name: probe() for name, probe in sorted(_probes.items())}


def register_data(name: str, holds: Callable[[], bool]) -> None:
    """Add a kind of data: ``holds`` tells in the company's own space whether any of it stands there."""
    _data[name] = holds


def data_held() -> list[str]:
    """Return the kinds of data that stand in the company worked for."""
    return [name for name, holds in sorted(_data.items()) if holds()]
