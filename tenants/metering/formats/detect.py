"""Recognise the format of a meter file by its content, never by its name, and read it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import BinaryIO

from tenants.metering.formats import base, columns96, greenbutton, nem12, opening


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its stable code, whether a text starts like it, and its reader."""

    code: str
    recognises: Callable[[str], bool]
    read: Callable[[opening.Opened, base.ReadOptions], base.Items]


FORMATS = (
    Format("greenbutton", greenbutton.recognises, greenbutton.read),
    Format("nem12", nem12.recognises, nem12.read),
    Format("columns96", columns96.recognises, columns96.read),
)
"""Asked in this order; the first that recognises the text reads it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A recognised file: the code of its format and its days and refusals, in file order; its unpacked size."""

    format: str
    items: Generator[base.Item, None, None]
    opened: opening.Opened

    @property
    def size(self) -> int:
        return self.opened.size

    def position(self) -> int:
        """Return how many of the unpacked bytes were read."""
        return self.size if self.opened.content.closed else self.opened.content.tell()


def read(
    *, source: BinaryIO, options: base.ReadOptions | None = None, limits: opening.Limits = opening.USUAL
) -> Reading:
    """Unpack and recognise ``source`` and return its items, read lazily; raises ``base.FileRefused``.

    Whoever stops reading early closes ``items``.
    """
    opened = opening.unpack(source, limits=limits)
    head = opened.head()
    for candidate in FORMATS:
        if candidate.recognises(head):
            items = candidate.read(opened, options or base.ReadOptions())
            return Reading(candidate.code, _until_closed(items, opened), opened)
    opened.content.close()
    raise base.refuse_file("unknown_format")


def _until_closed(items: base.Items, opened: opening.Opened) -> Generator[base.Item, None, None]:
    with opened.content:
        yield from items
