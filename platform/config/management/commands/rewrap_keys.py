"""Wrap the companies' keys with the platform's newest key, so that an older one can be taken out."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.management.companies import retailers_named
from kernel.errors import GridhallError
from tenancy import company_keys


class Command(BaseCommand):
    help = "Wrap each company's keys with the first of GRIDHALL_SECRETS_KEYS; then the others may be taken out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", nargs="?", help="the company; all when none is named")

    def handle(self, *args: Any, code: str | None, **options: Any) -> None:
        refused = []
        for retailer in retailers_named(code):
            try:
                changed = company_keys.rewrap(retailer=retailer)
            except GridhallError as error:
                refused.append(retailer.code)
                self.stderr.write(f"{retailer.code}: {error}")
                continue
            self.stdout.write(f"{retailer.code}: {'wrapped anew' if changed else 'wrapped by the newest key already'}")
        if refused:
            raise CommandError(f"The keys of {len(refused)} company(ies) do not open: {', '.join(refused)}")
