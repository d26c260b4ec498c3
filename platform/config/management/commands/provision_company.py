"""``manage.py provision_company CODE --email --name``: what the provision queue does, by hand, as owner."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hosting import operations
from kernel.errors import GridhallError


class Command(BaseCommand):
    help = "Make the space and first administrator of a registered company (GRIDHALL_ROLE=owner)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            operations.provision_company(
                code=options["code"], admin_email=options["email"], admin_name=options["name"], at=timezone.now()
            )
        except GridhallError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{options['code']} is provisioned.")
