"""``manage.py demo_addresses``: where the demo is and who signs in, for people."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.demo import lanjiang, plans, wattlebird


class Command(BaseCommand):
    help = "Print the demo's addresses and sign-ins."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        domain = settings.PLATFORM_DOMAIN
        for plan in (lanjiang.plan(domain=domain), wattlebird.plan(domain=domain)):
            self._company(plan)
        self.stdout.write(f"\n  Hosting admin   {_url(f'operator.{domain}')}")
        self.stdout.write("    operator@gridhall.example")
        self.stdout.write(f"\n  Password of everyone: {plans.PASSWORD}\n")

    def _company(self, plan: plans.CompanyPlan) -> None:
        company = plan.company
        self.stdout.write(f"\n  {company.names['en']} · {company.names['zh-hans']}   {_url(company.host)}")
        for point in plan.points:
            if point.signs_in:
                shows = f" ({point.shows})" if point.shows else ""
                self.stdout.write(f"    {point.email:<32} {point.segment}: {point.name}{shows}")
        self.stdout.write(f"    Console         {_url(company.host)}console/")
        self.stdout.write(f"    {company.admin_email:<32} administrator: {company.admin_name}")
        for email, name, roles in plan.staff:
            self.stdout.write(f"    {email:<32} {', '.join(roles)}: {name}")


def _url(host: str) -> str:
    return f"http://{host}{':' + settings.PUBLIC_PORT if settings.PUBLIC_PORT else ''}/"
