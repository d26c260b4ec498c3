"""``manage.py seed_demo``: the operator and two companies with thirteen months of bills (as owner; once).

The owner makes the spaces; then each company is filled by a process of its own with the unprivileged login, both at
once. A company that was cut off half-way is dropped and made anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.demo import lanjiang, plans, seeding, spaces, wattlebird
from hosting import going_live, operations, plan_queries
from hosting.operations import offering, subscriptions
from tenancy import context, provisioning
from tenancy import models as tenancy_models

PLANS = {"lanjiang": lanjiang.plan, "wattlebird": wattlebird.plan}
SUBSCRIPTIONS = {"lanjiang": "enterprise", "wattlebird": "growth"}


def operator(domain: str) -> operations.NewCompany:
    """Return the company that hosts the others."""
    return operations.NewCompany(
        code="operator",
        host=f"operator.{domain}",
        names={"en": "Gridhall", "zh-hans": "Gridhall 电厅"},
        legal_name="Gridhall Hosting",
        market="cn",
        currency="CNY",
        time_zone="Asia/Shanghai",
        default_language="en",
        admin_email="operator@gridhall.example",
        admin_name="Operator",
        kind="operator",
    )


class Command(BaseCommand):
    help = "Make the demo companies (GRIDHALL_ROLE=owner); does nothing when they stand."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", choices=sorted(PLANS), help="fill this provisioned company only")
        parser.add_argument("--space", type=int, help="fill the demo space of this sign-up only")

    def handle(self, *args: Any, **options: Any) -> None:
        domain = settings.PLATFORM_DOMAIN
        if options["space"]:
            spaces.fill(sign_up_id=options["space"])
            return
        if options["company"]:
            self._fill(PLANS[options["company"]](domain=domain))
            return
        if settings.PROCESS_ROLE != "owner":
            raise CommandError("Run this with GRIDHALL_ROLE=owner and DATABASE_OWNER_URL set.")
        self._provision(operator(domain))
        waiting = [code for code, plan in PLANS.items() if self._prepare(plan(domain=domain).company)]
        self._fill_all(waiting)
        self._subscribe()

    def _prepare(self, company: operations.NewCompany) -> bool:
        """Make the space of ``company`` unless it is there and full; return whether it is to be filled."""
        retailer = self._provision(company)
        if retailer.live_since is None:
            going_live.declare(retailer=retailer, at=timezone.now(), reason="demo")
        with context.use(retailer):
            if seeding.is_filled():
                return False
            empty = not seeding.is_begun()
        if not empty:
            self.stdout.write(f"{company.code}: was cut off half-way; made anew")
            self._make_anew(retailer)
            self._provision(company)
        return True

    def _provision(self, company: operations.NewCompany) -> Any:
        try:
            context.retailer_by_code(code=company.code)
        except context.UnknownRetailer:
            operations.register_company(company=company, at=timezone.now())
        return operations.provision_company(
            code=company.code,
            admin_email=company.admin_email,
            admin_name=company.admin_name,
            at=timezone.now(),
            admin_password=plans.PASSWORD,
        )

    def _subscribe(self) -> None:
        """Offer the usual plans and sign the companies up, paying by the host's own invoices; what stands stays."""
        offering.load_defaults(at=timezone.now())
        for code, plan in SUBSCRIPTIONS.items():
            if plan_queries.subscription(code=code) is None:
                subscriptions.subscribe(code=code, plan=plan, collection="manual", trial_days=0, at=timezone.now())

    def _make_anew(self, retailer: Any) -> None:
        provisioning.drop_schema(retailer=retailer)
        status = tenancy_models.Retailer.Status.PROVISIONING
        tenancy_models.Retailer.objects.filter(pk=retailer.pk).update(status=status)

    def _fill_all(self, codes: Sequence[str]) -> None:
        """Fill each in a process of its own: as the unprivileged login, and on as many cores."""
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
        environment["GRIDHALL_ROLE"] = "app"
        environment["CELERY_BROKER_URL"] = "memory://localhost/"  # what tasks would do, the seed does in its own time
        started = [
            subprocess.Popen([sys.executable, sys.argv[0], "seed_demo", "--company", code], env=environment)
            for code in codes
        ]
        failed = [code for code, process in zip(codes, started, strict=True) if process.wait() != 0]
        if failed:
            raise CommandError(f"could not be filled: {', '.join(failed)}; what went wrong stands above.")

    def _fill(self, plan: plans.CompanyPlan) -> None:
        with context.use(context.retailer_by_code(code=plan.company.code)):
            seeding.fill(plan=plan, say=self._say)
            operations.measure_health(at=timezone.now())

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
