"""Words and numbers that stand in everything of one company and in nothing of another, and how one is found anywhere.

All canaries are of one length, so that a company's rows become another's by replacing them in the bytes.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import pypdf

COMPANIES = 20
LETTERS = "bcdfghjkmnpqrstvwxyz"
KINDS = {"own": "zq", "registry": "xj"}
"""``own`` stands in a company's space, ``registry`` in what the host itself knows of it."""
DEEPEST = 4
_WORD = re.compile(r"(?:zq|xj)([bcdfghjkmnpqrstvwxyz])\1k\1qz", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![0-9A-Za-z])93(\d\d)417(?![0-9A-Za-z])")
_GROUPED = re.compile(r"(?<=\d)[,\u00a0\u202f '](?=\d{3}(?!\d))")


def word(number: int, kind: str = "own") -> str:
    """Return the word of company ``number``."""
    letter = LETTERS[number]
    return f"{KINDS[kind]}{letter}{letter}k{letter}qz"


def digits(number: int) -> int:
    """Return the number of company ``number``: key of its private rows, amount in its private columns."""
    return 9_300_417 + number * 1_000


def swaps(number: int) -> list[tuple[bytes, bytes]]:
    """Return what is replaced in the bytes of company 0 to make company ``number``."""
    words = [(word(0, kind).encode(), word(number, kind).encode()) for kind in KINDS]
    return [*words, (str(digits(0)).encode(), str(digits(number)).encode())]


def found_in(text: str) -> set[tuple[str, int]]:
    """Return (kind, company) of every canary in a text; numbers count as ``own``."""
    seen = set()
    for match in _WORD.finditer(text):
        kind = "own" if match[0][:2].lower() == "zq" else "registry"
        seen.add((kind, LETTERS.index(match[1].lower())))
    plain = _GROUPED.sub("", text) if "417" in text else text
    seen |= {("own", int(match[1])) for match in _NUMBER.finditer(plain) if int(match[1]) < COMPANIES}
    return seen


def foreign(content: Any, *, own: int | None, said: Iterable[str] = (), registry: bool = False) -> set[str]:
    """Return the canaries of other companies in ``content``, whatever file it is.

    ``said`` is what the asker sent himself: an echo of it tells him nothing. ``registry`` allows what the host knows.
    """
    seen: set[str] = set()
    for text in texts_of(content):
        hidden = _without(text, said)
        for kind, number in found_in(hidden):
            if number != own and not (registry and kind == "registry"):
                seen.add(f"{kind} canary of company {number} ({_around(hidden, kind, number)})")
    return seen


def texts_of(content: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts in bytes, whatever file they are: archives are opened, PDFs read, members followed."""
    if isinstance(content, str):
        yield content
        return
    raw = bytes(content)
    yield raw.decode("utf-8", "replace")
    if depth < DEEPEST:
        for inner in _members(raw):
            yield from texts_of(inner, depth + 1)


def _members(raw: bytes) -> Iterator[Any]:
    if raw[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for name in archive.namelist():
                yield name
                yield archive.read(name)
    elif raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    elif raw[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
            for member in archive.getmembers():
                yield member.name
                yield archive.extractfile(member).read() if member.isfile() else b""
    elif raw[:5] == b"%PDF-":
        yield from _of_pdf(raw)
    elif raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield raw.decode("utf-16", "replace")
    elif b"\\u" in raw:
        yield raw.decode("unicode_escape", "replace")


@lru_cache(maxsize=256)
def _of_pdf(raw: bytes) -> tuple[Any, ...]:
    document = pypdf.PdfReader(io.BytesIO(raw))
    pages = [page.extract_text() for page in document.pages]
    told = [str(value) for value in (document.metadata or {}).values()]
    files = [part for parts in document.attachments.values() for part in parts]
    return (*pages, re.sub(r"\s+", "", "".join(pages)), *told, *files)


def _without(text: str, said: Iterable[str]) -> str:
    for words in said:
        text = text.replace(words, "…")
    return text


def _around(text: str, kind: str, number: int) -> str:
    plain = _GROUPED.sub("", text)
    places = [plain.lower().find(word(number, kind)), plain.find(str(digits(number)))]
    place = max(places) if min(places) < 0 else min(places)
    return re.sub(r"\s+", " ", plain[max(place - 60, 0) : place + 60])
