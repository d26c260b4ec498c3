"""Writes of tariffs: products and their versions, agreements, dated facts."""

from tenants.tariffs.operations.agreeing import Terms, agree, agree_many, end_agreement
from tenants.tariffs.operations.facts import record_calendar_fact
from tenants.tariffs.operations.products import (
    add_version,
    create_product,
    create_product_from_template,
    delete_draft,
    publish,
    save_draft,
    withdraw,
)

__all__ = [
    "Terms",
    "add_version",
    "agree",
    "agree_many",
    "create_product",
    "create_product_from_template",
    "delete_draft",
    "end_agreement",
    "publish",
    "record_calendar_fact",
    "save_draft",
    "withdraw",
]
