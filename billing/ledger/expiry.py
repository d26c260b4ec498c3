"""The books stay: their chain proves the whole, and the law's years are the market's."""

from __future__ import annotations

from tenancy import retention
from tenancy.retention import Rule

retention.register(
    Rule(
        name="ledger", titles={"en": "Ledger", "zh-hans": "总账与明细账"}, policy="books", place=retention.BOOKS,
        stays={
            "en": "Entries are sealed into one chain that proves them all; nothing is taken out of it. It goes "
            "with the company, whose final archive holds it.",
            "zh-hans": "分录封存在同一条证明链中，不可取出；随公司注销一并删除，最终归档中仍有完整账簿。",
        },
    )
)  # fmt: skip
