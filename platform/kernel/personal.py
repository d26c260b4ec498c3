"""Texts that say something of a person, and what of them is shown to those who need not know.

A ``Personal`` text is an ordinary one that knows what it is and, once told, whose. Where pages and answers are written
(``shown``) it is masked for a reader who may not see it (``kernel.masking``), and what was shown whole is noted for the
record of accesses. Everywhere else, such as in documents and messages, it is the text it always was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from kernel import masking

Owner = tuple[str, int]
"""Whose a text is: what the row is, such as ``customer``, and its key."""
NOBODY: Owner = ("", 0)
"""The owner of texts that were read without their rows."""
Seen = dict[Owner, set[str]]
"""What was shown whole: the names of fields by owner."""

_HIDDEN = "***"
_STREET = re.compile(r"[路街道巷弄村镇乡]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SHORT_PHONE = 7
_seen: ContextVar[Seen | None] = ContextVar("personal_seen", default=None)


class Personal(str):
    """A text about a person, of an unsaid sort: nothing of it is shown masked."""

    owner: Owner | None = None
    field: str = ""

    @staticmethod
    def mask(text: str) -> str:
        """This will return what of the text a reader without the right sees."""
        return _HIDDEN if text else ""

    def __html__(self) -> str:
        return html.escape(str(shown(self)))


def name(text: str) -> str:
    """This will return 张* for 张伟 and W*** T*** for William Thompson."""
    if not text:
        return ""
    if _HAN.match(text):
        return text[0] + "*" * max(1, min(len(text) - 1, len(_HIDDEN)))
    return " ".join(word[0] + _HIDDEN for word in text.split())


def phone(text: str) -> str:
    """This will return 138****1234; of a short number its last two digits."""
    digits = [each for each in text if each.isdigit()]
    if not digits:
        return ""
    if len(digits) < _SHORT_PHONE:
        return _HIDDEN + "".join(digits[-2:])
    return "".join(digits[:3]) + "****" + "".join(digits[-4:])


def mail(text: str) -> str:
    """This will return l***@example.com."""
    before, at, host = text.rpartition("@")
    return f"{before[:1]}{_HIDDEN}@{host}" if at else (_HIDDEN if text else "")


def address(text: str) -> str:
    """This will return the place without the house: up to the street in Chinese, else what follows the first comma."""
    if not text:
        return ""
    if _HAN.search(text):
        streets = list(_STREET.finditer(text))
        return text[: streets[-1].end()] + _HIDDEN if streets else text[:2] + _HIDDEN
    rest = text.partition(",")[2].strip()
    return f"{_HIDDEN} {rest}".strip()


def number(text: str) -> str:
    """This will return the last four signs of a number of a document or bank account."""
    return _HIDDEN + text[-4:] if len(text) > len(_HIDDEN) + 4 else (_HIDDEN if text else "")


class Name(Personal):
    @staticmethod
    def mask(text: str) -> str:
        return name(text)


class Phone(Personal):
    @staticmethod
    def mask(text: str) -> str:
        return phone(text)


class Mail(Personal):
    @staticmethod
    def mask(text: str) -> str:
        return mail(text)


class Address(Personal):
    @staticmethod
    def mask(text: str) -> str:
        return address(text)


class Number(Personal):
    @staticmethod
    def mask(text: str) -> str:
        return number(text)


class Contact(Personal):
    """A mail address, a telephone number or where a letter goes."""

    @staticmethod
    def mask(text: str) -> str:
        if "@" in text:
            return mail(text)
        return address(text) if any(each.isalpha() for each in text) else phone(text)


SORTS: dict[str, type[Personal]] = {
    "name": Name, "phone": Phone, "mail": Mail, "address": Address, "number": Number, "contact": Contact,
    "text": Personal,
}  # fmt: skip


def shown(value: Any) -> Any:
    """This will return what the present reader sees: a personal text masked or noted as shown, else the value."""
    if not isinstance(value, Personal):
        return value
    if masking.is_on():
        return type(value).mask(str(value))
    seen = _seen.get()
    if seen is not None and value and value.field:
        seen.setdefault(value.owner or NOBODY, set()).add(value.field)
    return str(value)


def belongs(value: Any, *, owner: Owner) -> None:
    """This will tell a personal text whose it is; whatever else is given stays as it is."""
    if isinstance(value, Personal):
        value.owner = owner


def saw(*, owner: Owner, field: str) -> None:
    """This will note what a reader is shown whole though it is no field: a document that names a person."""
    seen = _seen.get()
    if seen is not None:
        seen.setdefault(owner, set()).add(field)


def like(model: Any, text: str) -> str:
    """This will return ``text`` as the same sort, and of the same person, as ``model``; plain of a plain one."""
    if not isinstance(model, Personal):
        return text
    made = type(model)(text)
    made.owner, made.field = model.owner, model.field
    return made


def is_watched() -> bool:
    """This will return whether it is noted what the present reader is shown."""
    return _seen.get() is not None


@contextmanager
def watched() -> Iterator[Seen]:
    """Note what is shown whole until the block ends."""
    seen: Seen = {}
    token = _seen.set(seen)
    try:
        yield seen
    finally:
        _seen.reset(token)
