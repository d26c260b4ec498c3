"""Which column of a customer file a heading means: its own name, or its label in a language of the platform; pure.

``customer_number``, ``Customer number`` and ``客户编号`` are the same column. Case, blanks, dashes and underscores do
not matter; columns of attributes and parameters keep the names they have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from django.conf import settings
from django.utils import translation

from kernel.errors import gettext_noop

LABELS: dict[str, str] = {
    "customer_number": gettext_noop("Customer number"),
    "name": gettext_noop("Customer's name"),
    "kind": gettext_noop("Kind of customer"),
    "segment": gettext_noop("Segment"),
    "email": gettext_noop("Mail address"),
    "phone": gettext_noop("Telephone"),
    "language": gettext_noop("Language"),
    "account_number": gettext_noop("Account number"),
    "billing_address": gettext_noop("Billing address"),
    "supply_point": gettext_noop("Supply point"),
    "address": gettext_noop("Supply address"),
    "region": gettext_noop("Region"),
    "time_zone": gettext_noop("Time zone"),
    "move_in": gettext_noop("Moved in on"),
}
WORDS: dict[str, tuple[str, ...]] = {
    "customer_number": ("客户号", "用户编号"),
    "name": ("姓名", "户名", "用户名称", "客户姓名"),
    "kind": ("类型",),
    "account_number": ("账户号", "账号", "结算户号"),
    "supply_point": ("计量点编号", "计量点号", "supply point number"),
    "address": ("地址", "用电地点"),
    "email": ("邮箱", "电子邮箱", "e-mail"),
    "phone": ("电话", "手机", "手机号", "联系电话", "phone number"),
    "move_in": ("入住日期", "立户日期", "开户日期", "move-in date"),
    "product": ("套餐编码", "产品", "电价", "tariff"),
    "agreed_from": ("协议起始日", "起始日期", "start"),
}
"""What other programs call the same."""
_MARKS = re.compile(r"[\s_\-]+")
Cell = TypeVar("Cell")


def known(*, labels: Mapping[str, str]) -> dict[str, str]:
    """This will return the column that each way of writing a heading means."""
    found = {_plain(column): column for column in labels}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for column, label in labels.items():
                found.setdefault(_plain(translation.gettext(label)), column)
    for column in labels:
        for word in WORDS.get(column, ()):
            found.setdefault(_plain(word), column)
    return found


def renamed(
    *, rows: Iterable[Mapping[str, Cell]], labels: Mapping[str, str]
) -> tuple[list[dict[str, Cell]], dict[str, str]]:
    """This will return the rows under the columns' own names, and by column how the file heads it.

    Of two headings that mean one column the first is taken; the other keeps its name, and is refused as unknown.
    """
    meant, listed = known(labels=labels), list(rows)
    heads: dict[str, str] = {}
    for head in listed[0] if listed else ():
        column = meant.get(_plain(str(head)), str(head))
        if column in heads:
            column = str(head)
        heads[column] = str(head)
    names = {head: column for column, head in heads.items()}
    return [{names.get(str(head), str(head)): cell for head, cell in row.items()} for row in listed], heads


def _plain(head: str) -> str:
    return _MARKS.sub("", head).casefold()
