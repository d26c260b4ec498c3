"""Which language a page speaks: the person's, then the browser's, then the company's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NAMES = {"zh-hans": "简体中文", "en": "English"}


def choose(*, wanted: str | None, accept: str, offered: Sequence[str], default: str) -> str:
    """Return one of ``offered``: ``wanted`` if it is there, else the first the browser accepts, else ``default``."""
    candidates = [wanted or "", *accepted(accept)]
    found = (match(candidate, offered) for candidate in candidates)
    return next((language for language in found if language), default)


def accepted(header: str) -> list[str]:
    """Return the languages of an Accept-Language header, the most wanted first."""
    weighed = []
    for place, part in enumerate(header.split(",")):
        language, _, weight = part.partition(";")
        weighed.append((-_weight(weight), place, language.strip().lower()))
    return [language for negative, _, language in sorted(weighed) if language and negative < 0]


def match(language: str, offered: Iterable[str]) -> str | None:
    """Return the offered language that ``language`` can be read as: zh-CN and zh → zh-hans, en-AU → en."""
    wanted = language.lower().replace("_", "-")
    base = wanted.split("-")[0]
    choices = list(offered)
    if wanted in choices:
        return wanted
    return next((choice for choice in choices if base and choice.split("-")[0] == base), None)


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
