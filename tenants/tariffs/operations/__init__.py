"""Writes of tariffs: products and their versions, agreements, dated facts."""

from tenants.tariffs.operations.agreeing import Terms, agree, agree_many, end_agreement
from tenants.tariffs.operations.approving import (
    change_policy,
    publish,
    review,
    withdraw,
)
from tenants.tariffs.operations.facts import record_calendar_fact
from tenants.tariffs.operations.products import (
    add_version,
    create_product,
    create_product_from_template,
    delete_draft,
    save_draft,
)
from tenants.tariffs.operations.supplying import change_product, enter, faults, move_out, supply

__all__ = [
    "Terms",
    "add_version",
    "agree",
    "agree_many",
    "change_policy",
    "change_product",
    "create_product",
    "create_product_from_template",
    "delete_draft",
    "end_agreement",
    "enter",
    "faults",
    "move_out",
    "publish",
    "record_calendar_fact",
    "review",
    "save_draft",
    "supply",
    "withdraw",
]
