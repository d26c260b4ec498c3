"""Invoices stay with the books that they are entered in."""

from __future__ import annotations

from tenancy import retention
from tenancy.retention import Rule

retention.register(
    Rule(
        name="invoices", titles={"en": "Invoices", "zh-hans": "账单与发票"}, policy="vouchers", place=retention.BOOKS,
        stays={
            "en": "Each stands in the sealed ledger by its number; the database refuses to change or remove it. People "
            "that were erased stay named there alone.",
            "zh-hans": "每张账单以编号记入已封存的账簿，数据库拒绝更改或删除；已删除个人信息者仅在此保留姓名。",
        },
    )
)  # fmt: skip
