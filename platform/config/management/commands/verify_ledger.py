"""Check the hash chain of the books of one company, or of all."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.ledger import closing, queries
from config.management.companies import retailers_named
from kernel.errors import GridhallError
from tenancy import context, models


class Command(BaseCommand):
    help = "Compute every seal of the ledger again and report what was changed; prints the head to note elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", nargs="?", help="the company; all when none is named")
        parser.add_argument("--noted", help="a seal noted earlier that must still be in the chain")
        parser.add_argument("--closings", type=Path, help="folder of exported closings (close_books --to)")

    def handle(
        self, *args: Any, code: str | None, noted: str | None, closings: Path | None = None, **options: Any
    ) -> None:
        exported = _exported(closings) if closings else {}
        changed = [
            retailer.code
            for retailer in retailers_named(code)
            if not self._verify(retailer, noted, exported.get(retailer.code, []))
        ]
        if changed:
            raise CommandError(f"The books of {len(changed)} company(ies) were changed: {', '.join(changed)}")

    def _verify(self, retailer: models.Retailer, noted: str | None, exported: list[closing.Closing]) -> bool:
        with context.use(retailer):
            report = queries.verify_chain(noted=noted, exported=exported)
        state = "intact" if report.intact else "CHANGED"
        self.stdout.write(
            f"{retailer.code}: {report.seals} seals, {report.postings} postings, {state}, head {report.head}"
        )
        for fault in report.faults:
            self.stderr.write(f"  {fault}")
        return report.intact


def _exported(folder: Path) -> dict[str, list[closing.Closing]]:
    """Read the exported closings of a folder, by company."""
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}.")
    found: dict[str, list[closing.Closing]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text("utf-8"))
            found.setdefault(document["company"], []).append(closing.read(document))
        except (GridhallError, ValueError, KeyError, TypeError) as refusal:
            raise CommandError(f"{path.name}: this is no exported closing ({refusal}).") from refusal
    return found
