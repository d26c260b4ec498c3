"""Give a company a new key, seal everything with it, and throw the old one away."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tenancy import company_keys, context, resealing


class Command(BaseCommand):
    help = (
        "Seal everything of a company with a new key. Cut anywhere, run it again with --go-on. The old key is thrown "
        "away with --retire: archives made before hold it and open as ever."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the company")
        parser.add_argument("--go-on", action="store_true", help="make no further key, finish an earlier run")
        parser.add_argument("--settle", type=float, default=0, help="seconds for running tasks to learn of the new key")
        parser.add_argument("--retire", action="store_true", help="throw the older keys away at the end")

    def handle(self, *args: Any, code: str, go_on: bool, settle: float, retire: bool, **options: Any) -> None:
        retailer = context.retailer_by_code(code=code)
        if not go_on:
            number = company_keys.add_key(retailer=retailer)
            time.sleep(settle)
            company_keys.start_sealing(retailer=retailer, number=number)
        retailer = context.retailer_by_code(code=code)
        with context.use(retailer):
            while done := resealing.reseal_some():
                self.stdout.write(f"{code}: {done} rows sealed anew")
        retired = resealing.retire_others(retailer=retailer) if retire else []
        self.stdout.write(f"{code}: key {retailer.key_envelope['seals']} seals, retired {retired or 'none'}")
