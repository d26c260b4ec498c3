"""Take away the second factor of a person who lost it; the last way, when no colleague can do it in the console."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from identity import queries, second_factor
from kernel.errors import GridhallError
from tenancy import context


class Command(BaseCommand):
    help = "Take a person's second factor away and end the sessions; a new one is set up at the next sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the company, or the operator's own code")
        parser.add_argument("email", help="the address the person signs in with")

    def handle(self, *args: Any, code: str, email: str, **options: Any) -> None:
        try:
            with context.use(context.retailer_by_code(code=code)):
                person = queries.user_by_email(email=email)
                second_factor.reset(user=person, by=None, at=timezone.now())
        except GridhallError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{code}: {email} has no second factor now")
