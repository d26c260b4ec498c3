"""Fill the database of the browser test of billing: bills in doubt, a lot, a held account, charges."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import django

django.setup()

from billing.charges import operations as charge_operations
from billing.runs import operations
from harness import bill_cast, supply
from kernel.money import Money
from tenancy import context
from tenants.customers import queries as customer_queries


def main() -> None:
    at, march = bill_cast.AT, bill_cast.MARCH
    with context.use(context.retailer_by_code(code="alder")):
        channels = bill_cast.households(*map(str, range(1, 9)), document=bill_cast.STANDING)
        for number in ("2", "3"):
            supply.read(channel=channels[number], period=march, each=0)
        supply.read(channel=channels["4"], period=march, each=4000)
        accounts = {number: customer_queries.account(number=f"A{number}") for number in channels}
        operations.hold_account(account_id=accounts["5"].pk, note="The customer doubts the reading.", at=at)
        titles = {"en": "Monthly", "zh-hans": "按月"}
        operations.create_cycle(code="monthly", titles=titles, months=1, cut_off_day=1, first_month=dt.date(2026, 1, 1))
        lot = {"en": "North", "zh-hans": "北区"}
        operations.create_lot(cycle_code="monthly", code="north", titles=lot, billing_days=3, working_days=True)
        operations.assign(lot_code="north", account_numbers=["A1", "A2", "A3"], at=at)
        for number, kind, amount in (
            ("1", "late_fee", "12.00"),
            ("1", "solar_credit", "-5.00"),
            ("2", "loyalty", "-3"),
        ):
            charge_operations.add(
                account_id=accounts[number].pk,
                kind=kind,
                source="arrears",
                reference=f"{kind}-{number}",
                amount=Money(Decimal(amount), "CNY"),
                on=dt.date(2026, 3, 20),
                at=at,
            )
        charge_operations.agree_add_on(
            account_id=accounts["6"].pk,
            kind="service_fee",
            source="console",
            reference="care",
            amount=Money(Decimal("9.90"), "CNY"),
            start=dt.date(2026, 3, 10),
            at=at,
        )
        operations.set_rules(rules={"brakes": {"approval_above": {"household": "1000"}}})
        run = operations.create_run(period=march, at=at, title="March 2026")
        operations.run_to_review(run=run, at=at)


main()
