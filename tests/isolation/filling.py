"""Company 0 of the fleet, filled through the operations that fill a demo company; then a row in every table left."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from isolation import rows
from isolation.canaries import word

from config.demo import lanjiang, lanjiang_work, plans, seeding
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import STAFF_ROLES, Role
from tenancy import models, provisioning
from tenants.metering.operations import load_days

PASSWORD = plans.PASSWORD
MADE_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ADMINISTRATOR = "administrator@fleet.test"
CUSTOMER = "siyuan@lanjiang.example"
KEPT_READINGS_FROM = dt.date(2026, 10, 1)


def register(number: int) -> Any:
    """Put company ``number`` into the registry with its words, and make its empty space."""
    own = word(number, "registry")
    texts = {"en": f"Company {own}", "zh-hans": f"公司 {own}"}
    retailer = models.Retailer.objects.create(
        code=f"c{number:02}",
        schema_name=f"t_c{number:011}",
        kind="retailer",
        market="cn",
        currency="CNY",
        time_zone="Asia/Shanghai",
        default_language="en",
        names=texts,
        legal_name=f"Legal {own}",
        created_at=MADE_AT,
    )
    models.Domain.objects.create(domain=f"c{number:02}.localhost", tenant=retailer, is_primary=True)
    models.Brand.objects.create(
        retailer=retailer,
        primary_color="#0f766e",
        tagline=texts,
        address=texts,
        support_phone=own,
        support_email=f"{own}@brand.test",
        sender_email=f"sender-{own}@brand.test",
        tax_number=own,
        changed_at=MADE_AT,
    )
    provisioning.provision_schema(retailer=retailer)
    return retailer


def fill() -> None:
    """Fill the company worked for: a demo company of some forty customers, people of every post, an API key."""
    seeding.fill(plan=small_plan(), say=lambda line: None)
    boss = identity_operations.create_user(
        email=ADMINISTRATOR, name="Administrator", roles=[Role.ADMINISTRATOR], at=MADE_AT, password=PASSWORD
    )
    for role in sorted(STAFF_ROLES - {Role.ADMINISTRATOR}):
        if not identity_queries.staff().filter(email=email_of(role)).exists():
            identity_operations.create_user(
                email=email_of(role), name=f"Staff {role}", roles=[role], at=MADE_AT, password=PASSWORD
            )
    identity_operations.create_key(name="Gateway", scopes=sorted(map(str, boss.capabilities)), by=boss, at=MADE_AT)
    rows.few_readings(KEPT_READINGS_FROM)
    load_days.sum_touched(at=timezone.now())


def email_of(role: str) -> str:
    """Return with what address somebody of a post signs in, at every company the same."""
    return f"{role}@fleet.test"


def small_plan() -> plans.CompanyPlan:
    """Return the demo company with those customers alone with whom something happens."""
    whole = lanjiang.plan(domain="localhost")
    work = whole.work
    named = {
        *work.prepaid, work.promise, work.instalments, work.dispute, *work.weak, work.overpaid, *work.at_the_desk,
        work.held, *work.add_ons, work.spike, work.gap, work.absent, work.edited, work.exchanged, work.doubted,
        *lanjiang_work.SIGN_INS, *lanjiang_work.UNPAID_FROM,
    }  # fmt: skip
    points = [p for p in whole.points if plans.account_number(p) in named or p.signs_in or p.dials]
    lots = {code: _only(lot, named) for code, lot in work.lots.items()}
    transfers = [number for number in work.by_transfer if number in named]
    work = dataclasses.replace(work, lots=lots, by_transfer=transfers)
    staff = [(email_of(str(role)), f"Staff {role}", [str(role)]) for _, _, roles in whole.staff for role in roles]
    return dataclasses.replace(whole, points=points, work=work, staff=staff)


def _only(lot: Any, named: set[str]) -> dict[str, Any]:
    if "accounts" not in lot:
        return dict(lot)
    return {**lot, "accounts": [number for number in lot["accounts"] if number in named]}


def fill_empty_tables() -> dict[str, str]:
    """Put a row into every table that is still empty; return those that took none, with what refused it."""
    refused: dict[str, str] = {}
    for _ in range(3):  # a row may need another's
        refused = {}
        for model in apps.get_models():
            if rows.is_of_company(model) and not model._default_manager.exists():
                said = _put_row(model)
                refused.update({model._meta.label: said} if said else {})
        if not refused:
            break
    return refused


def _put_row(model: Any) -> str:
    """Try a full row, then one without what may be left out; return what refused both."""
    said = ""
    for sparing in (False, True):
        try:
            with transaction.atomic():
                rows.make(model, at=timezone.now(), sparing=sparing)
                connection.check_constraints()
                return ""
        except Exception as error:
            said = str(error).splitlines()[0]
    return said
