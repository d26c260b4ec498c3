"""JSON with its tokens marked, so that a stylesheet can colour them."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_TOKEN = re.compile(
    r'(?P<key>"(?:\\.|[^"\\])*")(?=\s*:)|(?P<text>"(?:\\.|[^"\\])*")'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>\btrue\b|\bfalse\b|\bnull\b)"
)


def highlighted(source: str) -> SafeString:
    """Return ``source`` escaped, with a span around each key, text, number and word."""
    pieces: list[str] = []
    end = 0
    for found in _TOKEN.finditer(source):
        pieces.append(escape(source[end : found.start()]))
        pieces.append(f'<span class="g-json-{found.lastgroup}">{escape(found.group())}</span>')
        end = found.end()
    pieces.append(escape(source[end:]))
    return mark_safe("".join(pieces))  # noqa: S308
