"""Make a demo company: people, products, customers, readings, thirteen months of bills and their payments."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from billing.ledger import queries as ledger_queries
from billing.runs import operations as run_operations
from config.demo import billed, collecting, measured, paying, plans, profiles, told
from config.demo.ground import Ground
from hosting import operations as hosting_operations
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel.periods import Period
from markets import packs
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.metering import operations as metering_operations
from tenants.metering.formats.base import Quality
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs.operations import agreeing

BILLED_AFTER_DAYS = 12
LAST_BILLED = dt.date(2026, 11, 12)
ADD_ONS_FROM = dt.date(2026, 9, 1)
MOVED_OUT = dt.date(2006, 1, 1)
ISSUED_AT = dt.time(9, 30)
Say = Callable[[str], None]
STAGES = 5 + len(plans.MONTHS)
"""How many stages there are: what stands before the first bill, and each month."""


def fill(*, plan: plans.CompanyPlan, say: Say) -> None:
    """Fill the provisioned, empty company of ``plan``; when this returns its people have their work before them."""
    for done in stages(plan=plan):
        say(f"{plan.company.code}: {done}")


def stages(*, plan: plans.CompanyPlan) -> Iterator[str]:
    """Fill the company and yield the name of each stage that is done; there are STAGES of them.

    They build upon each other and none is taken up half-way: a company that was cut is emptied and begun anew.
    """
    zone = ZoneInfo(plan.company.time_zone)
    opened = _instant(plans.FIRST_DAY, zone)
    _make_staff(plan, opened)
    yield "people"
    products = _make_products(plan, opened)
    _make_draft(plan, products, _instant(plans.LAST_DAY, zone))
    yield "products"
    _make_customers(plan)
    _make_agreements(plan, products)
    yield "customers"
    _make_sign_ins(plan, opened)
    ground = Ground.of(plan)
    billed.entities(ground=ground)
    if plan.fiscal:
        billed.tax_numbers(ground=ground)
    yield f"{len(plan.points)} supply points; readings"
    _store_readings(plan, zone)
    measured.leave(ground=ground)
    measured.registers(ground=ground)
    yield "readings"
    bank = paying.Bank.opened(ground)
    for month in plans.MONTHS[:-1]:
        _bill(ground, bank, month)
        yield f"{month:%Y-%m} billed"
    _leave_work(ground, bank)
    hosting_operations.measure_health(at=_instant(plans.LAST_DAY, zone))
    yield f"{plans.MONTHS[-1]:%Y-%m} billed, with work for everybody"


def _leave_work(ground: Ground, bank: paying.Bank) -> None:
    """Live through the last weeks up to the last day."""
    measured.doubts(ground=ground)
    billed.lots(ground=ground)
    billed.hold(ground=ground)
    billed.last_month(ground=ground)
    paying.collect_last(ground=ground, bank=bank)
    paying.last_weeks(ground=ground, bank=bank, billed_on=LAST_BILLED)
    paying.cash_desk(ground=ground)
    paying.refund(ground=ground)
    billed.prepaid(ground=ground)
    measured.imports(ground=ground)
    collecting.securities(ground=ground)
    collecting.dun(ground=ground)
    collecting.late_fees(ground=ground, on=plans.LAST_DAY)
    collecting.waiver(ground=ground)
    if ground.plan.fiscal:
        billed.fiscal(ground=ground)
    told.send(ground=ground)
    billed.accrue(ground=ground)


def _make_staff(plan: plans.CompanyPlan, at: dt.datetime) -> None:
    for email, name, roles in plan.staff:
        identity_operations.create_user(
            email=email, name=name, roles=roles, at=at, password=plan.password, language=plan.company.default_language
        )


def _make_products(plan: plans.CompanyPlan, at: dt.datetime) -> dict[str, Any]:
    made = {}
    for product in plan.products:
        version = tariff_operations.create_product_from_template(
            market=plan.company.market,
            template=product.template,
            valid_from=plans.FIRST_DAY,
            code=product.code,
            titles=product.titles,
        )
        made[product.code] = tariff_operations.publish(version=version, at=at).product
    return made


def _make_draft(plan: plans.CompanyPlan, products: dict[str, Any], at: dt.datetime) -> None:
    """Leave next month's prices with the pricing person, for the studio."""
    wanted = plan.draft
    template = next(product.template for product in plan.products if product.code == wanted.product)
    document = packs.pack(plan.company.market).product_template(template)
    for name, value in wanted.defaults.items():
        document["parameters"][name]["default"] = value
    author = next(email for email, _, roles in plan.staff if Role.PRICING in roles)
    tariff_operations.add_version(
        product=products[wanted.product],
        document=document,
        valid_from=wanted.valid_from,
        by=identity_queries.user_by_email(email=author),
        at=at,
    )


def _make_customers(plan: plans.CompanyPlan) -> None:
    rows = [_row(point, plan) for point in plan.points]
    report = customer_operations.import_customers(
        rows=rows, currency=plan.company.currency, time_zone=plan.company.time_zone
    )
    if report.errors:
        raise ValueError([f"row {e.row}, {e.column}: {e.error}" for e in report.errors[:5]])
    moved_out = [point.identifier for point in plan.points if not point.product]
    for supply_point in customer_queries.supply_points_by_identifier(identifiers=moved_out).values():
        customer_operations.move_out(supply_point=supply_point, on=MOVED_OUT)


