"""What the present company's plan allows: the one place that is asked.

The answer stands on the registry row that each request and task loads anyway (``tenancy.Retailer.standing``), so it
costs no query and may be asked inside a transaction. A company without a subscription is not limited at all: so a
host that charges nobody needs no plans.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hosting.subscription_states import WRITABLE, State
from kernel.errors import GridhallError, gettext_noop
from tenancy import context

SOON = Decimal("0.8")
FEATURES = ("payments", "demand_response", "api", "white_label_domain", "sso")
"""What can be in a plan or not."""
LIMITS = (
    "supply_points", "staff", "api_calls", "storage_bytes", "retention_months", "backup_hours", "backups_kept",
)  # fmt: skip
"""What a plan can limit; ``api_calls`` in a calendar month; a backup each so many hours, and how many are kept."""
COUNTED = ("supply_points", "staff", "api_calls", "storage_bytes")


class FeatureNotInPlan(GridhallError):
    """The plan does not hold this."""

    code = "feature_not_in_plan"
    template = gettext_noop(
        "Your plan does not include this ({feature}). An administrator can change the plan under Company, "
        "Plan and usage."
    )
    status_code = 403


class ReadOnly(GridhallError):
    """The hosting bill is open for too long: staff can read everything and change nothing."""

    code = "read_only"
    template = gettext_noop(
        "Nothing was changed: the workspace is read-only because the hosting bill is not paid. Reading, your "
        "customers' portal and their payments go on. An administrator can pay under Company, Plan and usage."
    )
    status_code = 403


class Ending(ReadOnly):
    """The company's end was asked for: everything can be read until then, and nothing changed."""

    code = "company_ends"
    template = gettext_noop(
        "Nothing was changed: this company's space will be deleted and is read-only until then. An administrator or "
        "the host can take that back under Company, End of the company."
    )


class SupplyPointLimit(GridhallError):
    """The plan's supply points are used up."""

    code = "supply_point_limit"
    template = gettext_noop(
        "Nothing was added: your plan holds {limit} supply points, {present} are in use and {adding} would come. "
        "An administrator can choose a larger plan under Company, Plan and usage."
    )


class StaffLimit(GridhallError):
    """The plan's places for staff are used up."""

    code = "staff_limit"
    template = gettext_noop(
        "Nobody was added: your plan holds {limit} people of staff, {present} are active and {adding} would come. "
        "Deactivate somebody who left, or choose a larger plan under Company, Plan and usage."
    )


_REFUSALS: dict[str, type[GridhallError]] = {"supply_points": SupplyPointLimit, "staff": StaffLimit}


@dataclass(frozen=True, slots=True)
class Near:
    """A limit that is near or passed; ``share`` of one."""

    limit: str
    present: int
    allowed: int

    @property
    def passed(self) -> bool:
        return self.present >= self.allowed


@dataclass(frozen=True, slots=True)
class Standing:
    """How a company stands with its host."""

    state: State | None = None
    until: dt.datetime | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    features: frozenset[str] | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
    closing: dt.datetime | None = None
    """When the company ends that asked to be read-only until then."""

    @property
    def writable(self) -> bool:
        return self.closing is None and (self.state is None or self.state in WRITABLE)

    def allows(self, feature: str) -> bool:
        """Return whether the plan holds a feature."""
        return self.features is None or feature in self.features

    @property
    def near(self) -> list[Near]:
        """Return the limits of which four fifths or more are used."""
        found = [Near(name, self.usage.get(name, 0), self.limits[name]) for name in COUNTED if name in self.limits]
        return [each for each in found if each.present >= SOON * each.allowed]


def of(retailer: Any) -> Standing:
    """Return how a company stands, from its row of the registry."""
    data = getattr(retailer, "standing", None) or {}
    closing = dt.datetime.fromisoformat(data["closing"]) if data.get("closing") else None
    if "state" not in data:
        return Standing(closing=closing)
    until = data.get("until")
    return Standing(
        state=State(data["state"]),
        until=dt.datetime.fromisoformat(until) if until else None,
        titles=data.get("titles", {}),
        features=frozenset(data["features"]),
        limits=data.get("limits", {}),
        usage=data.get("usage", {}),
        closing=closing,
    )


def present() -> Standing:
    """Return how the company worked for stands; raises NoRetailer."""
    return of(context.current_retailer())


def allows(feature: str) -> bool:
    """Return whether the present company's plan holds a feature."""
    return present().allows(feature)


def require(feature: str) -> None:
    """Refuse what the present company's plan does not hold; raises FeatureNotInPlan."""
    if not allows(feature):
        raise FeatureNotInPlan(feature=feature)


def writable() -> bool:
    """Return whether the present company's staff may change anything."""
    return present().writable


def require_writable() -> None:
    """Refuse deeds of staff while the company is read-only; raises ReadOnly, or Ending before the company's end."""
    if present().closing is not None:
        raise Ending()
    if not writable():
        raise ReadOnly()


def require_room(limit: str, *, in_use: Callable[[], int], adding: int = 1) -> None:
    """Refuse what would pass a hard limit: ``supply_points`` or ``staff``; raises SupplyPointLimit or StaffLimit.

    ``in_use`` counts, and is asked only where there is a limit. What stands beyond a limit already stays and works on.
    """
    allowed = present().limits.get(limit)
    if allowed is None or adding <= 0:
        return
    count = in_use()
    if count + adding > allowed:
        raise _REFUSALS[limit](limit=allowed, present=count, adding=adding)
