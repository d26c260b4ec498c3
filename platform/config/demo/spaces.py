"""Demo spaces on request: the synthetic companies of `make demo`, under the name of whoever asks."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.utils import timezone

from config.demo import plans
from hosting import demo_kinds, operations, signup_queries
from hosting.operations import demo_spaces, sign_up_steps
from tenancy import context

BEGUN = 1
"""The first word says that somebody is at it; each stage of ``seeding`` says one more."""
LONGEST_WORD = 300


def register() -> None:
    """Offer the kinds of synthetic data that there are."""
    demo_kinds.register(
        demo_kinds.Kind(
            "lanjiang",
            {
                "en": "A demo: homes, shops, factories and roofs in China",
                "zh-hans": "演示：中国的居民、商铺、工厂与屋顶光伏",
            },
            "cn/CN",
        )
    )
    demo_kinds.register(
        demo_kinds.Kind(
            "wattlebird",
            {
                "en": "A demo: homes, businesses and roofs in Australia",
                "zh-hans": "演示：澳大利亚的居民、企业与屋顶光伏",
            },
            "au/NSW",
        )
    )


def plan_of(*, kind: str, domain: str) -> plans.CompanyPlan:
    """Return a kind of company as it is filled; raises NotFound."""
    from config.demo import lanjiang, wattlebird

    made = {"lanjiang": lanjiang.plan, "wattlebird": wattlebird.plan}
    return made[demo_kinds.kind(kind).code](domain=domain)


def order(*, sign_up_id: int) -> None:
    """Fill a space in a process of its own, whose orders reach no worker, and let the owner carry on.

    Whoever is killed leaves a space that the sweep has emptied and filled anew; a process that goes on alone is let be.
    """
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    environment |= {"GRIDHALL_ROLE": "app", "CELERY_BROKER_URL": "memory://localhost/"}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "seed_demo", "--space", str(sign_up_id)]
    done = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        sign_up_steps.seed_failed(sign_up_id=sign_up_id, error=lines[-1][:LONGEST_WORD])
        return
    sign_up_steps.order(sign_up_id=sign_up_id)


def fill(*, sign_up_id: int) -> bool:
    """Fill the empty space of a sign-up, alone; return whether it was this process that did. Progress is noted."""
    from config.demo import seeding

    with sign_up_steps.alone(sign_up_steps.AT_SEED, sign_up_id) as mine:
        if not mine or not sign_up_steps.waits_for_data(sign_up_id=sign_up_id):
            return False
        found = signup_queries.sign_up(sign_up_id=sign_up_id)
        if found.retailer is None:
            return False
        retailer = context.retailer_by_code(code=found.retailer.code)
        plan = plan_of(kind=found.demo, domain=settings.PLATFORM_DOMAIN)
        plan = replace(
            plan,
            company=replace(
                plan.company, code=retailer.code, names=retailer.names, legal_name=retailer.legal_name,
                time_zone=retailer.time_zone, default_language=retailer.default_language,
            ),
            password=demo_spaces.password_of(retailer),
        )  # fmt: skip
        said = partial(_say, sign_up_id, [0], BEGUN + seeding.STAGES)
        said("")
        with context.use(retailer):
            operations.change_brand(
                retailer=retailer, at=timezone.now(), validate=lambda changes: None, **plan.company.brand
            )
            seeding.fill(plan=plan, say=said)
        sign_up_steps.seeded(sign_up_id=sign_up_id, at=timezone.now())
    return True


def _say(sign_up_id: int, count: list[int], total: int, line: str) -> None:
    count[0] += 1
    sign_up_steps.said(sign_up_id=sign_up_id, done=count[0], total=total, at=timezone.now())
