"""A tariff document as people read it: in reading order, which the database does not keep, and without idle quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tenants.tariffs import json_numbers, tariff_documents

_WORDS = """
tariff code title unit currency calendar parameters facts tables channels carried charges
quantity by price tiers mode window already share bands to flat round payee post
min max default below value of take next keep first en zh-hans note source
"""
_RANKS = {name: rank for rank, name in enumerate(_WORDS.split())}


_QUOTED_DECIMAL = re.compile(r"(?m)(?<=: )'(-?\d+\.\d+)'$")


def as_text(document: Mapping[str, Any]) -> str:
    """This will write the document as YAML; a decimal needs no quotes, it is read as its own text."""
    return _QUOTED_DECIMAL.sub(r"\1", tariff_documents.as_text(ordered(document)))


def as_json(document: Mapping[str, Any]) -> str:
    """This will write the document as JSON, every decimal as its own text."""
    return json.dumps(ordered(document), cls=json_numbers.Encoder, ensure_ascii=False)


def ordered(value: Any) -> Any:
    """This will return the document with the names of each part in reading order; unknown ones follow as they stand."""
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: _RANKS.get(name, len(_RANKS)))
        return {name: ordered(value[name]) for name in names}
    return [ordered(part) for part in value] if isinstance(value, list) else value
