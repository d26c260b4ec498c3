"""``manage.py fleet``: migrations of the registry, the template and all companies, and how far they are."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kernel.errors import GridhallError
from tenancy import fleet
from tenancy.fleet.crew import Patience


class Command(BaseCommand):
    help = "Migrate the registry, the template schema and every company, in waves; or tell how far they are."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, words in {"migrate": "bring all to the newest tables", "plan": "show the waves only"}.items():
            _add_choices(actions.add_parser(name, help=f"{words} (GRIDHALL_ROLE=owner)"))
        status = actions.add_parser("status", help="show how far each company is")
        status.add_argument("--json", action="store_true", help="as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        action = {"migrate": self._migrate, "plan": self._plan, "status": self._status}[options["action"]]
        try:
            action(options)
        except GridhallError as error:
            raise CommandError(str(error)) from error

    def _migrate(self, options: dict[str, Any]) -> None:
        _refuse_unless_owner()
        report = fleet.migrate(at=timezone.now(), say=self._say, options=_options(options))
        if options["report"]:
            Path(options["report"]).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
        counts, seconds = report["counts"], report["seconds"]
        if not report["companies"]:
            self._say(f"Every company is at the newest tables ({seconds:.1f} s)")
            return
        self._say(", ".join(f"{number} {state}" for state, number in counts.items()) + f" in {seconds:.1f} s")
        if report["state"] != "done":
            raise CommandError("Not every company was migrated; `fleet status` says why. Run this again.")

    def _plan(self, options: dict[str, Any]) -> None:
        _refuse_unless_owner()
        for number, codes in enumerate(fleet.plan(options=_options(options)), start=1):
            self._say(f"Wave {number}: {', '.join(codes)}")

    def _status(self, options: dict[str, Any]) -> None:
        rows = fleet.standing(fingerprint=fleet.migrations_fingerprint())
        if options["json"]:
            self._say(json.dumps([_plain(row) for row in rows], indent=2))
        else:
            self._say(f"The template of new companies: {fleet.template_state()}")
            for row in rows:
                when = f"{row.at:%F %T}" if row.at else "never"
                self._say(
                    f"{row.code:<24} {row.state:<8} {when}  {row.error.splitlines()[0] if row.error else ''}".rstrip()
                )
        behind = sum(row.state != "done" for row in rows)
        if behind:
            raise CommandError(f"{behind} of {len(rows)} companies are not at the newest tables.", returncode=3)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        sys.stdout.flush()


def _add_choices(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--only", action="append", default=[], metavar="CODE", help="this company; may be repeated")
    add("--canary", action="append", default=[], metavar="CODE", help="in the first wave; may be repeated")
    add("--wave-size", type=_number, default=10, metavar="N", help="of the second wave; each next is twice as large")
    add("--parallel", type=_number, default=1, metavar="N", help="processes")
    add("--stop-after-failures", type=_number, default=3, metavar="N", help="begin no further company then")
    add("--lock-timeout", default="5s", metavar="TIME", help="how long a statement waits for a lock")
    add("--statement-timeout", default="0", metavar="TIME", help="how long a statement may take; 0: no limit")
    add("--attempts", type=_number, default=5, metavar="N", help="tries of a company whose locks are taken")
    add("--report", metavar="FILE", help="write what was done as JSON")


def _options(options: dict[str, Any]) -> fleet.Options:
    return fleet.Options(
        wave_size=options["wave_size"],
        parallel=options["parallel"],
        stop_after_failures=options["stop_after_failures"],
        only=tuple(options["only"]),
        canaries=tuple(options["canary"]),
        patience=Patience(options["lock_timeout"], options["statement_timeout"], options["attempts"]),
    )


def _plain(row: fleet.Standing) -> dict[str, Any]:
    return {
        "code": row.code,
        "state": row.state,
        "wave": row.wave,
        "attempts": row.attempts,
        "seconds": row.seconds,
        "at": row.at.isoformat() if row.at else None,
        "error": row.error,
    }


def _number(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is no number from 1 on")
    return number


def _refuse_unless_owner() -> None:
    if settings.PROCESS_ROLE != "owner":
        raise CommandError("Run this with GRIDHALL_ROLE=owner and DATABASE_OWNER_URL set.")
