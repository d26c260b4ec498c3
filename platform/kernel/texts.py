"""Texts in several languages, as data: ``{"en": "Energy", "zh-hans": "电能量电费"}``."""

from __future__ import annotations

from collections.abc import Mapping

FALLBACK_LANGUAGE = "en"


def pick(texts: Mapping[str, str] | str, language: str) -> str:
    """Return the text in ``language``, else in its base language, else in English, else the first there is."""
    if isinstance(texts, str):
        return texts
    wanted = (language.lower(), language.lower().split("-")[0], FALLBACK_LANGUAGE)
    found = next((texts[key] for key in wanted if texts.get(key)), None)
    return found if found is not None else next(iter(texts.values()), "")
