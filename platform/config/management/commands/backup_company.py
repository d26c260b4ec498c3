"""Write a company to an archive: all of its tables and files from one snapshot, with manifest and checksums."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.management.companies import retailers_named
from hosting import operations
from kernel.errors import GridhallError


class Command(BaseCommand):
    help = "Back up one company, or all: an archive each, from one snapshot, while it goes on working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", nargs="?", help="the company; all when none is named")
        parser.add_argument("--to", type=Path, help="folder for the archives (else the company's own)")

    def handle(self, *args: Any, code: str | None, to: Path | None, **options: Any) -> None:
        try:
            for retailer in retailers_named(code):
                made = operations.back_up(code=retailer.code, at=dt.datetime.now(dt.UTC), folder=to)
                self.stdout.write(
                    f"{retailer.code}: {made.name}, {made.tables} tables, {made.rows} rows, {made.files} files,"
                    f" {made.size} bytes, sha256 {made.sha256}"
                )
        except GridhallError as refusal:
            raise CommandError(str(refusal)) from refusal
