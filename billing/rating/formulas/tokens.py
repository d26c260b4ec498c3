"""Cuts a formula into numbers, names and signs, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing.rating.errors import FormulaError
from kernel.errors import gettext_noop

MAX_LENGTH = 4000
NUMBER, NAME, SIGN, END = "number", "name", "sign", "end"

_PATTERN = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[^\W\d]\w*)|(?P<sign>[-+*/(){}\[\],:.])")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    position: int
    """Place of its first character, from 1."""

    @property
    def end(self) -> int:
        return self.position + len(self.text)


def tokenize(text: str) -> list[Token]:
    """This will return the tokens of ``text``, closed by an END token; a foreign character is refused."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            gettext_noop("A formula has at most {limit} characters; this one has {length}."),
            position=MAX_LENGTH + 1,
            limit=MAX_LENGTH,
            length=len(text),
        )
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        token = _token(text, at)
        tokens.append(token)
        at += len(token.text)
    return [*tokens, Token(END, "", len(text) + 1)]


def _token(text: str, at: int) -> Token:
    found = _PATTERN.match(text, at)
    if found is None or found.lastgroup is None:
        raise FormulaError(
            gettext_noop(
                "Position {position}: “{found}” does not belong to the language; "
                "a number, a name or one of + - * / ( ) {{ }} [ ] , : is expected here."
            ),
            position=at + 1,
            found=text[at],
        )
    return Token(found.lastgroup, found.group(), at + 1)
