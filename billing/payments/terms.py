"""Which debit is settled first, as the market's policy says."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from markets import packs
from tenancy import context

FEE_KINDS = ("charge",)
"""Kinds of ledger entries that are fees of their own (late fees, reminders), not bills."""


@dataclass(frozen=True, slots=True)
class AllocationTerms:
    """``newest_first`` turns the order of due dates around; ``fees_first`` settles fees before bills."""

    newest_first: bool = False
    fees_first: bool = False

    @property
    def sql_order(self) -> str:
        """Return the columns of open items, as ``i``, in the order in which debits are settled."""
        kinds = ", ".join(f"'{kind}'" for kind in FEE_KINDS)
        due = "i.due_on DESC, i.id DESC" if self.newest_first else "i.due_on, i.id"
        return f"(i.kind IN ({kinds})) {'DESC' if self.fees_first else 'ASC'}, {due}"

    def place(self, *, kind: str, due_on: dt.date, item_id: int) -> tuple[bool, int, int]:
        """Return a debit's place in that order, to sort by."""
        fee, day = kind in FEE_KINDS, due_on.toordinal()
        return (fee != self.fees_first, *((-day, -item_id) if self.newest_first else (day, item_id)))


def of_retailer() -> AllocationTerms:
    """This will return the terms of the present retailer's market: ``policies.payments.allocation``."""
    policies = packs.pack(context.current_retailer().market).policies
    policy = policies.get("payments", {}).get("allocation", {})
    return AllocationTerms(
        newest_first=policy.get("order", "oldest_due") == "newest_due",
        fees_first=policy.get("fees", "after") == "before",
    )
