"""Contrast of colours (WCAG 2.2, 1.4.3 and 1.4.11), and shades that reach it.

Pure. A colour is ``#rrggbb``. Shades are mixed in OKLab (Björn Ottosson, 2020), where a step looks equally
large in every hue, so that a company's colour keeps its character when it is lightened or darkened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TEXT = 4.5
"""Least contrast of text (1.4.3, AA)."""
GRAPHIC = 3.0
"""Least contrast of what is not text (1.4.11, AA)."""

WHITE, BLACK = "#ffffff", "#000000"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_STEPS = 40

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Weakness:
    """A pair of colours that too few people can tell apart."""

    foreground: str
    background: str
    ratio: float
    needed: float


def is_color(text: str) -> bool:
    """Return whether ``text`` is a colour this module understands: ``#rrggbb``."""
    return _HEX.fullmatch(text) is not None


def luminance(color: str) -> float:
    """Return the relative luminance, 0 (black) to 1 (white)."""
    red, green, blue = _linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink_on(background: str, *, dark: str = "#101418") -> str:
    """Return the text colour that reads better on ``background``: white where it is enough, else the better of both."""
    if ratio(WHITE, background) >= TEXT:
        return WHITE
    return dark if ratio(dark, background) >= TEXT else BLACK


def mix(color: str, other: str, share: float) -> str:
    """Return ``color`` with ``share`` (0 to 1) of ``other`` in it, mixed in OKLab."""
    one, two = _to_oklab(color), _to_oklab(other)
    mixed = tuple(a + (b - a) * share for a, b in zip(one, two, strict=True))
    return _from_oklab((mixed[0], mixed[1], mixed[2]))


def reach(color: str, *, against: str, needed: float = TEXT) -> str:
    """Return ``color``, moved towards black or white only as far as ``needed`` contrast with ``against`` asks."""
    target = BLACK if luminance(against) > 0.18 else WHITE
    shades = (mix(color, target, step / _STEPS) for step in range(_STEPS + 1))
    return next((shade for shade in shades if ratio(shade, against) >= needed), target)


def weaknesses(pairs: list[tuple[str, str, float]]) -> list[Weakness]:
    """Return the pairs (foreground, background, needed ratio) that fall short."""
    found = (Weakness(front, back, round(ratio(front, back), 2), needed) for front, back, needed in pairs)
    return [weakness for weakness in found if ratio(weakness.foreground, weakness.background) < weakness.needed]


def _linear(color: str) -> Triple:
    if not is_color(color):
        raise ValueError(f"“{color}” is not a colour like #0d6b62.")
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def _hex(linear: Triple) -> str:
    clipped = (min(max(c, 0.0), 1.0) for c in linear)
    encoded = (c * 12.92 if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in clipped)
    return "#" + "".join(f"{round(c * 255):02x}" for c in encoded)


def _to_oklab(color: str) -> Triple:
    red, green, blue = _linear(color)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _from_oklab(lab: Triple) -> str:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return _hex(
        (
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        )
    )
