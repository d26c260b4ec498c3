"""The texts of standing authorities. A text that changes gets a new version; what was agreed to is kept as it read."""

from __future__ import annotations

from collections.abc import Mapping

from kernel import texts

VERSION = "2026-11"
BILLS: Mapping[str, str] = {
    "en": (
        "I authorise {company} to collect the amount of each bill of account {account} from {method} on its due date, "
        "until I end this authority. A bill reaches me before it is collected. If a collection fails it is tried again "
        "on the days that {company} names in its terms. I can end this authority at any time, here and at once; bills "
        "that are already being collected are not affected."
    ),
    "zh-hans": (
        "本人授权{company}在每期账单到期日，从{method}中扣收户号 {account} 的账单金额，直至本人终止本授权。"
        "账单会在扣款前送达本人。扣款失败时，{company}可按其服务条款所列日期再次扣款。"
        "本人可随时在此立即终止本授权；正在扣款中的账单不受影响。"
    ),
}
TOP_UP: Mapping[str, str] = {
    "en": (
        "I authorise {company} to collect {amount} from {method} for account {account} whenever its balance falls "
        "below {threshold}, at most once a day, until I end this authority. I can end it at any time, here and at once."
    ),
    "zh-hans": (
        "本人授权{company}在户号 {account} 的余额低于 {threshold} 时，从{method}中扣收 {amount} 用于充值，"
        "每日最多一次，直至本人终止本授权。本人可随时在此立即终止本授权。"
    ),
}
_BY_PURPOSE = {"bills": BILLS, "top_up": TOP_UP}


def written(*, purpose: str, language: str, **facts: str) -> str:
    """This will return the text of a purpose in a language, its facts filled in."""
    return texts.pick(_BY_PURPOSE[purpose], language).format(**facts)
