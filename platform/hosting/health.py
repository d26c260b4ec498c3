"""Figures of a company's health: rooms above register a probe; the company's own worker runs them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Probe = Callable[[], Any]
_probes: dict[str, Probe] = {}


def register(name: str, probe: Probe) -> None:
    """Add a figure: ``probe`` runs in the company's own space and returns a number, a date in text or None."""
    _probes[name] = probe


def measure() -> dict[str, Any]:
    """Return every registered figure of the company worked for."""
    return {name: probe() for name, probe in sorted(_probes.items())}
