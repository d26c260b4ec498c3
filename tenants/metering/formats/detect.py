"""Recognise the format of a meter file by its content, never by its name, and read it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import BinaryIO

from tenants.metering.formats import (
    base,
    columns96,
    greenbutton,
    long_rows,
    mapping,
    nem12,
    nem13,
    opening,
    read_rows,
    suggesting,
)

LONG = "long"


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its stable code, whether a text starts like it, and its reader."""

    code: str
    recognises: Callable[[str], bool]
    read: Callable[[opening.Opened, base.ReadOptions], base.Items]


FORMATS = (
    Format("greenbutton", greenbutton.recognises, greenbutton.read),
    Format("nem13", nem13.recognises, nem13.read),
    Format("nem12", nem12.recognises, nem12.read),
    Format("register_reads", read_rows.recognises, read_rows.read),
    Format(columns96.CODE, columns96.recognises, columns96.read),
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
    options = options or base.ReadOptions()
    opened = opening.unpack(source, limits=limits)
    try:
        code, items = _recognised(opened, options)
    except BaseException:
        opened.content.close()
        raise
    return Reading(code, _until_closed(items, opened), opened)


def _recognised(opened: opening.Opened, options: base.ReadOptions) -> tuple[str, base.Items]:
    if options.mapping:
        return _mapped(opened, options, mapping.from_json(options.mapping))
    head = opened.head()
    for candidate in FORMATS:
        if candidate.recognises(head):
            return candidate.code, candidate.read(opened, options)
    found = suggesting.suggest(opened)
    if found is not None and found.certain:
        return LONG, long_rows.read(opened, options, found.mapping)
    raise base.refuse_file("unknown_format" if found is None else "mapping_needed")


def _mapped(opened: opening.Opened, options: base.ReadOptions, said: mapping.Mapping) -> tuple[str, base.Items]:
    if said.layout == mapping.LONG:
        return LONG, long_rows.read(opened, options, said)
    return columns96.CODE, columns96.read_mapped(opened, options, said)


def _until_closed(items: base.Items, opened: opening.Opened) -> Generator[base.Item, None, None]:
    with opened.content:
        yield from items
