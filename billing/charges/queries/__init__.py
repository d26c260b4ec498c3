"""Reads of charges: what waits for the next bill, what a bill carries, what is agreed month by month."""

from billing.charges.queries.add_ons import ADD_ON, add_on, add_ons
from billing.charges.queries.pending import (
    CHARGE,
    accounts_with_charges,
    by_ids,
    charge,
    charges,
    in_force,
    is_billed,
    lines,
    of_invoices,
    pending,
)

__all__ = [
    "ADD_ON",
    "CHARGE",
    "accounts_with_charges",
    "add_on",
    "add_ons",
    "by_ids",
    "charge",
    "charges",
    "in_force",
    "is_billed",
    "lines",
    "of_invoices",
    "pending",
]
