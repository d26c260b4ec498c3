"""Which logos are taken: PNG pictures and SVG drawings with nothing in them that could run or call elsewhere."""

from __future__ import annotations

import struct
from typing import Any
from xml.etree import ElementTree

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from kernel.errors import Invalid, gettext_noop

LARGEST = 300_000
MOST_PIXELS = 2000
PNG, SVG = "image/png", "image/svg+xml"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_SVG_NAMESPACE = "{http://www.w3.org/2000/svg}"
_ELEMENTS = """
svg g path rect circle ellipse line polyline polygon title desc defs linearGradient radialGradient stop clipPath
text tspan symbol use
"""
_ATTRIBUTES = """
id class version viewBox preserveAspectRatio width height x y x1 x2 y1 y2 cx cy r rx ry fx fy d points transform
fill fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity
stroke-dasharray opacity clip-path clip-rule offset stop-color stop-opacity gradientUnits gradientTransform
spreadMethod clipPathUnits font-family font-size font-weight text-anchor role aria-label href
"""
_KNOWN_ELEMENTS, _KNOWN_ATTRIBUTES = frozenset(_ELEMENTS.split()), frozenset(_ATTRIBUTES.split())
_LINKS = frozenset({"href", "fill", "stroke", "clip-path"})


class LogoRefused(Invalid):
    """The file is no logo that can be shown safely."""

    code = "logo_refused"


class TooLarge(LogoRefused):
    template = gettext_noop("The logo is larger than 300 kB.")


class NotAPicture(LogoRefused):
    template = gettext_noop("The logo must be a PNG picture or an SVG drawing.")


class TooManyPixels(LogoRefused):
    template = gettext_noop("The logo has {width} × {height} pixels; at most {most} × {most} are taken.")


class NotOnlyDrawing(LogoRefused):
    template = gettext_noop("The drawing uses “{name}”, which a logo does not need. Save it as plain SVG or as PNG.")


def checked(content: bytes) -> str:
    """This will return the type of a logo that can be shown; raises LogoRefused."""
    if len(content) > LARGEST:
        raise TooLarge(where="logo")
    if content.startswith(_PNG_START):
        _check_png(content)
        return PNG
    _check_svg(content)
    return SVG


def _check_png(content: bytes) -> None:
    if len(content) < 33 or content[12:16] != b"IHDR" or b"IEND" not in content[-16:]:
        raise NotAPicture(where="logo")
    width, height = struct.unpack(">II", content[16:24])
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise TooManyPixels(width=width, height=height, most=MOST_PIXELS, where="logo")


def _check_svg(content: bytes) -> None:
    try:
        root = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise NotAPicture(where="logo") from error
    if root.tag != f"{_SVG_NAMESPACE}svg":
        raise NotAPicture(where="logo")
    for element in root.iter():
        _check_element(element)


def _check_element(element: Any) -> None:
    name = str(element.tag).removeprefix(_SVG_NAMESPACE)
    if name not in _KNOWN_ELEMENTS:
        raise NotOnlyDrawing(name=name[:40], where="logo")
    for attribute, value in element.attrib.items():
        plain = attribute.rpartition("}")[2]
        inside = value.strip().startswith(("#", "url(#")) or (":" not in value and "url(" not in value.lower())
        if plain not in _KNOWN_ATTRIBUTES or (plain in _LINKS and not inside):
            raise NotOnlyDrawing(name=plain[:40], where="logo")
        if plain == "href" and not value.strip().startswith("#"):
            raise NotOnlyDrawing(name=value[:40], where="logo")
