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

from billing.invoices import queries as invoice_queries
from billing.ledger import chart
from billing.ledger import entries as ledger_entries
from billing.ledger import operations as ledger_operations
from billing.ledger.kinds import EntryKind
from billing.runs import operations as run_operations
from billing.runs import queries as run_queries
from config.demo import plans
from hosting import operations as hosting_operations
from identity import operations as identity_operations
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel.money import Money
from kernel.periods import Period
from markets import packs
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.metering import operations as metering_operations
from tenants.metering.formats.base import Quality
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs.operations import agreeing

BILLED_AFTER_DAYS = 12
PAID_AFTER_DAYS = 8
MOVED_OUT = dt.date(2006, 1, 1)
ISSUED_AT = dt.time(9, 30)
Say = Callable[[str], None]


def fill(*, plan: plans.CompanyPlan, say: Say) -> None:
    """Fill the provisioned, empty company of ``plan``; all its months are billed when this returns."""
    zone = ZoneInfo(plan.company.time_zone)
    opened = _instant(plans.FIRST_DAY, zone)
    _make_staff(plan, opened)
    products = _make_products(plan, opened)
    _make_draft(plan, products, _instant(plans.LAST_DAY, zone))
    _make_customers(plan)
    _make_agreements(plan, products)
    _make_sign_ins(plan, opened)
    say(f"{plan.company.code}: {len(plan.points)} supply points; readings")
    _store_readings(plan, zone)
    for month in plans.MONTHS:
        _bill(plan, Period.of_month(month.year, month.month), zone)
        say(f"{plan.company.code}: {month:%Y-%m} billed")
    hosting_operations.measure_health(at=_instant(plans.LAST_DAY, zone))


def _make_staff(plan: plans.CompanyPlan, at: dt.datetime) -> None:
    for email, name, roles in plan.staff:
        identity_operations.create_user(
            email=email, name=name, roles=roles, at=at, password=plans.PASSWORD, language=plan.company.default_language
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
        "account_number": _account_number(point),
        "billing_address": point.address,
        "supply_point": point.identifier,
        "address": point.address,
        "move_in": (plans.FIRST_DAY if point.product else dt.date(2004, 1, 1)).isoformat(),
    }
    return {**row, **{f"attribute.{name}": str(value) for name, value in point.attributes.items()}}


def _account_number(point: plans.PointPlan) -> str:
    return f"A{point.number[1:]}" if point.number[0] != "B" else f"AB{point.number[1:]}"


def _make_agreements(plan: plans.CompanyPlan, products: dict[str, Any]) -> None:
    sold = [point for point in plan.points if point.product]
    supply_points = customer_queries.supply_points_by_identifier(identifiers=[p.identifier for p in sold])
    accounts = {account.number: account for account in customer_queries.accounts()}
    tariff_operations.agree_many(
        terms=[
            agreeing.Terms(
                accounts[_account_number(point)],
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
            password=plans.PASSWORD,
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
        for code, days in point.curves().items():
            for n, values in enumerate(days):
                quality = Quality.MISSING if values[0] < 0 else Quality.ACTUAL
                yield metering_operations.DayReadings(
                    channel_id=channels[point.identifier, code],
                    day=plans.FIRST_DAY + dt.timedelta(days=n),
                    values=np.maximum(values, 0),
                    quality=quality,
                )


def _bill(plan: plans.CompanyPlan, period: Period, zone: ZoneInfo) -> None:
    billing_date = period.end + dt.timedelta(days=BILLED_AFTER_DAYS - 1)
    at = _instant(billing_date, zone)
    run = run_operations.create_run(period=period, at=at, title=f"{period.start:%Y-%m}")
    run = run_operations.run_to_review(run=run, at=at)
    run_operations.issue_run_now(run=run, billing_date=billing_date, at=at)
    if period.start != plans.MONTHS[-1]:
        _pay(plan, billing_date, zone)


def _pay(plan: plans.CompanyPlan, billing_date: dt.date, zone: ZoneInfo) -> None:
    """Post what customers paid by bank transfer: all but the slow ones pay what they owe."""
    slow = {_account_number(point) for point in plan.points if not point.pays}
    accounts = [a for a in customer_queries.accounts() if a.number not in slow]
    paid_on = billing_date + dt.timedelta(days=PAID_AFTER_DAYS)
    owed = {o.account_id: o.balance for o in invoice_queries.owed(accounts=accounts)}
    payments = [_payment(a, owed[a.pk], paid_on) for a in accounts if owed[a.pk].amount > 0]
    ledger_operations.post(entries=payments, posted_at=_instant(paid_on, zone))


def _payment(account: Any, money: Money, on: dt.date) -> ledger_entries.NewEntry:
    return ledger_entries.NewEntry(
        business_date=on,
        kind=EntryKind.PAYMENT,
        reference=f"{account.number} {on:%Y-%m}",
        postings=[
            ledger_entries.debit(chart.BANK, money),
            ledger_entries.credit(chart.RECEIVABLE, money, account_id=account.pk),
        ],
    )


def _instant(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, ISSUED_AT, tzinfo=zone)


def is_filled() -> bool:
    """Return whether the company worked for has had its last demo month billed."""
    last = plans.MONTHS[-1]
    return any(run.period.lower == last for run in run_queries.runs())


def is_begun() -> bool:
    """Return whether something was put into the company already."""
    return customer_queries.customers().exists() or identity_queries.staff().count() > 1
