"""The resources of a Green Button file (NAESB REQ.21, ESPI) read from XML as a stream, with the line of each."""

from __future__ import annotations

import re
import xml.sax
from array import array
from dataclasses import dataclass, field
from typing import IO, Any
from xml.sax import handler, xmlreader

from defusedxml import common as defused
from defusedxml import expatreader

from tenants.metering.formats import base

ESPI = "http://naesb.org/espi"
CHUNK = 1 << 16
_DEEPEST = 60
_LONGEST_TEXT = 4096
_LONGEST_TOKEN = 1 << 20
_MOST_READINGS = 2_000_000
_MOST_RESOURCES = 100_000
ABSENT = -(2**62)
"""No such element."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,17}", re.ASCII)
_RESOURCES = {"UsagePoint", "MeterReading", "ReadingType", "LocalTimeParameters", "IntervalBlock"}


@dataclass(slots=True)
class Resource:
    """An entry's resource: its line, its own address, those it is filed under and relates to, and its simple fields."""

    name: str
    row: int
    own: str = ""
    up: str = ""
    related: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    updated: str = ""
    readings: Readings | None = None


@dataclass(slots=True)
class Readings:
    """The readings of one block, column by column; what is absent holds ``ABSENT``."""

    starts: array[int] = field(default_factory=lambda: array("q"))
    durations: array[int] = field(default_factory=lambda: array("q"))
    values: array[int] = field(default_factory=lambda: array("q"))
    qualities: array[int] = field(default_factory=lambda: array("q"))
    rows: array[int] = field(default_factory=lambda: array("q"))


def resources(content: IO[bytes]) -> list[Resource]:
    """Read the whole feed; XML that is broken, or that declares a document type or entities, is refused."""
    parser = expatreader.create_parser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    collector = _Collector(parser)
    parser.setFeature(handler.feature_namespaces, True)
    parser.setContentHandler(collector)
    content.seek(0)
    try:
        silent = 0
        while chunk := content.read(CHUNK):
            before = collector.events
            parser.feed(chunk)
            silent = 0 if collector.events > before else silent + len(chunk)
            if silent > _LONGEST_TOKEN:  # the parser starts such a token again with every chunk
                raise base.refuse_file("xml_token_too_long", row=parser.getLineNumber(), limit=_LONGEST_TOKEN)
        parser.close()
    except xml.sax.SAXParseException as error:
        raise base.refuse_file(
            "xml_broken",
            row=error.getLineNumber(),
            column=(error.getColumnNumber() or 0) + 1,
            detail=error.getMessage(),
        ) from error
    except defused.DefusedXmlException as error:
        raise base.refuse_file("xml_forbidden", row=parser.getLineNumber()) from error
    except (ValueError, LookupError) as error:
        raise base.refuse_file("xml_broken", detail=str(error)[:100]) from error
    return collector.found


