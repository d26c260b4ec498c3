"""What the parts of the seed have in common: the company, its accounts by number, its clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from config.demo import plans
from identity.capabilities import Role
from kernel.money import Money
from tenants.customers import queries as customer_queries

MORNING = dt.time(9, 30)
TODAY = plans.LAST_DAY


@dataclass(frozen=True, slots=True)
class Ground:
    """A company that is being filled."""

    plan: plans.CompanyPlan
    zone: ZoneInfo
    accounts: dict[str, Any]

    @classmethod
    def of(cls, plan: plans.CompanyPlan) -> Ground:
        """Return the ground of a company whose customers stand."""
        accounts = {account.number: account for account in customer_queries.accounts()}
        return cls(plan, ZoneInfo(plan.company.time_zone), accounts)

    @property
    def currency(self) -> str:
        return self.plan.company.currency

    def money(self, amount: Any) -> Money:
        """Return an amount in the company's currency."""
        return Money.rounded(Decimal(amount), self.currency)

    def at(self, day: dt.date, hour: int = MORNING.hour, minute: int = MORNING.minute) -> dt.datetime:
        """Return an instant of a day at the company."""
        return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=self.zone)

    def email(self, role: Role) -> str:
        """Return the address of the person who holds a post."""
        return next(email for email, _, roles in self.plan.staff if role in roles)

    def account_id(self, number: str) -> int:
        return int(self.accounts[number].pk)

    def supply_point_id(self, number: str) -> int:
        """Return the supply point of an account."""
        identifier = next(p.identifier for p in self.plan.points if plans.account_number(p) == number)
        return int(customer_queries.supply_points_by_identifier(identifiers=[identifier])[identifier].pk)
