"""Reads tariffs that others wrote as JSON: each value with its place, each refusal with a sentence.

Numbers come as ``markets.foreign_json.read`` gives them: whole ones as int, others as their own text, never a float.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from kernel.errors import GridhallError, gettext_noop

LONGEST_TEXT = 200
LONGEST_LIST = 1000
LARGEST_NUMBER = Decimal("1e12")
DEEPEST = 40
LONGEST_DOCUMENT = 2_000_000
_SHOWN = 60


class ImportRefused(GridhallError):
    """A tariff of another format cannot be taken over; ``where`` is a JSON pointer into what was given."""

    code = "tariff_import_refused"

    def __init__(self, sentence: str, *, where: str, **params: Any) -> None:
        super().__init__(where=where, **params)
        self.__dict__["template"] = sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of the given document with its JSON pointer."""

    value: Any
    pointer: str = ""

    def refuse(self, sentence: str, **params: object) -> ImportRefused:
        """This will make the refusal of what stands here; ``{place}`` in the sentence is the pointer."""
        return ImportRefused(sentence, where=self.pointer, place=self.pointer or "/", **params)

    def get(self, key: str) -> Entry:
        """This will return what stands under ``key``, or an Entry of None."""
        if not isinstance(self.value, Mapping):
            raise self.refuse(gettext_noop("At {place}: names and values are expected here."))
        return Entry(self.value.get(key), f"{self.pointer}/{key}")

    def has(self, key: str) -> bool:
        """This will say whether something stands under ``key``: not nothing, and not an empty list or text."""
        return self.get(key).value not in (None, "", [], {})

    def items(self) -> list[Entry]:
        """This will return the parts of a list that is not empty."""
        found = self.value
        if not isinstance(found, Sequence) or isinstance(found, str) or not 0 < len(found) <= LONGEST_LIST:
            raise self.refuse(
                gettext_noop("At {place}: a list of 1 to {most} entries is expected here."), most=LONGEST_LIST
            )
        return [Entry(part, f"{self.pointer}/{at}") for at, part in enumerate(found)]

    def optional_items(self) -> list[Entry]:
        """This will return the parts of a list, none where nothing stands."""
        return [] if self.value in (None, "", []) else self.items()

    def exactly(self, count: int) -> list[Entry]:
        """This will return the parts of a list of ``count``."""
        found = self.items()
        if len(found) != count:
            raise self.refuse(
                gettext_noop("At {place}: {count} entries are expected here, not {found}."),
                count=count,
                found=len(found),
            )
        return found

    def number(self) -> Decimal:
        """This will read a finite number of a sane size from its own text."""
        try:
            number = Decimal("NaN") if isinstance(self.value, bool | float) else Decimal(str(self.value))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not (number == 0 or LARGEST_NUMBER**-1 <= abs(number) <= LARGEST_NUMBER):
            raise self.refuse(gettext_noop("At {place}: a number is expected here, not “{found}”."), found=self.shown)
        return number

    def whole(self, least: int, most: int) -> int:
        """This will read a whole number within bounds."""
        found = self.number()
        if found != found.to_integral_value() or not least <= found <= most:
            sentence = gettext_noop("At {place}: a whole number from {least} to {most} is expected here.")
            raise self.refuse(sentence, least=least, most=most)
        return int(found)

    def text(self) -> str:
        """This will read a text of one line; a long one is cut."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.refuse(gettext_noop("At {place}: a text is expected here."))
        plain = "".join(sign if sign.isprintable() else " " for sign in self.value)
        return " ".join(plain.split())[:LONGEST_TEXT]

    def one_of(self, *choices: str) -> str:
        """This will read one of a few words."""
        found = self.value if isinstance(self.value, str) else ""
        if found not in choices:
            sentence = gettext_noop("At {place}: “{found}” cannot be taken over; known are: {known}.")
            raise self.refuse(sentence, found=self.shown, known=", ".join(choices))
        return found

    @property
    def shown(self) -> str:
        """The value as a refusal quotes it."""
        return str(self.value)[:_SHOWN]


def read(text: str) -> Mapping[str, Any]:
    """This will read a JSON object, its fractions as their own text. Raises ImportRefused."""
    root = Entry(None)
    if len(text) > LONGEST_DOCUMENT:
        raise root.refuse(gettext_noop("The document is longer than {most} characters."), most=LONGEST_DOCUMENT)
    try:
        found = json.loads(text, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise root.refuse(gettext_noop("This is not readable as JSON: {why}"), why=str(error)) from error
    if not isinstance(found, dict):
        raise root.refuse(gettext_noop("At {place}: names and values are expected here."))
    return found


def require_shallow(document: object) -> None:
    """This will refuse what is nested deeper than any tariff. Raises ImportRefused."""
    level = [document]
    for _ in range(DEEPEST):
        level = [part for value in level for part in _parts(value)]
        if not level:
            return
    raise Entry(None).refuse(gettext_noop("The document is nested too deeply."))


def plain(number: Decimal) -> str:
    """This will write a number for a formula: no exponent, no idle zeros."""
    text = format(number if number else abs(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def label_map(values: Mapping[str, Decimal], *, other: Decimal | None = None) -> str:
    """This will write a formula with a value per label; one value for all where they are the same."""
    if other is None and len(set(values.values())) == 1:
        return plain(next(iter(values.values())))
    entries = [f"{label}: {plain(value)}" for label, value in values.items()]
    entries += [] if other is None else [f"other: {plain(other)}"]
    return "{" + ", ".join(entries) + "}[label]"


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        return iter(value.values())
    return iter(value) if isinstance(value, list | tuple) else iter(())
