"""Reading the data files of the packs: YAML whose numbers keep their own text, and CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from billing.rating import documents
from billing.rating.errors import TariffError
from kernel.errors import GridhallError, gettext_noop

ROOT = Path(__file__).parent


class PackFault(GridhallError):
    """A file of a market pack cannot be used."""

    code = "pack_fault"
    template = gettext_noop("The market file {file} cannot be used: {reason}")


def read_yaml(path: Path) -> Any:
    """This will read one YAML document as tariffs are read: a decimal comes back as its own text. Raises PackFault."""
    try:
        return documents.read(path.read_text(encoding="utf-8"))
    except (OSError, TariffError) as fault:
        raise PackFault(file=path.name, reason=str(fault)) from fault


def read_rows(path: Path) -> list[dict[str, str]]:
    """This will read a CSV file with a header. Raises PackFault."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    except OSError as fault:
        raise PackFault(file=path.name, reason=str(fault)) from fault


def documents_in(folder: Path) -> Iterator[Any]:
    """This will read all YAML documents of a folder in the order of their names."""
    return (read_yaml(path) for path in sorted(folder.glob("*.yaml")))
