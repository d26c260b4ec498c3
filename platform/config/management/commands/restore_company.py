"""Make a company from an archive (GRIDHALL_ROLE=owner): a new one, or one put back to what the archive holds."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hosting import operations
from kernel.errors import GridhallError


class Command(BaseCommand):
    help = "Restore a company from an archive: as a new company, or with --replace in the place of what stands there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archive", type=Path, help="the file that backup_company wrote")
        parser.add_argument("--code", help="the code of the new company where its own is taken")
        parser.add_argument("--replace", metavar="REASON", help="put the company of that archive back to it, and why")

    def handle(self, *args: Any, archive: Path, code: str | None, replace: str | None, **options: Any) -> None:
        at = dt.datetime.now(dt.UTC)
        try:
            if replace is None:
                made = operations.restore_company(path=archive, at=at, code=code)
            else:
                named = code or _code_of(archive)
                made = operations.replace_from_backup(code=named, path=archive, reason=replace, at=at)
        except GridhallError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{made.code}: restored from {archive.name} into {made.schema_name}")


def _code_of(archive: Path) -> str:
    from tenancy import archives

    return archives.read_manifest(path=archive).code
