"""The last month's bills by cycles and lots, what stands on bills beside energy, and the books."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from billing.accruals import operations as accrual_operations
from billing.charges import operations as charge_operations
from billing.invoices import operations as invoice_operations
from billing.invoices import queries as invoice_queries
from billing.ledger import operations as ledger_operations
from billing.payments import operations as payment_operations
from billing.prepayment import operations as prepayment_operations
from billing.runs import operations as run_operations
from billing.runs import queries as run_queries
from config.demo import plans
from config.demo.ground import Ground
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel.periods import Period

CYCLE = "monthly"
CLOSED_DAYS = 5
TOPPED_UP = dt.timedelta(days=6)
FEWEST_FISCAL_DAYS = 60


def lots(*, ground: Ground) -> None:
    """Set the monthly cycle up with its lots, and put every account into one."""
    opened = ground.at(plans.MONTHS[-1])
    run_operations.create_cycle(code=CYCLE, titles=plans.MONTHLY, months=1, cut_off_day=1, first_month=plans.MONTHS[-1])
    for code, lot in ground.plan.work.lots.items():
        run_operations.create_lot(
            cycle_code=CYCLE, code=code, titles=lot["titles"], billing_days=lot["days"], rule=lot["rule"]
        )
        if "accounts" in lot:
            run_operations.assign(lot_code=code, account_numbers=lot["accounts"], at=opened)
    run_operations.assign_by_rule(at=opened, on=plans.MONTHS[-1])


def last_month(*, ground: Ground) -> None:
    """Bill the last month lot by lot; a lot that is not due yet waits in review."""
    period = Period.of_month(plans.MONTHS[-1].year, plans.MONTHS[-1].month)
    for code, lot in ground.plan.work.lots.items():
        billing_date = period.end + dt.timedelta(days=lot["days"])
        at = ground.at(min(billing_date, plans.LAST_DAY))
        run = run_operations.create_lot_run(lot=run_queries.lot(code=code), period=period, at=at)
        run = run_operations.run_to_review(run=run, at=at)
        if billing_date < plans.LAST_DAY:
            run_operations.issue_run_now(run=run, billing_date=billing_date, at=at)


def hold(*, ground: Ground) -> None:
    """Hold an account whose customer doubts his reading: its bill of the last month waits."""
    work, on = ground.plan.work, plans.LAST_DAY - dt.timedelta(days=9)
    run_operations.hold_account(
        account_id=ground.account_id(work.held),
        note=work.words["held"],
        at=ground.at(on),
        by=identity_queries.user_by_email(email=ground.email(Role.BILLING)),
    )


def charges(*, ground: Ground) -> None:
    """Agree add-ons before the last bills, and add credits and fees to the next."""
    work = ground.plan.work
    for number, kind, amount in zip(
        work.add_ons, ("service_fee", "device_rental", "recurring_discount"), ("6.00", "18.00", "-5.00"), strict=True
    ):
        charge_operations.agree_add_on(
            account_id=ground.account_id(number),
            kind=kind,
            source="console",
            reference=f"{kind}-{number}",
            amount=ground.money(amount),
            start=dt.date(2026, 9, 10),
            at=ground.at(dt.date(2026, 9, 9)),
        )
    on = plans.LAST_DAY - dt.timedelta(days=2)
    for number, kind, amount in zip(
        work.add_ons, ("loyalty", "demand_response", "meter_fee"), ("-12.00", "-45.60", "85.00"), strict=True
    ):
        charge_operations.add(
            account_id=ground.account_id(number),
            kind=kind,
            source="console",
            reference=f"{kind}-{number}-{on:%Y%m}",
            amount=ground.money(amount),
            on=on,
            at=ground.at(on),
        )


def prepaid(*, ground: Ground) -> None:
    """Let some accounts pay ahead: one has enough, one is low, one is used up."""
    on = plans.LAST_DAY - TOPPED_UP
    for number, beyond in ground.plan.work.prepaid.items():
        account_id = ground.account_id(number)
        [owed] = invoice_queries.owed(accounts=[ground.accounts[number]])
        prepayment_operations.enrol(account_id=account_id, on=on, at=ground.at(on), by=ground.email(Role.SERVICE))
        payment_operations.receive(
            account_id=account_id,
            money=ground.money(max(owed.balance.amount, Decimal(0)) + Decimal(beyond)),
            method=ground.plan.work.words["wallet"],
            source="wallet",
            reference=f"W{on:%Y%m%d}-{number}",
            received_on=on,
            at=ground.at(on),
        )


def accrue(*, ground: Ground) -> None:
    """Rate what was supplied and not billed, book it, assess who pays ahead, and close the last days."""
    accounts = sorted(account.pk for account in ground.accounts.values())
    for place in range(0, len(accounts), accrual_operations.CHUNK):
        chunk = accounts[place : place + accrual_operations.CHUNK]
        accrual_operations.rate_unbilled(account_ids=chunk, until=plans.LAST_DAY, at=ground.at(plans.LAST_DAY, 6))
    prepaid_ids = [ground.account_id(number) for number in ground.plan.work.prepaid]
    prepayment_operations.assess(account_ids=prepaid_ids, on=plans.LAST_DAY, at=ground.at(plans.LAST_DAY, 7))
    accrual_operations.book_unbilled(on=plans.LAST_DAY - dt.timedelta(days=1), at=ground.at(plans.LAST_DAY, 6))
    for before in range(CLOSED_DAYS, 0, -1):
        day = plans.LAST_DAY - dt.timedelta(days=before)
        ledger_operations.close_day(day=day, today=plans.LAST_DAY, at=ground.at(day + dt.timedelta(days=1), 1))


def entities(*, ground: Ground) -> None:
    """Name the legal entities that sell, with their banks; one of them has a series of its own."""
    for code, is_default, fields in ground.plan.entities:
        invoice_operations.save_entity(code=code, is_default=is_default, **fields)
        if not is_default:
            invoice_operations.save_series(
                entity_code=code, prefix=f"{code}-", credit_prefix=f"{code}-C-", digits=8, reset="year"
            )


def tax_numbers(*, ground: Ground) -> None:
    """Note the businesses' tax numbers, which fiscal invoices need."""
    businesses = [point for point in ground.plan.points if point.kind == "business"]
    for place, point in enumerate(businesses):
        invoice_operations.arrange_billing(
            account_number=plans.account_number(point), tax_number=f"9132010{place:06d}00000"[:18]
        )


def fiscal(*, ground: Ground) -> None:
    """Hand the last invoices over to the tax bureau."""
    invoice_operations.export_fiscal(
        first=dt.date(2026, 11, 1), last=plans.LAST_DAY, at=ground.at(plans.LAST_DAY - dt.timedelta(days=1))
    )
