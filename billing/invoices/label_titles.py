"""Names of a bill's time-of-use labels for people, as the calendars of its lines give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenants.tariffs import tariff_documents


def named(part: Mapping[str, Any]) -> dict[str, Any]:
    """This will return a stored part with ``label_titles``: its own, else those of the calendars of its lines."""
    calendars = dict.fromkeys(line.get("calendar") for line in part["bill"]["lines"])
    found: dict[str, Mapping[str, str]] = {}
    for name in calendars:
        if name:
            found = {**_titles(name), **found}
    return {**part, "label_titles": {**found, **(part.get("label_titles") or {})}}


def _titles(calendar: str) -> Mapping[str, Mapping[str, str]]:
    return tariff_documents.label_titles(name=calendar)
