"""Texts that say something of a person, and what of them is shown to those who need not know.

A ``Personal`` text is an ordinary one that knows what it is. Where pages are written it shows itself masked to a reader
who may not see it (``masking``); everywhere else, such as in documents and messages, it is the text it always was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

_HIDDEN = "***"
_STREET = re.compile(r"[路街道巷弄村镇乡]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_masked: ContextVar[bool] = ContextVar("personal_masked", default=False)


class Personal(str):
    """A text about a person, of an unsaid sort: nothing of it is shown."""

    mask: ClassVar[Callable[[str], str]] = staticmethod(lambda text: _HIDDEN if text else "")

    __slots__ = ()

    def __html__(self) -> str:
        return html.escape(shown(self))


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
    if len(digits) < len("1380001"):
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
    mask = staticmethod(name)
    __slots__ = ()


class Phone(Personal):
    mask = staticmethod(phone)
    __slots__ = ()


class Mail(Personal):
    mask = staticmethod(mail)
    __slots__ = ()


class Address(Personal):
    mask = staticmethod(address)
    __slots__ = ()


class Number(Personal):
    mask = staticmethod(number)
    __slots__ = ()


SORTS: dict[str, type[Personal]] = {
    "name": Name, "phone": Phone, "mail": Mail, "address": Address, "number": Number, "text": Personal,
}  # fmt: skip


def shown(value: Any) -> Any:
    """This will return what the present reader sees: a masked text, or whatever was given as it is."""
    if isinstance(value, Personal):
        return type(value).mask(str(value)) if _masked.get() else str(value)
    return value


def is_masked() -> bool:
    """This will return whether the present reader sees personal texts masked."""
    return _masked.get()


@contextmanager
def masking(on: bool = True) -> Iterator[None]:
    """Show personal texts masked, or whole, until the block ends."""
    token = _masked.set(on)
    try:
        yield
    finally:
        _masked.reset(token)
