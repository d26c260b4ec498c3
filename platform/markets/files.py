"""Reading the data files of the packs: YAML whose numbers keep their own text, and CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kernel.errors import GridhallError, gettext_noop

ROOT = Path(__file__).parent


class PackFault(GridhallError):
    """A file of a market pack cannot be used."""

    code = "pack_fault"
    template = gettext_noop("The market file {file} cannot be used: {reason}")


class _TextLoader(yaml.SafeLoader):
    """YAML in which only null, true, false and whole numbers are not text: 23.50 stays “23.50”."""


_TextLoader.yaml_implicit_resolvers = {}
_TextLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(~|null|)$"), ["~", "n", ""])
_TextLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), ["t", "f"])
_TextLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]*)$"), list("-0123456789"))


def read_yaml(path: Path) -> Any:
    """This will read one YAML document; a decimal comes back as its own text. Raises PackFault."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as fault:
        raise PackFault(file=path.name, reason=str(fault)) from fault


def parse_yaml(text: str) -> Any:
    """This will parse YAML in which a decimal comes back as its own text."""
    return yaml.load(text, Loader=_TextLoader)  # noqa: S506 - a SafeLoader with fewer types


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
