"""Check the chain over the audit trail of one company, or of all."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.management.companies import retailers_named
from identity import trail
from tenancy import context, models


class Command(BaseCommand):
    help = "Follow the chain over the audit trail and report where it breaks; prints the newest link to note elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", nargs="?", help="the company; all when none is named")
        parser.add_argument("--noted", default="", help="a link noted earlier that must still be in the chain")

    def handle(self, *args: Any, code: str | None, noted: str, **options: Any) -> None:
        changed = [retailer.code for retailer in retailers_named(code) if not self._verify(retailer, noted)]
        if changed:
            raise CommandError(f"The audit trail of {len(changed)} company(ies) was changed: {', '.join(changed)}")

    def _verify(self, retailer: models.Retailer, noted: str) -> bool:
        with context.use(retailer):
            late = trail.seal_everything()
            verdict = trail.verify(expect=noted)
        state = "intact" if verdict.intact else "CHANGED"
        self.stdout.write(f"{retailer.code}: {verdict.sealed} links ({late} new), {state}, head {verdict.head or '-'}")
        if verdict.broken_at:
            self.stderr.write(f"  the chain breaks at link {verdict.broken_at}")
        if not verdict.expected_found:
            self.stderr.write("  the noted link is not in the chain: the trail was cut or written anew")
        return verdict.intact
