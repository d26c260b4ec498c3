"""``manage.py rerate_invoices --retailer alder [--limit 100]``: rate issued invoices again and compare the bytes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.runs import rerating
from kernel.errors import GridhallError
from tenancy import context

SHOWN = 10


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Rate the issued invoices of a company again from what they stored; fails when one comes out differently."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--retailer", required=True, help="the company's code")
        parser.add_argument("--limit", type=int, help="only so many, the oldest first")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with context.use(context.retailer_by_code(code=options["retailer"])):
                checked = rerating.check(limit=options["limit"])
        except GridhallError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{checked.same} invoices rate to the same bytes.")
        if checked.changed:
            self.stdout.write(f"{len(checked.changed)} have inputs with newer versions: {_some(checked.changed)}")
        if checked.different:
            raise CommandError(f"{len(checked.different)} rate to another result: {_some(checked.different)}")


def _some(numbers: list[str]) -> str:
    return ", ".join(numbers[:SHOWN]) + (" …" if len(numbers) > SHOWN else "")
