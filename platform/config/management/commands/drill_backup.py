"""Prove a backup (GRIDHALL_ROLE=owner): restore it into a scratch schema and compare it row by row."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hosting import operations, queries
from kernel.errors import GridhallError


class Command(BaseCommand):
    help = "Restore a company's latest backup into a scratch schema, compare every row and file, and drop it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the company")

    def handle(self, *args: Any, code: str, **options: Any) -> None:
        latest = queries.latest_backup(code=code)
        if latest is None:
            raise CommandError(f"{code}: there is no backup yet; run backup_company first.")
        try:
            tried = operations.drill(backup_id=latest.pk, at=dt.datetime.now(dt.UTC))
        except GridhallError as refusal:
            raise CommandError(f"{code}: {refusal}") from refusal
        for each in tried.differences or []:
            self.stderr.write(f"  {each['name']}: {each['expected']} expected, {each['found']} found {each['place']}")
        if not tried.is_proven:
            raise CommandError(f"{code}: {tried.name} differs in {len(tried.differences or [])} place(s).")
        self.stdout.write(f"{code}: {tried.name} restored and compared, {tried.rows} rows, nothing differs")
