"""What a market allows of register reads (``policies.register_reads`` of its pack)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tenants.metering.registers import checks


@dataclass(frozen=True, slots=True)
class Policy:
    """The share of a dial a rollover may be, limits of sum checks, the label of rests, and when two people decide."""

    rollover_share: Decimal
    limits: checks.Limits
    rest_label: str | None
    approval_wh: int

    @classmethod
    def of(cls, *, policies: Mapping[str, Any]) -> Policy:
        """This will read the policy of a market pack."""
        rule = policies["register_reads"]
        return cls(
            rollover_share=Decimal(rule["rollover_share"]),
            limits=checks.Limits(Decimal(rule["sum_resolutions"]), Decimal(rule["sum_share"])),
            rest_label=rule["rest_label"],
            approval_wh=int(Decimal(rule["approval_kwh"]) * 1000),
        )
