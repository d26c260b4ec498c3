"""``python manage.py rate FILE.json``: rates worked cases and says which amounts differ. Needs no database."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.rating import cases
from markets import packs


class _MarketTables(Mapping[str, Sequence[Mapping[str, Any]]]):
    """The step tables of all market packs, read when a tariff names one."""

    def __getitem__(self, name: str) -> Sequence[Mapping[str, Any]]:
        return self._tables()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables())

    def __len__(self) -> int:
        return len(self._tables())

    def _tables(self) -> dict[str, Sequence[Mapping[str, Any]]]:
        return {name: rows for code in packs.codes() for name, rows in packs.pack(code).tables.items()}


class Command(BaseCommand):
    help = "Rates the cases of a file and compares every expected amount; exits 1 if any differs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=pathlib.Path, metavar="FILE.json")

    def handle(self, *args: Any, file: pathlib.Path, **options: Any) -> None:
        try:
            results = cases.run(file.read_text(encoding="utf-8"), tables=_MarketTables())
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"{file} cannot be read as cases: {error}") from error
        for result in results:
            self.stdout.write(str(result))
        different = sum(not result.ok for result in results)
        self.stderr.write(f"{len(results) - different} of {len(results)} values agree.")
        if different:
            sys.exit(1)
