"""The order in which people read a tariff document; the database keeps none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = """
tariff code title unit currency calendar parameters facts tables channels carried charges
quantity by price tiers mode window already share bands to flat round payee post
min max default below value of take next keep first en zh-hans note source
"""
_RANKS = {name: rank for rank, name in enumerate(_WORDS.split())}


def ordered(value: Any) -> Any:
    """This will return the document with the names of each part in reading order; unknown ones follow as they stand."""
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: _RANKS.get(name, len(_RANKS)))
        return {name: ordered(value[name]) for name in names}
    return [ordered(part) for part in value] if isinstance(value, list) else value
