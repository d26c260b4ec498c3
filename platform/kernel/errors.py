"""One root for every refusal of the platform.

An error has a stable ``code`` for programs and a ``template`` for people: an English sentence with named
places, marked for translation with ``gettext_noop``. A door shows ``error.say(gettext)``;
``str(error)`` is the English sentence. ``where`` points at what is wrong: a form field, a JSON pointer,
a row and column, or a position in a formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from kernel import sentences


def gettext_noop(text: str) -> str:
    """Mark a sentence for translation without translating it here."""
    return text


class GridhallError(Exception):
    """A refusal that says what is wrong, where, and how to mend it."""

    code: ClassVar[str] = "error"
    template: ClassVar[str] = gettext_noop("Something was refused.")

    def __init__(self, *, where: str | None = None, **params: Any) -> None:
        super().__init__()
        self.where = where
        self.params = params

    def __str__(self) -> str:
        return self.say()

    def say(self, translate: Callable[[str], str] = str) -> str:
        """Return the sentence in the language of ``translate``.

        A ``reason`` among the parameters is itself a template of the others: ``Invalid(reason="“{value}” is no
        host", value=host)``; alone it is taken as it stands. ``what`` is a word of ours, translated too.
        """
        params = dict(self.params)
        if isinstance(params.get("what"), str):
            params["what"] = translate(params["what"])
        if "reason" in params:
            reason = translate(str(params.pop("reason")))
            params["reason"] = sentences.fill(reason, params) if params else reason
        return sentences.fill(translate(self.template), params)


class NotFound(GridhallError):
    """Nothing of that kind stands under that name in this company."""

    code = "not_found"
    template = gettext_noop("There is no {what} “{name}”.")


class Conflict(GridhallError):
    """What was asked does not fit the present state."""

    code = "conflict"
    template = gettext_noop("This cannot be done now: {reason}")


class Invalid(GridhallError):
    """A value that was given is not acceptable."""

    code = "invalid"
    template = gettext_noop("{reason}")