class _Collector(handler.ContentHandler):
    """Walks the tree once; keeps only the path, the text of the element at hand and the entry being read."""

    def __init__(self, locator: xmlreader.Locator) -> None:
        super().__init__()
        self.found: list[Resource] = []
        self.events = 0
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._entry = Resource("", 0)
        self._in_entry: list[Resource] = []
        self._open: Resource | None = None
        self._depth_of_open = 0
        self._reading: dict[str, str] = {}
        self._reading_row = 0
        self._reading_quality = 0
        self._count = 0
        self._at = locator

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: Any) -> None:  # noqa: N802 - SAX's name
        space, local = name
        self.events += 1
        self._path.append(local)
        self._text, self._length = [], 0
        if len(self._path) > _DEEPEST:
            raise base.refuse_file("xml_too_deep", row=self._row())
        if local == "entry":
            self._entry, self._in_entry = Resource("", self._row()), []
        elif local == "link" and self._open is None:
            self._link(attrs)
        elif space == ESPI and local in _RESOURCES and self._open is None:
            self._open, self._depth_of_open = Resource(local, self._row()), len(self._path)
            if local == "IntervalBlock":
                self._open.readings = Readings()
        elif local == "IntervalReading":
            self._reading, self._reading_row, self._reading_quality = {}, self._row(), ABSENT

    def characters(self, content: str) -> None:
        self.events += 1
        self._length += len(content)
        if self._length <= _LONGEST_TEXT:
            self._text.append(content)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: N802
        local, text = name[1], "".join(self._text).strip()
        self._text, self._length = [], 0
        if self._open is not None:
            self._inside(self._open, local, text)
        elif local == "updated" and "entry" in self._path:
            self._entry.updated = text
        elif local == "entry":
            for resource in self._in_entry:
                resource.own, resource.up, resource.related = self._entry.own, self._entry.up, self._entry.related
                resource.updated = self._entry.updated
            self._in_entry = []
        self._path.pop()

    def _inside(self, resource: Resource, local: str, text: str) -> None:
        if len(self._path) == self._depth_of_open:
            self.found.append(resource)
            if len(self.found) > _MOST_RESOURCES:
                raise base.refuse_file("too_many_readings", row=self._row(), limit=_MOST_RESOURCES)
            self._in_entry.append(resource)
            self._open = None
        elif resource.readings is None:
            if len(self._path) == self._depth_of_open + 1 or local in {"name", "kind"}:
                resource.fields.setdefault(local, text)
        elif local == "IntervalReading":
            self._keep(resource.readings)
        elif "IntervalReading" in self._path[self._depth_of_open :]:
            self._field_of_reading(local, text)
        elif local in {"start", "duration"}:
            resource.fields[local] = text

    def _field_of_reading(self, local: str, text: str) -> None:
        if local == "quality":
            self._reading_quality = max(self._reading_quality, quality(text))
        elif local in {"start", "duration", "value"}:
            self._reading[local] = text

    def _keep(self, readings: Readings) -> None:
        self._count += 1
        if self._count > _MOST_READINGS:
            raise base.refuse_file("too_many_readings", row=self._reading_row, limit=_MOST_READINGS)
        readings.starts.append(self._whole("start"))
        readings.durations.append(self._whole("duration"))
        readings.values.append(self._whole("value"))
        readings.qualities.append(self._reading_quality)
        readings.rows.append(self._reading_row)

    def _whole(self, element: str) -> int:
        text = self._reading.get(element)
        if text is None or text == "":
            return ABSENT
        return whole(text, element=element, row=self._reading_row)

    def _link(self, attrs: Any) -> None:
        relation = attrs.get((None, "rel"), "")
        target = attrs.get((None, "href"), "").rstrip("/")
        if relation == "self":
            self._entry.own = target
        elif relation == "up":
            self._entry.up = target
        elif relation == "related":
            self._entry.related.append(target)

    def _row(self) -> int:
        return int(self._at.getLineNumber() or 0)


def whole(text: str, *, element: str, row: int) -> int:
    """Return the whole number an element holds; anything else ends the file."""
    if not _WHOLE.fullmatch(text):
        raise base.refuse_file("element_number", row=row, text=text[:30], element=element)
    return int(text)


_QUALITIES = {
    **dict.fromkeys((0, 14, 17, 18, 19), base.Quality.ACTUAL),
    **dict.fromkeys((7, 11), base.Quality.SUBSTITUTED),
    **dict.fromkeys((8, 9, 12, 15), base.Quality.ESTIMATED),
    **dict.fromkeys((10, 13, 16), base.Quality.QUESTIONABLE),
}
"""QualityOfReading: 0 valid, 7 edited, 8 like-day, 9 interpolated, 10 questionable, 11 derived, 12 projected, 13 mixed,
14 raw, 15 normalised for weather, 16 other, 17 validated, 18 verified, 19 revenue-quality."""


def quality(text: str) -> int:
    """The number of our own scale; a code that is not in the standard counts as questionable."""
    code = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
    return int(_QUALITIES.get(code, base.Quality.QUESTIONABLE))