def _row(point: plans.PointPlan, plan: plans.CompanyPlan) -> dict[str, str]:
    row = {
        "customer_number": point.number,
        "name": point.name,
        "kind": point.kind,
        "segment": point.segment,
        "email": point.email,
        "phone": point.phone,
        "language": plan.company.default_language,
        "account_number": plans.account_number(point),
        "billing_address": point.address,
        "supply_point": point.identifier,
        "address": point.address,
        "move_in": (plans.FIRST_DAY if point.product else dt.date(2004, 1, 1)).isoformat(),
    }
    return {**row, **{f"attribute.{name}": str(value) for name, value in point.attributes.items()}}


def _make_agreements(plan: plans.CompanyPlan, products: dict[str, Any]) -> None:
    sold = [point for point in plan.points if point.product]
    supply_points = customer_queries.supply_points_by_identifier(identifiers=[p.identifier for p in sold])
    accounts = {account.number: account for account in customer_queries.accounts()}
    tariff_operations.agree_many(
        terms=[
            agreeing.Terms(
                accounts[plans.account_number(point)],
                supply_points[point.identifier],
                products[point.product],
                plans.FIRST_DAY,
                None,
                dict(point.parameters),
            )
            for point in sold
        ]
    )


def _make_sign_ins(plan: plans.CompanyPlan, at: dt.datetime) -> None:
    for point in (p for p in plan.points if p.signs_in):
        user = identity_operations.create_user(
            email=point.email,
            name=point.name,
            roles=[Role.CUSTOMER],
            at=at,
            password=plan.password,
            language=plan.company.default_language,
        )
        customer_operations.link_sign_in(customer=customer_queries.customer(number=point.number), user=user)


def _store_readings(plan: plans.CompanyPlan, zone: ZoneInfo) -> None:
    at = _instant(plans.LAST_DAY, zone)
    for name, content in _files(plan):
        done = metering_operations.import_file(file=io.BytesIO(content), file_name=name, source="demo", at=at)
        if done.state != "done":
            raise ValueError(f"{name}: {done.state}")
    measured = [point for point in plan.points if point.registers and point.file is None]
    channels = _install(plan, measured)
    metering_operations.store_interval_days(days=_days(measured, channels), at=at)


def _files(plan: plans.CompanyPlan) -> Iterator[tuple[str, bytes]]:
    for name in plan.files:
        path = Path(settings.EXAMPLES_DIR) / name
        yield path.name, path.read_bytes()
    for point in plan.points:
        if point.file is not None:
            yield point.file()


def _install(plan: plans.CompanyPlan, points: Sequence[plans.PointPlan]) -> dict[tuple[str, str], int]:
    ids = customer_queries.supply_points_by_identifier(identifiers=[p.identifier for p in points])
    made = metering_operations.install_meters(
        meters=[
            metering_operations.NewMeter(
                supply_point_id=ids[point.identifier].pk,
                serial=point.serial,
                since=plans.FIRST_DAY,
                zone=plan.recording_zone,
                registers=[metering_operations.Register(r.code, r.kind, r.unit, plan.minutes) for r in point.registers],
            )
            for point in points
        ]
    )
    identifiers = {supply_point.pk: identifier for identifier, supply_point in ids.items()}
    return {(identifiers[point_id], code): channel_id for (point_id, code), channel_id in made.items()}


def _days(
    points: Sequence[plans.PointPlan], channels: dict[tuple[str, str], int]
) -> Iterator[metering_operations.DayReadings]:
    for point in points:
        for code, days in _curves(point).items():
            for n, values in enumerate(days):
                if (values < 0).all():
                    continue
                quality = np.where(values < 0, Quality.MISSING, Quality.ACTUAL).astype(np.uint8)
                yield metering_operations.DayReadings(
                    channel_id=channels[point.identifier, code],
                    day=plans.FIRST_DAY + dt.timedelta(days=n),
                    values=np.maximum(values, 0),
                    quality=quality,
                )


def _curves(point: plans.PointPlan) -> plans.Curves:
    """Return the point's curves with what is odd about its consumption."""
    curves = dict(point.curves())
    for twist in point.twists:
        curves["E1"] = profiles.twisted(curves["E1"], first=plans.FIRST_DAY, twist=twist)
    return curves


def _bill(ground: Ground, bank: paying.Bank, month: dt.date) -> None:
    period = Period.of_month(month.year, month.month)
    billing_date = period.end + dt.timedelta(days=BILLED_AFTER_DAYS - 1)
    at = ground.at(billing_date)
    if month == ADD_ONS_FROM:
        billed.charges(ground=ground)
    if month >= ADD_ONS_FROM:
        collecting.late_fees(ground=ground, on=billing_date - dt.timedelta(days=1))
    run = run_operations.create_run(period=period, at=at, title=f"{period.start:%Y-%m}")
    run = run_operations.run_to_review(run=run, at=at)
    run_operations.issue_run_now(run=run, billing_date=billing_date, at=at)
    paying.collect(ground=ground, bank=bank, billed_on=billing_date, month=month)


def _instant(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, ISSUED_AT, tzinfo=zone)


def is_filled() -> bool:
    """Return whether the company worked for was filled to the end: closing its books comes last."""
    return ledger_queries.first_open_day() is not None


def is_begun() -> bool:
    """Return whether something was put into the company already."""
    return customer_queries.customers().exists() or identity_queries.staff().count() > 1
