"""Close the books of one company, or of all, up to a day; and write the closings where they are safe."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from billing.ledger import operations, queries
from config.management.companies import retailers_named
from kernel.errors import GridhallError
from tenancy import context, models


class Command(BaseCommand):
    help = "Close the books up to the end of a day (yesterday) and export every closing as a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", nargs="?", help="the company; all when none is named")
        parser.add_argument("--day", type=dt.date.fromisoformat, help="the last day to close, as in 2026-03-31")
        parser.add_argument("--to", type=Path, help="folder for the closings, one file a company and day")

    def handle(self, *args: Any, code: str | None, day: dt.date | None, to: Path | None, **options: Any) -> None:
        for retailer in retailers_named(code):
            with context.use(retailer):
                self._close(retailer, day)
                if to is not None:
                    self._export(retailer, to)

    def _close(self, retailer: models.Retailer, day: dt.date | None) -> None:
        at = dt.datetime.now(dt.UTC)
        today = at.astimezone(ZoneInfo(retailer.time_zone)).date()
        try:
            made = operations.close_day(day=day or today - dt.timedelta(days=1), today=today, at=at)
        except operations.AlreadyClosed as refusal:
            self.stdout.write(f"{retailer.code}: {refusal}")
        except GridhallError as refusal:
            raise CommandError(f"{retailer.code}: {refusal}") from refusal
        else:
            self.stdout.write(f"{retailer.code}: closed {made.day}, {made.position} seals, proof {made.proof}")

    def _export(self, retailer: models.Retailer, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for row in queries.closings():
            path = folder / f"{retailer.code}-{row.day.isoformat()}.json"
            if not path.exists():
                document = row.as_closing().document(company=retailer.code)
                path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
