"""Ask for a company's end, take it back, or carry it out when its day has come (GRIDHALL_ROLE=owner for the last)."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hosting import deletion_mails, deletion_queries
from hosting.operations import deleting, ending
from kernel.errors import GridhallError


class Command(BaseCommand):
    help = "Ask for a company's end; with --revoke take it back, with --carry-out do it once its day has come."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the company")
        parser.add_argument("--typed", default="", help="the company's code once more, so that no slip deletes one")
        parser.add_argument("--reason", default="", help="why; the company reads it")
        parser.add_argument("--meanwhile", choices=("closed", "read_only"), default="closed")
        deed = parser.add_mutually_exclusive_group()
        deed.add_argument("--revoke", action="store_true", help="take it back")
        deed.add_argument("--carry-out", action="store_true", help="remove everything now that the day has come")

    def handle(self, *args: Any, code: str, revoke: bool, carry_out: bool, **options: Any) -> None:
        at = dt.datetime.now(dt.UTC)
        try:
            if carry_out:
                self._carry_out(code, at)
            elif revoke:
                deleting.revoke(code=code, reason=options["reason"], at=at)
                self.stdout.write(f"{code}: taken back")
            else:
                made = deleting.ask(
                    code=code, typed=options["typed"], reason=options["reason"], meanwhile=options["meanwhile"], at=at
                )
                self.stdout.write(f"{code}: will be deleted on {made.due_at:%F %T} UTC; until then {made.meanwhile}")
        except GridhallError as refusal:
            raise CommandError(f"{code}: {refusal}") from refusal

    def _carry_out(self, code: str, at: dt.datetime) -> None:
        found = deletion_queries.open_one(code=code)
        if found is None:
            raise CommandError(f"{code}: its end was not asked for, or it is over.")
        done = ending.carry_out(deletion_id=found.pk, at=at)
        deletion_mails.send_certificate(deletion_id=found.pk)
        digest = done.certificate["signature"]["sha256"] if done.certificate else ""
        self.stdout.write(f"{code}: deleted, certificate {digest}")
