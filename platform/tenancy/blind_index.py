"""Searching what is sealed: each value leaves keyed marks of its words, and what is typed is looked up by its own.

A mark is 32 bits of an HMAC-SHA256 under a key of the company and the column, so marks of two columns or companies
tell nothing of each other. Which words a value leaves and which ones must be met by what is typed is said by its kind;
docs/algorithms/personal-fields.md says what the marks give away.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable
from typing import Protocol

from tenancy.company_keys import KeyRing

MARK_BYTES = 4
LONGEST_PREFIX = 8
"""Letters of a word that are told apart: what is typed beyond them is not asked."""
SHORTEST_PREFIX = 2
SHORTEST_TAIL, LONGEST_TAIL = 4, 9
"""Last digits of a telephone number by which it is found; nine, so that 0 and +61 before them do not matter."""
MOST_REMEMBERED = 100_000
_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_PHONE = re.compile(r"[+\d\s()./-]+")


class Kind(Protocol):
    """How values of a kind leave words, and which of them must be met by what is typed."""

    def words(self, text: str) -> set[str]: ...

    def typed(self, text: str) -> set[str]: ...

    def whole(self, text: str) -> str: ...


def plain(text: str) -> str:
    """This will return the text as it is compared: one width, no case, no accents, single spaces."""
    if text.isascii():
        return " ".join(text.casefold().split())
    parted = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(each for each in parted if not unicodedata.combining(each))
    return " ".join(unicodedata.normalize("NFC", kept).split())


class _Words:
    """Names and addresses: beginnings of words; of Chinese each character and each pair of neighbours."""

    def words(self, text: str) -> set[str]:
        found = {self.whole(text)} if text else set()
        for run in _RUNS.findall(plain(text)):
            if _is_han(run):
                found |= {f"c{each}" for each in run} | _pairs(run)
            else:
                found |= {f"p{run[:size]}" for size in range(_shortest(run), min(len(run), LONGEST_PREFIX) + 1)}
                found.add(f"p{run[:LONGEST_PREFIX]}")
        return found

    def typed(self, text: str) -> set[str]:
        found: set[str] = set()
        for run in _RUNS.findall(plain(text)):
            if _is_han(run):
                found |= _pairs(run) or {f"c{run}"}
            else:
                found.add(f"p{run[:LONGEST_PREFIX]}")
        return found

    def whole(self, text: str) -> str:
        return f"={plain(text)}"


class _Mail:
    """Mail addresses: whole, what stands before the @, and the beginnings of its words."""

    def words(self, text: str) -> set[str]:
        name, at, _host = plain(text).rpartition("@")
        if not at:
            return {self.whole(text)} if text else set()
        beginnings = {word for word in _WORDS.words(name) if not word.startswith("=")}
        return {self.whole(text), f"l{name}", *beginnings}

    def typed(self, text: str) -> set[str]:
        name, at, host = plain(text).rpartition("@")
        if not at:
            return _WORDS.typed(text)
        return {self.whole(text)} if "." in host else {f"l{name}"}

    def whole(self, text: str) -> str:
        return f"={plain(text)}"


class _Phone:
    """Telephone numbers: their last four to nine digits, however they are written."""

    def words(self, text: str) -> set[str]:
        digits = _digits(text)
        tails = {f"s{digits[-size:]}" for size in range(SHORTEST_TAIL, min(len(digits), LONGEST_TAIL) + 1)}
        return {self.whole(text), *tails} if text else set()

    def typed(self, text: str) -> set[str]:
        digits = _digits(text) if _PHONE.fullmatch(text) else ""
        return {f"s{digits[-LONGEST_TAIL:]}"} if len(digits) >= SHORTEST_TAIL else set()

    def whole(self, text: str) -> str:
        return f"={_digits(text)[-LONGEST_TAIL:]}"


class _Number:
    """Numbers of documents and bank accounts: whole, and their last four signs."""

    def words(self, text: str) -> set[str]:
        signs = _signs(text)
        return {self.whole(text), f"s{signs[-SHORTEST_TAIL:]}"} if text else set()

    def typed(self, text: str) -> set[str]:
        signs = _signs(text)
        if len(signs) < SHORTEST_TAIL:
            return set()
        return {f"s{signs}"} if len(signs) == SHORTEST_TAIL else {self.whole(text)}

    def whole(self, text: str) -> str:
        return f"={_signs(text)}"


class _Contact:
    """Where a message goes: a mail address, a telephone number, or an address of a letter."""

    def words(self, text: str) -> set[str]:
        return self._kind(text).words(text)

    def typed(self, text: str) -> set[str]:
        return self._kind(text).typed(text)

    def whole(self, text: str) -> str:
        return self._kind(text).whole(text)

    def _kind(self, text: str) -> Kind:
        if "@" in text:
            return KINDS["mail"]
        return KINDS["phone" if _PHONE.fullmatch(text) else "words"]


_WORDS = _Words()
KINDS: dict[str, Kind] = {
    "words": _WORDS,
    "mail": _Mail(),
    "phone": _Phone(),
    "number": _Number(),
    "contact": _Contact(),
}


def marks(*, words: Iterable[str], place: str, ring: KeyRing, number: int) -> list[int]:
    """This will return the marks of words at a place under one of the company's keys, in order, each once."""
    key = ring.index_key(number, place)
    known = ring.marks
    if len(known) > MOST_REMEMBERED:
        known.clear()
    found = set()
    for word in words:
        mark = known.get((number, place, word))
        if mark is None:
            digest = hmac.digest(key, word.encode(), "sha256")
            mark = known[number, place, word] = int.from_bytes(digest[:MARK_BYTES], "big", signed=True)
        found.add(mark)
    return sorted(found)


def _is_han(run: str) -> bool:
    return _FIRST_HAN.match(run) is not None


_FIRST_HAN = re.compile(rf"[{_HAN}]")


def _pairs(run: str) -> set[str]:
    return {f"b{run[place : place + 2]}" for place in range(len(run) - 1)}


def _shortest(run: str) -> int:
    return 1 if run[0].isdigit() else SHORTEST_PREFIX


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(each)) for each in text if each.isdigit())


def _signs(text: str) -> str:
    return "".join(_RUNS.findall(plain(text))).replace(" ", "")
