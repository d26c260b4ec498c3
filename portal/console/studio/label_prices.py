"""The numbers per label inside a formula: ``flat * {peak: 1.7, valley: 0.38}[label]`` has two."""

from __future__ import annotations

import re

_MAP = re.compile(r"\{([^{}]*)\}\s*\[\s*label\s*\]")
_NUMBER = re.compile(r"\d+(\.\d+)?")


def find(formula: str) -> dict[str, str]:
    """This will return the number of each label, nothing where the formula is not that simple."""
    maps = _MAP.findall(formula)
    if len(maps) != 1:
        return {}
    pairs = [entry.partition(":") for entry in maps[0].split(",")]
    found = {label.strip(): value.strip() for label, _, value in pairs}
    if "" in found or len(found) != len(pairs) or not all(_NUMBER.fullmatch(value) for value in found.values()):
        return {}
    return found


def is_whole_price(formula: str) -> bool:
    """This will tell whether the numbers are the prices themselves, with nothing around them."""
    return _MAP.fullmatch(formula.strip()) is not None


def replace(formula: str, values: dict[str, str]) -> str:
    """This will write other numbers into the formula, one for each label."""
    entries = ", ".join(f"{label}: {value}" for label, value in values.items())
    return _MAP.sub(lambda _: f"{{{entries}}}[label]", formula, count=1)
