"""``manage.py bill_run --retailer alder --month 2026-09 [--issue]``: a bill run in this process, step by step."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.runs import operations, queries
from kernel.errors import GridhallError
from kernel.periods import Period
from tenancy import context


def month(text: str) -> Period:
    """Return the month written as in 2026-09."""
    try:
        first = dt.date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is not a month such as 2026-09.") from error
    return Period.of_month(first.year, first.month)


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Bill a month of a company: select and rate, with --issue also number, freeze and post. Again: it goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--retailer", required=True, help="the company's code")
        parser.add_argument("--month", required=True, type=month)
        parser.add_argument("--issue", action="store_true", help="issue what was rated")
        parser.add_argument(
            "--billing-date", type=dt.date.fromisoformat, help="the date on the bills; else the company's today"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with context.use(context.retailer_by_code(code=options["retailer"])) as retailer:
                self._bill(options, ZoneInfo(retailer.time_zone))
        except GridhallError as refusal:
            raise CommandError(str(refusal)) from refusal

    def _bill(self, options: dict[str, Any], zone: ZoneInfo) -> None:
        now = timezone.now()
        run = queries.open_run(period=options["month"]) or operations.create_run(period=options["month"], at=now)
        run = operations.run_to_review(run=run, at=now)
        if options["issue"]:
            today = now.astimezone(zone).date()
            run = operations.issue_run_now(run=run, billing_date=options["billing_date"] or today, at=now)
        progress = queries.progress(run=run)
        counts = ", ".join(f"{count} {state}" for state, count in sorted(progress.counts.items()))
        totals = ", ".join(f"{total:.2f} {currency}" for currency, total in sorted(progress.totals.items()))
        self.stdout.write(f"Bill run {run.number} is in state {run.state}: {counts}; {totals or 'no amount'}.")
        for reason, count in queries.reason_counts(run=run).items():
            self.stdout.write(f"  {count} × {reason}")
