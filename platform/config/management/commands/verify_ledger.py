"""Check the hash chain of the books of one company, or of all."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.ledger import queries
from tenancy import context, models


class Command(BaseCommand):
    help = "Compute every seal of the ledger again and report what was changed; prints the head to note elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", nargs="?", help="the company; all when none is named")
        parser.add_argument("--noted", help="a seal noted earlier that must still be in the chain")

    def handle(self, *args: Any, code: str | None, noted: str | None, **options: Any) -> None:
        changed = [retailer.code for retailer in _retailers(code) if not self._verify(retailer, noted)]
        if changed:
            raise CommandError(f"The books of {len(changed)} company(ies) were changed: {', '.join(changed)}")

    def _verify(self, retailer: models.Retailer, noted: str | None) -> bool:
        with context.use(retailer):
            report = queries.verify_chain(noted=noted)
        state = "intact" if report.intact else "CHANGED"
        self.stdout.write(
            f"{retailer.code}: {report.seals} seals, {report.postings} postings, {state}, head {report.head}"
        )
        for fault in report.faults:
            self.stderr.write(f"  {fault}")
        return report.intact


def _retailers(code: str | None) -> list[models.Retailer]:
    if code is not None:
        return [context.retailer_by_code(code=code)]
    return list(models.Retailer.objects.exclude(status=models.Retailer.Status.PROVISIONING).order_by("code"))
