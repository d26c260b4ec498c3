"""What the rooms hold of a person, table by table: said once beside the tables, used to give it out and to erase it.

A room registers its tables in ``personal_data.py``; pure, no query runs here. What each table's rows of a person are
is a filter made from the ``Subject``. A deed says what erasing does:

* ``REMOVE``: rows and files go.
* ``BLANK``: the fields get a mark or nothing; the row must stay.
* ``KEEP``: rows stay as they are, and the certificate says why.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MARK = "[erased]"
"""What stands where a text about a person must not be empty."""
CUSTOMER = "customer"
"""What stands where a person signed himself: his role."""
_FACT = re.compile(r"-?\d{1,12}\.\d{1,9}|-?\d{1,6}|\d{4}-\d{2}-\d{2}([T ][\d:.]+(Z|[+-]\d{2}:?\d{2})?)?")
Titles = Mapping[str, str]


class Deed(StrEnum):
    """What erasing does to a person's rows."""

    REMOVE = "remove"
    BLANK = "blank"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Subject:
    """A customer and all that hangs on him: keys alone, and the words by which he is known.

    ``supply`` holds (supply point, first day, day after the last or None) of what he occupied.
    """

    customer_id: int
    number: str
    account_ids: tuple[int, ...] = ()
    user_ids: tuple[int, ...] = ()
    emails: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    supply: tuple[tuple[int, dt.date, dt.date | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """One table: ``rows`` returns the queryset of a subject's rows.

    ``blank`` gives the new values of a row; ``files`` the names of its fields that name files in the storage;
    ``why`` the key of the reason for what is kept; ``place`` orders the erasing (children before parents). Of rows that
    are kept, ``words`` gives the new values of what people wrote in them freely; with ``guarded`` only the owner of the
    tables may write them, past the triggers that keep them as they are.
    """

    table: str
    titles: Titles
    rows: Callable[[Subject], Any]
    deed: Deed
    why: str = ""
    blank: Callable[[Any], Mapping[str, Any]] | None = None
    files: tuple[str, ...] = ()
    place: int = 0
    words: Callable[[Any, Subject], Mapping[str, Any]] | None = None
    guarded: bool = False
    hidden: frozenset[str] = frozenset()
    """Fields that are nobody's to read: secrets."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a person cannot be erased now: a code for programs, a template for people, and its values."""

    code: str
    template: str
    params: Mapping[str, Any] = field(default_factory=dict)


Objector = Callable[[Subject, dt.date], Iterable[Objection]]
WHY: dict[str, Titles] = {}
_holdings: dict[str, Holding] = {}
_objectors: dict[str, Objector] = {}


def hold(holding: Holding) -> None:
    """Register a table; registered again it is replaced."""
    if holding.deed is Deed.KEEP and holding.why not in WHY:
        raise ValueError(f"{holding.table}: say why it is kept")
    _holdings[holding.table] = holding


def hold_many(*holdings: Holding) -> None:
    """Register several tables of a room."""
    for each in holdings:
        hold(each)


def object_with(name: str, objector: Objector) -> None:
    """Register who may object to an erasure; asked in the order of their names."""
    _objectors[name] = objector


def holdings() -> list[Holding]:
    """Return all tables in the order of erasing."""
    return sorted(_holdings.values(), key=lambda each: (each.place, each.table))


def tables() -> Collection[str]:
    """Return the names of all tables that are registered."""
    return _holdings.keys()


def objections(*, subject: Subject, on: dt.date) -> list[Objection]:
    """Return every reason that stands against erasing the subject on that day; none: it may be done."""
    return [each for name in sorted(_objectors) for each in _objectors[name](subject, on)]


def texts_marked(*names: str) -> Callable[[Any, Subject], Mapping[str, Any]]:
    """Return the ``words`` of a holding whose fields of that name are free texts."""
    return lambda row, subject: {name: marked(getattr(row, name)) for name in names}


def role_of(text: str, subject: Subject) -> str:
    """Return who wrote something: staff by their name, the person himself by his role."""
    known = {each.lower() for each in (*subject.words, *subject.emails)}
    return CUSTOMER if text.lower() in known else text


def without_words(value: Any) -> Any:
    """Return a JSON document whose numbers, days and times stay and whose texts are marks."""
    if isinstance(value, Mapping):
        return {name: without_words(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_words(each) for each in value]
    return marked(value) if isinstance(value, str) and not _FACT.fullmatch(value) else value


def marked(text: str) -> str:
    """Return the mark where a text stood, and nothing where none did."""
    return MARK if text else ""


def because(why: str, **titles: str) -> None:
    """Register a reason for keeping: ``because("books", en="…", zh="…")``."""
    WHY[why] = {"en": titles["en"], "zh-hans": titles["zh"]}


because(
    "books",
    en="Part of the accounts: the law of the market says how long; restricted to that purpose until then.",
    zh="属于会计资料，须按所在市场的法定期限保存；期满前仅限该用途使用。",
)
because(
    "audit",
    en="The audit trail is chained: a row taken out would break the proof of all others. It goes with the company.",
    zh="审计记录逐条链接，取出一条即破坏全部证明；随公司注销一并删除。",
)
because(
    "place",
    en="Belongs to the place and its meter, not to who lived there; the link to the person is removed.",
    zh="属于用电地点及其电表，而非曾经的住户；与本人的关联已删除。",
)
because(
    "guarded",
    en="A history that is only added to; it holds numbers and dates of the account, without its person.",
    zh="只增不改的历史记录；仅含账户的编号与日期，不含个人信息。",
)
because(
    "contract",
    en="What was agreed for the account, needed while its bills are kept; without the person's name.",
    zh="账户的约定内容，在账单保存期内需要；不含姓名。",
)
because(
    "request",
    en="That the person asked and what was done, which the company must be able to show.",
    zh="本人的申请及处理情况，公司须能证明。",
)
because(
    "staff",
    en="The person also works here; what stands of him as staff stays.",
    zh="本人同时是工作人员；作为工作人员的资料保留。",
)
