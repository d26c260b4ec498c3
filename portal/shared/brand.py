"""A company's look: from two colours to a readable set of shades in light and dark.

Pure. ``/brand.css`` serves what ``brand_css`` returns; the stylesheet of the product overrides nothing after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.shared import contrast

DEFAULT_NAME = "Gridhall"
LIGHT_SURFACE, DARK_SURFACE = "#ffffff", "#171b21"
LIGHT_PAGE, DARK_PAGE = "#f6f7f8", "#0f1216"
"""The ground of a page, for whoever draws outside of it (an icon, a browser's bar)."""
LIGHT_GROUND, DARK_GROUND = "#eff1f3", "#1f252d"
"""The grounds nearest to their text: what reads on these reads on every other."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What a page shows of its company. An empty colour means the product's own."""

    name: str = DEFAULT_NAME
    logo_url: str = ""
    primary_color: str = ""
    accent_color: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the stylesheet does; part of its address so that it can be cached for long."""
        return hashlib.sha256(brand_css(self).encode()).hexdigest()[:12]


def brand_css(brand: Brand) -> str:
    """Return the stylesheet with the company's tokens, empty where it has no colours of its own."""
    light = {**_brand_tokens(brand.primary_color, dark=False), **_accent_tokens(brand.accent_color, dark=False)}
    dark = {**_brand_tokens(brand.primary_color, dark=True), **_accent_tokens(brand.accent_color, dark=True)}
    if not light:
        return ""
    return (
        f":root{{{_declarations(light)}}}\n"
        f"@media (prefers-color-scheme: dark){{:root:not([data-theme=light]){{{_declarations(dark)}}}}}\n"
        f":root[data-theme=dark]{{{_declarations(dark)}}}\n"
    )


def weaknesses(*, primary_color: str, accent_color: str) -> list[contrast.Weakness]:
    """Return what is hard to read in these two colours as they were given, before any shade was moved.

    Nothing returned here breaks a page: text and lines always use shades that were moved far enough. It tells
    the person who chooses the colours where the company's exact colour will not be seen.
    """
    pairs = [
        (primary_color, LIGHT_SURFACE, contrast.TEXT),
        (contrast.ink_on(primary_color), primary_color, contrast.TEXT),
        (accent_color, LIGHT_SURFACE, contrast.GRAPHIC),
    ]
    return contrast.weaknesses(pairs)


def _brand_tokens(color: str, *, dark: bool) -> dict[str, str]:
    if not contrast.is_color(color):
        return {}
    surface = DARK_SURFACE if dark else LIGHT_SURFACE
    fill = contrast.reach(color, against=surface, needed=contrast.GRAPHIC if not dark else 2.2)
    soft = contrast.mix(color, surface, 0.78 if dark else 0.9)
    text = contrast.reach(contrast.reach(color, against=soft), against=DARK_GROUND if dark else LIGHT_GROUND)
    ink = contrast.ink_on(fill)
    return {
        "brand": fill,
        "brand-strong": _hovered(fill, ink),
        "brand-ink": ink,
        "brand-soft": soft,
        "brand-line": contrast.mix(color, surface, 0.6 if dark else 0.68),
        "brand-text": text,
        "focus": text,
    }


def _accent_tokens(color: str, *, dark: bool) -> dict[str, str]:
    if not contrast.is_color(color):
        return {}
    soft = contrast.mix(color, DARK_SURFACE if dark else LIGHT_SURFACE, 0.8 if dark else 0.88)
    text = contrast.reach(contrast.reach(color, against=soft), against=DARK_GROUND if dark else LIGHT_GROUND)
    return {"accent": color, "accent-ink": contrast.ink_on(color), "accent-soft": soft, "accent-text": text}


def _hovered(fill: str, ink: str) -> str:
    """Return the fill under the pointer: moved away from its text, so that contrast only grows."""
    return contrast.mix(fill, contrast.BLACK if ink == contrast.WHITE else contrast.WHITE, 0.14)


def _declarations(tokens: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in tokens.items())
