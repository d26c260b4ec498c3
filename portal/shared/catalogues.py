"""Collecting texts from code and templates into catalogues (.po), without GNU gettext.

A catalogue belongs to one folder of code. Its entries are sorted by text and name the files they come from, never
lines, so that a change elsewhere in a file changes nothing here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polib
from babel.messages.extract import extract
from django.utils.translation.template import templatize

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
LEFT_OUT = frozenset({"migrations", "locale", "static", "static_src", "__pycache__", "build", "node_modules"})
_PLACES = re.compile(r"%\(\w+\)[sd]|(?<!\{)\{\w*\}(?!\})")
_METADATA = {
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Language": "zh_Hans",
    "Plural-Forms": "nplurals=1; plural=0;",
}

Key = tuple[str, str]


@dataclass(slots=True)
class Text:
    """One text to translate, with its context, its plural and the files it stands in."""

    msgid: str
    context: str = ""
    plural: str = ""
    files: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        return self.context, self.msgid


def collect(root: Path) -> dict[Key, Text]:
    """Return the texts of every Python file and template below ``root``."""
    found: dict[Key, Text] = {}
    for path in _sources(root):
        for text in texts_of(path.read_text("utf-8"), template=path.suffix != ".py"):
            known = found.setdefault(text.key, text)
            known.plural = known.plural or text.plural
            known.files.add(path.relative_to(root).as_posix())
    return found


def texts_of(source: str, *, template: bool) -> Iterator[Text]:
    """Yield the texts of one file."""
    code = "\n".join(line.lstrip() for line in templatize(source).splitlines()) if template else source
    for _line, message, _comments, context in extract("python", io.BytesIO(code.encode()), keywords=KEYWORDS):
        first, plural = (message[0], message[1]) if isinstance(message, tuple) else (message, "")
        if first:
            yield Text(first, context or "", plural)


def merge(path: Path, texts: Mapping[Key, Text], known: Mapping[Key, str]) -> polib.POFile:
    """Return the catalogue at ``path`` with exactly these texts; what was translated there or in ``known`` stays."""
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = dict(_METADATA)
    former = {_key(entry): entry for entry in polib.pofile(str(path))} if path.exists() else {}
    for key in sorted(texts, key=lambda k: (k[1].lower(), k[1], k[0])):
        catalogue.append(_entry(texts[key], former.get(key), known.get(key, "")))
    kept = [entry for key, entry in former.items() if key not in texts and entry.msgstr]
    for entry in sorted(kept, key=lambda e: e.msgid):
        entry.obsolete, entry.occurrences = True, []
        catalogue.append(entry)
    return catalogue


def faults(path: Path, texts: Mapping[Key, Text]) -> Iterator[str]:
    """Yield what is missing, untranslated, or has lost a place to fill in."""
    entries = {_key(e): e for e in polib.pofile(str(path)) if not e.obsolete} if path.exists() else {}
    for key, text in sorted(texts.items()):
        entry = entries.get(key)
        translated = _translation(entry) if entry else ""
        if entry is None:
            yield f"missing: {text.msgid!r}"
        elif not translated or "fuzzy" in entry.flags:
            yield f"untranslated: {text.msgid!r}"
        elif places(translated) != places(text.plural or text.msgid):
            yield f"other places to fill in: {text.msgid!r} → {translated!r}"


def translations(paths: Iterable[Path]) -> dict[Key, str]:
    """Return every translation the catalogues hold, the first one found of each text."""
    found: dict[Key, str] = {}
    for path in paths:
        for entry in polib.pofile(str(path)) if path.exists() else ():
            if _translation(entry) and not entry.obsolete:
                found.setdefault(_key(entry), _translation(entry))
    return found


def compile_catalogue(path: Path) -> None:
    """Write the .mo beside a .po."""
    polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))


def places(text: str) -> frozenset[str]:
    """Return the named places of a text: ``%(count)s``, ``{name}``."""
    return frozenset(_PLACES.findall(text))


def _entry(text: Text, former: polib.POEntry | None, known: str) -> polib.POEntry:
    entry = polib.POEntry(
        msgid=text.msgid, msgctxt=text.context or None, occurrences=[(name, "") for name in sorted(text.files)]
    )
    translated = (_translation(former) if former else "") or known
    if text.plural:
        entry.msgid_plural, entry.msgstr_plural = text.plural, {0: translated}
    else:
        entry.msgstr = translated
    if any(place.startswith("%") for place in places(text.msgid)):
        entry.flags.append("python-format")
    return entry


def _translation(entry: polib.POEntry) -> str:
    return str(entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr)


def _key(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid


def _sources(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        inside = set(path.relative_to(root).parts)
        wanted = path.suffix in {".py", ".html"} or (path.suffix in {".txt", ".subject"} and "templates" in inside)
        if wanted and path.is_file() and not LEFT_OUT & inside:
            yield path
