"""``manage.py migrate_fleet``: registry, template and every company, as owner."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenancy import fleet


class Command(BaseCommand):
    help = "Migrate the registry, the template schema and every company (GRIDHALL_ROLE=owner)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PROCESS_ROLE != "owner":
            raise CommandError("Run this with GRIDHALL_ROLE=owner and DATABASE_OWNER_URL set.")
        failed = fleet.migrate(at=timezone.now(), say=self.stdout.write)
        if failed:
            raise CommandError(f"{failed} companies were not migrated; their records say why. Run this again.")
