"""The company's sign for a home screen: its initial on its colour."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html

from portal.shared import contrast
from portal.shared.brand import LIGHT_PAGE as GROUND
from portal.shared.brand import Brand

OWN_COLOR = "#0f5c56"
__all__ = ["GROUND", "Colors", "colors", "drawn"]


@dataclass(frozen=True, slots=True)
class Colors:
    ground: str
    ink: str


def colors(brand: Brand) -> Colors:
    """Return the colour of the sign and the one that can be read on it."""
    ground = brand.primary_color if contrast.is_color(brand.primary_color) else OWN_COLOR
    return Colors(ground, contrast.ink_on(ground))


def drawn(brand: Brand) -> str:
    """Return the sign as SVG; it fills its field, so that a phone can cut it to any shape."""
    chosen = colors(brand)
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512"><rect width="512" height="512" fill="{}"/>'
        '<text x="256" y="346" font-family="Inter, system-ui, sans-serif" font-size="256" font-weight="650" '
        'text-anchor="middle" fill="{}">{}</text></svg>',
        chosen.ground,
        chosen.ink,
        brand.name.strip()[:1].upper(),
    )
